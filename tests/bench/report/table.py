"""The table that a run prints."""

from collections.abc import Mapping

from tests.bench.report.sizes import size_lines
from tests.bench.report.titles import (
    ACCEPTANCE,
    BUSY,
    DISPATCH,
    MESSAGES,
    MIXES,
    PROVIDER_COLUMNS,
    PROVIDERS,
    SMTP,
    TITLES,
    TUNED,
)
from tests.bench.report.verdicts import Verdict
from tests.bench.rounds import Figures
from tests.bench.stage.disturbance import MOST_PERCENT


def table(contact_count: int, figures: Figures, verdicts: list[Verdict], machine: Mapping[str, str]) -> str:
    lines = ["", ", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    lines += _acceptance_lines(contact_count, figures)
    lines += _dispatch_lines(figures)
    lines += size_lines(figures)
    lines += _provider_lines(figures)
    return "\n".join([*lines, *map(str, verdicts), *_disturbance(figures), ""])


def _acceptance_lines(contact_count: int, figures: Figures) -> list[str]:
    rows = [
        f"  ({name}) {TITLES[name]:<44}"
        + "".join(f"{_cell(figures[name].get(f'{mix}_contacts_per_second')):>11}" for mix in MIXES)
        for name in ACCEPTANCE
        if name in figures
    ]
    if not rows:
        return []
    title = f"contacts/s accepted over {contact_count:,} contacts, 1,000 a call, 4 clients"
    return [title, " " * 50 + "".join(f"{mix:>11}" for mix in MIXES), *rows, ""]


def _dispatch_lines(figures: Figures) -> list[str]:
    lines = []
    for names, goal in ((DISPATCH, "to a provider that does nothing"), (SMTP, "to a mail server that keeps nothing")):
        rows = [
            f"  ({name}) {TITLES[name]:<{46 - len(name)}}"
            f"{_cell(figures[name].get(MESSAGES)):>13}{_cell(figures[name].get(TUNED)):>9}"
            for name in names
            if name in figures
        ]
        if rows:
            heading = " " * 51 + f"{'as it comes':>13}{'tuned':>9}"
            lines += [f"messages/s dispatched {goal}, 2 worker processes", heading, *rows, ""]
    return lines


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


def most_busy(figures: Figures) -> float:
    """Return how busy others kept the machine at most, in percent."""
    return max((values.get(BUSY, 0.0) for values in figures.values()), default=0.0)


def _disturbance(figures: Figures) -> list[str]:
    most = most_busy(figures)
    if most <= MOST_PERCENT:
        return []
    return [
        "",
        f"  Others kept the machine up to {most:.0f} % busy. What takes turns has ratios that hold roughly; nothing",
        "  else does: there neither a pass nor a failure is evidence. Run it again on an idle machine.",
    ]


def _cell(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:,.0f}"
