"""`python -m tests.simulation`: thirty days in virtual time, every message judged. Exits with 1 if a rule was broken.

Uses the server of DATABASE_URL, or starts one for the run. Each process has its own database, dropped at the end, its
own clock, and some of the organisations, which share nothing.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from config.stack.throwaway import ThrowawayServers, export
from tests.bench.stage.servers import own_broker_url, own_database
from tests.simulation.outcome import Outcome
from tests.simulation.process import simulate_on

SHOWN_FAULTS = 20


def main() -> int:
    options = _parse_arguments()
    with ExitStack() as stack:
        _find_servers(stack)
        began = time.monotonic()
        outcomes = _run(stack, options.recipients, options.seed, options.processes)
        print(_report(outcomes, time.monotonic() - began), flush=True)
    return 1 if any(outcome.faults for outcome in outcomes) else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000, help="about how many, without skipped contacts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _find_servers(stack: ExitStack) -> None:
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        servers = ThrowawayServers()
        export(servers.start(os.environ))
        stack.callback(servers.stop)
    os.environ["REDIS_URL"] = own_broker_url(os.environ["REDIS_URL"])


def _run(stack: ExitStack, recipients: int, seed: int, processes: int) -> list[Outcome]:
    urls = [
        stack.enter_context(own_database(os.environ["DATABASE_URL"], name=f"distributor_simulation_{number}"))
        for number in range(processes)
    ]
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        share = -(-recipients // processes)
        return list(pool.map(simulate_on, urls, [share] * processes, range(seed, seed + processes)))


def _report(outcomes: list[Outcome], seconds: float) -> str:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    lines = [f"{name.replace('_', ' '):>20} {count:>10,}" for name, count in counts.items()]
    for number, outcome in enumerate(outcomes):
        prepared, passed, checked = outcome.seconds
        lines.append(
            f"process {number}: preparation {prepared:.1f} s, the month {passed:.1f} s, final checks {checked:.1f} s"
        )
    lines.append(f"in total, with the databases: {seconds:.1f} s")
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    lines.append(f"{len(faults)} violations")
    return "\n".join([*lines, *faults[:SHOWN_FAULTS]])


if __name__ == "__main__":
    sys.exit(main())
