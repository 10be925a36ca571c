"""What of dispatch is PostgreSQL's: `python -m tests.bench.dispatch.dispatch_floor`, with DATABASE_URL set.

One process dispatches batches of 1,000 recipients (`--size`), one after the other, by a provider that does nothing. The
floor is the time inside its statements and commits, from sending one to having its result: a loop that did nothing but
claim, begin and settle would take as long. The rest is the worker's own: reading rows, rendering, the provider, the
metrics.
"""

import argparse
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import fmean, median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from tests.bench.costs.boundary_cost import processor_seconds
from tests.bench.costs.counter_cost import BATCH_SIZE, accept_batches
from tests.bench.stage.alone import own_installation

BATCHES = 120
WARM_UP_BATCHES = 10
SLOWEST_SHOWN = 12


class _Stopwatch:
    """Adds up the seconds inside statements and commits."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.count = 0

    @contextmanager
    def watch(self, connection: Any) -> Iterator[None]:
        """Measure what the connection does. A transaction begins with its first statement, which is measured anyway."""
        with (
            connection.execute_wrapper(self._measure),
            patch.object(connection, "_commit", self._timed_commit(connection)),
        ):
            yield

    def _measure(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began_at = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds[re.sub(r"\s+", " ", str(sql)).strip()[:90]] += perf_counter() - began_at
            self.count += 1

    def _timed_commit(self, connection: Any) -> Callable[[], None]:
        commit = connection._commit

        def timed() -> None:
            began_at = perf_counter()
            commit()
            self.seconds["COMMIT"] += perf_counter() - began_at

        return timed


def measure(size: int) -> None:
    from django.db import connection

    from config.garbage_collection import collect_rarely
    from distributor.engine.dispatch.claim import claim_batch
    from distributor.engine.dispatch.loop import dispatch_batch
    from distributor.engine.infrastructure.clock import database_now
    from distributor.rules.journey.batching import lane_for
    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, 30_000)
    accept_batches(stage, ContactSupply(30_000), BATCHES, size)
    collect_rarely()  # as every worker does
    whole, inside, workers, servers, counts = [], [], [], [], []
    slowest: dict[str, float] = defaultdict(float)
    for number in range(BATCHES):
        server_pid = connection.connection.info.backend_pid
        stopwatch = _Stopwatch()
        began = perf_counter(), processor_seconds(server_pid), sum(os.times()[:2])
        with stopwatch.watch(connection):
            claim = claim_batch(lane_for(size), database_now())
            if claim is None:
                raise RuntimeError("no batch is due")
            dispatch_batch(claim, database_now, lambda: False)
        seconds, both, worker = perf_counter() - began[0], processor_seconds(server_pid), sum(os.times()[:2]) - began[2]
        if number < WARM_UP_BATCHES:
            continue
        whole.append(seconds)
        inside.append(sum(stopwatch.seconds.values()))
        workers.append(worker)
        servers.append(both - began[1] - worker)
        counts.append(stopwatch.count)
        for statement, taken in stopwatch.seconds.items():
            slowest[statement] += taken
    print(
        f"a batch of {size:,}: {1_000 * median(whole):.1f} ms, {1_000 * median(inside):.1f} of them in"
        f" {median(counts):.0f} statements and their commits: {median(whole) / median(inside):.2f}x the floor;"
        f" {size / median(whole):,.0f} and {size / median(inside):,.0f} messages/s"
    )
    # Means: a median leaves out the few batches in which Python's collector looks at everything.
    print(f"processor: worker {1_000 * fmean(workers):.1f} ms, PostgreSQL {1_000 * fmean(servers):.1f} ms")
    for statement, seconds in sorted(slowest.items(), key=lambda item: -item[1])[:SLOWEST_SHOWN]:
        print(f"{1_000 * seconds / len(whole):8.2f} ms  {statement}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dispatch.dispatch_floor", description=__doc__)
    parser.add_argument("--size", type=int, default=BATCH_SIZE, help="how many recipients a batch has")
    size = parser.parse_args().size
    with own_installation():
        measure(size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
