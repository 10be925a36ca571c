"""The report of a run: its figures, the ratios between them, and whether the bars are met."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.report.sizes import size_lines
from tests.bench.stage.disturbance import MOST_PERCENT

Figures = Mapping[str, Mapping[str, float]]

TITLES = {
    "a": "naive ORM view: update_or_create a contact",
    "b": "DRF serializers + bulk_create",
    "c": "ours",
    "d": "floor: bare COPY of the same rows, no HTTP",
    "m": "floor behind our front door: HTTP and COPY",
    "e": "a Celery task a message, ORM get and save",
    "f": "django-post-office, dummy backend",
    "g": "ours",
    "hn": "the sendgrid package in a task a message",
    "h": "ours through SendGrid",
    "in": "the twilio package in a task a message",
    "i": "ours through Twilio",
    "j": "10,000 due at one instant",
    "k": "a claim, whatever waits",
    "l": "a single send while a large one drains",
    "n": "ours, single send",
    "nn": "naive view, single send",
    "nf": "floor behind our front door, single send",
    "o": "ours, quick",
    "on": "naive view, quick",
    "of": "floor behind our front door, quick",
    "p": "100,000 lists of lists and links",
    "u": "a CSV export of all contacts of a distribution",
    "q": "what limits and audit cost a call",
    "s": "pages of the admin, with 5,000,000 recipients",
    "r": "a single send beside a neighbour's slow provider",
    "t": "a single send while the broker hangs",
    "v": "events reported by webhook",
    "w": "memory while everybody is sent to",
}
ACCEPTANCE, DISPATCH = "abcmd", "efg"
PROVIDERS = ("hn", "h", "in", "i")
PROVIDER_COLUMNS = {
    "messages_per_second": "messages/s",
    "messages": "messages",
    "troubled_requests": "troubled",
    "got_two": "got two",
    "duplicate_risk": "at risk",
    "stand_in_messages_per_second": "stand-in",
}
MIXES = ("mixed", "new", "existing")


@dataclass(frozen=True)
class Bar:
    """The ratio of `over` to `under` must be at least the limit, or at most if `is_most`."""

    name: str
    over: tuple[str, str]
    under: tuple[str, str]
    limit: float
    is_most: bool = False


MIXED, NEW = "mixed_contacts_per_second", "new_contacts_per_second"
MESSAGES, TUNED = "messages_per_second", "tuned_messages_per_second"
BARS = [
    Bar("acceptance: ours / naive ORM view", ("c", MIXED), ("a", MIXED), 60),
    Bar("acceptance: ours / serializers + bulk_create", ("c", MIXED), ("b", MIXED), 8),
    Bar("acceptance: floor / ours, all new", ("d", NEW), ("c", NEW), 2, is_most=True),
    Bar("dispatch: ours / a task a message", ("g", MESSAGES), ("e", MESSAGES), 60),
    Bar("dispatch: ours / django-post-office", ("g", MESSAGES), ("f", MESSAGES), 20),
    Bar("SendGrid in trouble: ours / its package", ("h", MESSAGES), ("hn", MESSAGES), 30),
    Bar("Twilio at 50 ms: ours / its package", ("i", MESSAGES), ("in", MESSAGES), 10),
]


@dataclass(frozen=True)
class Limit:
    """A figure, by default in seconds, must be at most the limit."""

    name: str
    figure: tuple[str, str]
    limit: float
    unit: str = " s"


FIRST_LISTS, LAST_LISTS = "first_lists_per_second", "last_lists_per_second"
SMALLEST = ("k", "ms_beside_10_batches")
BARS += [
    Bar("lists: the first 5,000 / the last of 100,000", ("p", FIRST_LISTS), ("p", LAST_LISTS), 1.25, is_most=True),
    Bar("lists: a page of 100,000 / of 5,000", ("p", "page_of_all_ms"), ("p", "page_of_few_ms"), 1.25, is_most=True),
    Bar("claim: 1,000,000 recipients wait / 10,000", ("k", "ms_beside_1000_batches"), SMALLEST, 1.5, is_most=True),
    Bar("claim: 10,000 batches wait / 10", ("k", "ms_beside_10000_batches"), SMALLEST, 1.5, is_most=True),
    Bar("claim: after 1,000,000 changes / before", ("k", "ms_after_state_changes"), SMALLEST, 1.5, is_most=True),
]
BARS.append(Bar("webhooks in: ours / get and save", ("v", "events_per_second"), ("v", "naive_events_per_second"), 20))
LIMITS = [
    Limit("a hung Valkey: added to a single send's p99", ("t", "valkey_adds_ms"), 5, " ms"),
    Limit("a hung RabbitMQ: added to a single send's p99", ("t", "rabbitmq_adds_ms"), 5, " ms"),
    Limit("memory of the largest worker process", ("w", "worker_most_mb"), 150, " MB"),
    Limit("memory of the largest worker: growth", ("w", "worker_growth_percent"), 10, " %"),
    Limit("memory of the largest web process", ("w", "web_most_mb"), 200, " MB"),
    Limit("10,000 due at one instant: lag, p99", ("j", "p99_seconds"), 10),
    Limit("a single send while a large one drains: p95", ("l", "p95_seconds"), 2),
    Limit("a single send beside slow calls: p95", ("r", "p95_seconds"), 2),
    Limit("limits and audit: a single send", ("q", "single_send_cost_percent"), 3, " %"),
    Limit("limits and audit: quick, 1 contact", ("q", "quick_1_cost_percent"), 3, " %"),
    Limit("limits and audit: quick, 1,000 contacts", ("q", "quick_1000_cost_percent"), 3, " %"),
]


@dataclass(frozen=True)
class Verdict:
    """The result of a bar or limit. `ratio` is a ratio of two figures, or a figure with a unit."""

    name: str
    ratio: float
    limit: float
    is_most: bool
    is_met: bool
    unit: str = "x"

    def __str__(self) -> str:
        word, bound = "pass" if self.is_met else "FAIL", "at most" if self.is_most else "at least"
        return f"  {word}  {self.name:<46}{self.ratio:>8.1f}{self.unit:<2}  {bound} {self.limit:g}{self.unit}"


def judge(figures: Figures) -> list[Verdict]:
    """Return verdicts on the bars and limits whose scenarios were run."""
    verdicts = []
    for bar in BARS:
        over, under = (figures.get(name, {}).get(figure) for name, figure in (bar.over, bar.under))
        if over and under:
            ratio = over / under
            is_met = ratio <= bar.limit if bar.is_most else ratio >= bar.limit
            verdicts.append(Verdict(bar.name, ratio, bar.limit, bar.is_most, is_met))
    for limit in LIMITS:
        scenario, figure = limit.figure
        value = figures.get(scenario, {}).get(figure)
        if value is not None:
            verdicts.append(Verdict(limit.name, value, limit.limit, True, value <= limit.limit, limit.unit))
    return verdicts


def machine_facts(server: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that the figures depend on."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "python": platform.python_version(),
        **{
            name: version(name)
            for name in ("django", "celery", "gunicorn", "psycopg", "django-post-office", "sendgrid", "twilio")
        },
        **server,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def table(contact_count: int, figures: Figures, verdicts: list[Verdict], machine: Mapping[str, str]) -> str:
    lines = ["", ", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    if any(name in figures for name in ACCEPTANCE):
        lines.append(f"contacts/s accepted over {contact_count:,} contacts, 1,000 a call, 4 clients")
        lines.append(" " * 50 + "".join(f"{mix:>11}" for mix in MIXES))
        for name in ACCEPTANCE:
            if name in figures:
                cells = (figures[name].get(f"{mix}_contacts_per_second") for mix in MIXES)
                lines.append(f"  ({name}) {TITLES[name]:<44}" + "".join(f"{_cell(cell):>11}" for cell in cells))
        lines.append("")
    if any(name in figures for name in DISPATCH):
        lines.append("messages/s dispatched to a provider that does nothing, 2 worker processes")
        lines.append(" " * 50 + f"{'as it comes':>13}{'tuned':>9}")
        lines += [
            f"  ({name}) {TITLES[name]:<44}{_cell(figures[name][MESSAGES]):>13}{_cell(figures[name].get(TUNED)):>9}"
            for name in DISPATCH
            if name in figures
        ]
        lines.append("")
    lines += size_lines(figures)
    lines += _provider_lines(figures)
    return "\n".join([*lines, *map(str, verdicts), *_disturbance(figures), ""])


def _provider_lines(figures: Figures) -> list[str]:
    """Return the lines on providers. `stand-in` is the stand-in's own rate, without latency and faults."""
    rows = [
        f"  ({name:<2}) {TITLES[name]:<43}"
        + "".join(f"{_cell(figures[name].get(figure)):>11}" for figure in PROVIDER_COLUMNS)
        for name in PROVIDERS
        if name in figures
    ]
    if not rows:
        return []
    heading = " " * 50 + "".join(f"{column:>11}" for column in PROVIDER_COLUMNS.values())
    return ["through stand-ins of the vendors that answer after 50 ms, 2 worker processes", heading, *rows, ""]


def _disturbance(figures: Figures) -> list[str]:
    most = max((values.get("others_busy_percent", 0.0) for values in figures.values()), default=0.0)
    if most <= MOST_PERCENT:
        return []
    return [
        "",
        f"  Others kept the machine up to {most:.0f} % busy. Acceptance takes turns, so its ratios hold roughly;",
        "  dispatch does not: there neither a pass nor a failure is evidence. Run it again on an idle machine.",
    ]


def _cell(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:,.0f}"


def write_json(
    path: Path, contact_count: int, figures: Figures, verdicts: list[Verdict], machine: Mapping[str, str]
) -> None:
    """`{contacts, machine, scenarios: {letter: {title, …figures}}, bars: [{name, ratio, limit, is_most, is_met}]}`."""
    content: dict[str, Any] = {
        "contacts": contact_count,
        "machine": dict(machine),
        "scenarios": {name: {"title": TITLES[name], **values} for name, values in figures.items()},
        "bars": [asdict(verdict) for verdict in verdicts],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
