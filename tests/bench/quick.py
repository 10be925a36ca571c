"""The quick form, which judges ratios only: `make bench ARGS=--quick`, a few minutes on 2 cores.

What is compared takes turns on the same machine in the same minutes, and each ratio is taken in each round by itself.
It must reach a minimum: a change that makes the product slower lowers the ratio, a slow machine hardly does.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.acceptance.call_sizes import measure_call_sizes
from tests.bench.acceptance.rates import Turns, measure_acceptance
from tests.bench.peers.turns import AS_IT_COMES, DispatchTurns, measure_turns
from tests.bench.report.files import write_json
from tests.bench.report.machine import machine_facts
from tests.bench.report.minimums import MINIMUMS, exit_code
from tests.bench.report.verdicts import Verdict, judge
from tests.bench.rounds import Rounds
from tests.bench.run import prepare
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import server_facts, settle_disk
from tests.bench.stage.disturbance import MOST_PERCENT, busy_percent

CONTACTS: Final = 40_000
ACCEPTANCE_TURNS, ACCEPTANCE_SECONDS = 5, 1.5
SINGLE_SEND_TURNS, SINGLE_SEND_SECONDS = 5, 1.5
DISPATCH_TURNS, DISPATCH_SHARE = 3, 0.4


class Watch:
    """Looks how busy other work keeps the machine, before the first round and after each."""

    def __init__(self) -> None:
        self.percents: list[float] = []

    def look(self) -> None:
        settle_disk()
        if (percent := busy_percent()) is not None:
            self.percents.append(percent)

    @property
    def typical_percent(self) -> float:
        """Return the median look: one short disturbance touches one round, which the medians of ratios pass over."""
        return median(self.percents) if self.percents else 0.0


def run_quick(contact_count: int, data: Path) -> int:
    """Measure, print and write `bench-quick.json`. Returns 0, 1 below a minimum, or 75 on a busy machine."""
    began_at_seconds = time.monotonic()
    logs = data / "bench-logs"
    logs.mkdir(parents=True, exist_ok=True)
    stage, supply, watch, rounds = prepare(contact_count), ContactSupply(contact_count), Watch(), Rounds()
    watch.look()

    def take(measured: Rounds, name: str) -> None:
        rounds.take_over(measured)
        print(f"{name} [{time.monotonic() - began_at_seconds:.0f} s since the start]", flush=True)

    turns = Turns(ACCEPTANCE_TURNS, ACCEPTANCE_SECONDS, {"b": ["mixed"], "c": ["mixed", "new"]}, watch.look)
    take(measure_acceptance(stage, supply, "bcd", logs, turns), "acceptance")
    take(
        measure_call_sizes(
            stage, supply, "n", logs, rounds=SINGLE_SEND_TURNS, slice_seconds=SINGLE_SEND_SECONDS, between=watch.look
        ),
        "single send",
    )
    size = DispatchTurns(DISPATCH_TURNS, DISPATCH_SHARE, AS_IT_COMES, watch.look)
    take(measure_turns(stage, supply, "efg", logs, size), "dispatch")
    verdicts = judge(rounds, MINIMUMS)
    rounds.add("quick", {"others_busy_percent": watch.typical_percent})
    write_json(data / "bench-quick.json", contact_count, rounds, verdicts, machine_facts(server_facts()))
    print(_report(rounds, verdicts, watch, time.monotonic() - began_at_seconds), flush=True)
    return exit_code(verdicts, watch.typical_percent)


def _report(rounds: Rounds, verdicts: Sequence[Verdict], watch: Watch, seconds: float) -> str:
    busy = watch.typical_percent
    word = "NOT JUDGED: others kept" if busy > MOST_PERCENT else "others kept"
    looks = ", ".join(f"{percent:.0f}" for percent in watch.percents) or "unknown"
    return "\n".join(
        [
            "",
            f"{'ratio':<56}{'minimum':>9}{'median':>9}{'least':>9}{'greatest':>10}{'rounds':>8}",
            *(_line(verdict, is_judged=busy <= MOST_PERCENT) for verdict in verdicts),
            "",
            f"  {word} the machine {busy:.0f} % busy, at most {MOST_PERCENT:.0f} % is allowed (median of: {looks})",
            f"  {seconds:.0f} s",
        ]
    )


def _line(verdict: Verdict, *, is_judged: bool) -> str:
    word = ("pass" if verdict.is_met else "FAIL") if is_judged else "  – "
    return (
        f"  {word}  {verdict.name:<48}{verdict.limit:>9g}{verdict.ratio:>9.2f}{verdict.least:>9.2f}"
        f"{verdict.greatest:>10.2f}{verdict.rounds:>8}"
    )
