"""A run: fill the database, measure acceptance in turns, then measure dispatch, one scenario after the other."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.core.management import call_command

from tests.bench.acceptance.call_sizes import measure_call_sizes
from tests.bench.acceptance.limits_cost import measure_limits
from tests.bench.acceptance.many_lists import measure_lists
from tests.bench.acceptance.rates import measure_acceptance
from tests.bench.costs.large_export import measure_export
from tests.bench.costs.operator_pages import measure_pages
from tests.bench.costs.reported_events import measure_reported_events
from tests.bench.dispatch.claim_cost import measure_claims
from tests.bench.dispatch.hung_broker import measure_hung_broker
from tests.bench.dispatch.long_drain import measure_long_drain
from tests.bench.dispatch.neighbour import measure_neighbour
from tests.bench.dispatch.provider_dispatch import measure_emails, measure_texts
from tests.bench.dispatch.punctuality import measure_overtaking, measure_precision
from tests.bench.peers.rival_sdks import measure_email_tasks, measure_text_tasks
from tests.bench.peers.smtp import measure_smtp
from tests.bench.peers.turns import MOST_MESSAGES, measure_turns
from tests.bench.report.bars import BARS, LIMITS
from tests.bench.report.files import write_json
from tests.bench.report.machine import machine_facts
from tests.bench.report.table import table
from tests.bench.report.titles import ACCEPTANCE, BUSY, TITLES
from tests.bench.report.verdicts import Verdict, judge
from tests.bench.rounds import Figures, Rounds, in_turns
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage, fill_contacts, server_facts, set_stage, settle_disk
from tests.bench.stage.disturbance import busy_percent

# At 50 ms per request, two worker processes of the rivals manage 30 to 40 messages a second.
ROUNDS = 3
SDK_MESSAGES = 400
OUR_EMAILS = 20_000
OUR_TEXTS = 3_000
DUE_AT_ONCE = 10_000
DRAINED_MEANWHILE = 1_000_000
BESIDE_SLOW_SENDS = 40
REPORTED_MESSAGES = 20_000


def run(contact_count: int, scenarios: str, data: Path) -> int:
    """Measure, print and write `bench.json`. Returns 1 if a bar is not met, else 0."""
    if "h" in scenarios and contact_count < OUR_EMAILS:
        raise SystemExit(f"(h) sends to {OUR_EMAILS:,} different contacts: --contacts {OUR_EMAILS} at least")
    if "x" in scenarios and contact_count < MOST_MESSAGES:
        raise SystemExit(f"(x) sends to {MOST_MESSAGES:,} different contacts: --contacts {MOST_MESSAGES} at least")
    if "j" in scenarios and contact_count < DUE_AT_ONCE:
        raise SystemExit(f"(j) sends to {DUE_AT_ONCE:,} different contacts: --contacts {DUE_AT_ONCE} at least")
    logs = data / "bench-logs"
    logs.mkdir(parents=True, exist_ok=True)
    stage = prepare(contact_count)
    machine = machine_facts(server_facts())

    def keep(rounds: Rounds) -> list[Verdict]:
        verdicts = judge(rounds, BARS, LIMITS)
        write_json(data / "bench.json", contact_count, rounds, verdicts, machine)
        return verdicts

    rounds = _measure(stage, contact_count, scenarios, logs, keep)
    verdicts = keep(rounds)
    print(table(contact_count, rounds.medians(), verdicts, machine))
    return 0 if all(verdict.is_met for verdict in verdicts) else 1


def prepare(contact_count: int) -> Stage:
    """Create the tables, the organisation and so many contacts."""
    began_at_seconds = time.monotonic()
    call_command("migrate", verbosity=0)
    stage = set_stage()
    fill_contacts(stage, contact_count)
    _say(f"{contact_count:,} contacts in {time.monotonic() - began_at_seconds:.0f} s")
    return stage


def _measure(stage: Stage, contact_count: int, scenarios: str, logs: Path, keep: Callable[[Rounds], object]) -> Rounds:
    """Run the scenarios. After each, all that was measured is kept: a whole run takes an hour, and may be cut off."""
    rounds = Rounds()
    supply = ContactSupply(contact_count)

    def measure(names: Sequence[str], run_them: Callable[[], Rounds | Figures]) -> None:
        if not set(names) & set(scenarios):
            return
        settle_disk()
        busy_before = busy_percent()
        began_at_seconds = time.monotonic()
        figures = run_them()
        measured = figures if isinstance(figures, Rounds) else Rounds(figures)
        seconds = time.monotonic() - began_at_seconds
        busy_after = busy_percent()
        for name, values in measured.medians().items():
            if busy_before is not None and busy_after is not None:
                values[BUSY] = max(busy_before, busy_after)
                measured.add(name, {BUSY: values[BUSY]})
            shown = ", ".join(f"{figure.replace('_', ' ')} {_shown(value)}" for figure, value in values.items())
            _say(f"({name}) {TITLES[name]}: {shown}")
        rounds.take_over(measured)
        keep(rounds)
        _say(f"[{seconds:.0f} s]")

    measure(ACCEPTANCE, lambda: measure_acceptance(stage, supply, scenarios, logs))
    measure("no", lambda: measure_call_sizes(stage, supply, scenarios, logs))
    measure("q", lambda: measure_limits(stage, supply, logs))
    measure("efgx", lambda: measure_turns(stage, supply, scenarios, logs))
    measure("y", lambda: measure_smtp(stage, supply, logs))
    emails: dict[str, Callable[[], Mapping[str, float]]] = {
        "hn": lambda: measure_email_tasks(stage, supply, SDK_MESSAGES, logs / "sendgrid-tasks.log"),
        "h": lambda: measure_emails(stage, supply, OUR_EMAILS, logs),
    }
    measure("h", lambda: in_turns(ROUNDS, emails))
    texts: dict[str, Callable[[], Mapping[str, float]]] = {
        "in": lambda: measure_text_tasks(stage, supply, SDK_MESSAGES, logs / "twilio-tasks.log"),
        "i": lambda: measure_texts(stage, supply, OUR_TEXTS, logs),
    }
    measure("i", lambda: in_turns(ROUNDS, texts))
    measure("j", lambda: {"j": measure_precision(stage, supply, DUE_AT_ONCE, logs)})
    measure("k", lambda: {"k": measure_claims(stage)})
    measure("l", lambda: {"l": measure_overtaking(stage, supply, DRAINED_MEANWHILE, logs)})
    measure("r", lambda: {"r": measure_neighbour(stage, supply, BESIDE_SLOW_SENDS, logs)})
    measure("s", lambda: {"s": measure_pages(stage, contact_count)})
    measure("t", lambda: {"t": measure_hung_broker(stage, supply, logs)})
    measure("v", lambda: {"v": measure_reported_events(stage, supply, REPORTED_MESSAGES, logs)})
    measure("w", lambda: {"w": measure_long_drain(stage, supply, contact_count, logs)})
    measure("p", lambda: {"p": measure_lists(stage, logs)})
    measure("u", lambda: {"u": measure_export(stage)})
    return rounds


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _say(text: str) -> None:
    print(text, flush=True)
