"""What the per-minute counters cost dispatch: `python -m tests.bench.costs.counter_cost`, with DATABASE_URL set.

Batches of 1,000 recipients are dispatched one after the other by a provider that does nothing. Every second one is
dispatched without writing the counters. Other work on the machine hits both kinds alike.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from tests.bench.costs.boundary_cost import processor_seconds
from tests.bench.stage.alone import own_installation

BATCHES = 120
BATCH_SIZE = 1_000
WARM_UP_BATCHES = 6


def measure() -> None:
    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, 30_000)
    accept_batches(stage, ContactSupply(30_000), BATCHES)
    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for number in range(BATCHES):
        is_counted = number % 2 == 0
        cost = _dispatch_one(is_counted=is_counted)
        if number >= WARM_UP_BATCHES:
            taken[is_counted].append(cost)
    with_counters, without = (
        [median(cost[unit] for cost in taken[is_counted]) for unit in (0, 1)] for is_counted in (True, False)
    )
    for name, counted, bare in zip(("processor", "clock"), with_counters, without, strict=True):
        print(
            f"{name:<10} {counted * 1_000:7.2f} ms with, {bare * 1_000:7.2f} ms without counters, for"
            f" {BATCH_SIZE:,} messages: {100 * (counted / bare - 1):+.2f} %"
        )


def accept_batches(stage: Any, supply: Any, count: int, size: int = BATCH_SIZE) -> None:
    """Accept `count` distributions of `size` recipients, at most 1,000: one batch each."""
    from django.test import Client

    from tests.bench.stage.contact_supply import quick_body

    client = Client(headers={"x-api-key": stage.api_key})
    for _ in range(count):
        body = quick_body(
            supply.take(size, new_share=0.0),
            stage.survey_id, stage.channel, stage.provider_id, stage.template_id,
        )  # fmt: skip
        url = f"/api/surveys/{stage.survey_id}/distributions/quick"
        response = client.post(url, body, content_type="application/json")
        if response.status_code != 201:
            raise RuntimeError(response.content[:500])


def _dispatch_one(*, is_counted: bool) -> tuple[float, float]:
    """Dispatch a batch. Returns the seconds of a processor and on the clock."""
    from django.db import connection

    from distributor.engine.dispatch.claim import claim_batch
    from distributor.engine.dispatch.loop import dispatch_batch
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import Batch

    claim = claim_batch("bulk", database_now())
    if claim is None:
        raise RuntimeError("no batch is due")
    server_pid = connection.connection.info.backend_pid
    began, began_on_clock = processor_seconds(server_pid), perf_counter()
    with _uncounted(not is_counted):
        dispatch_batch(claim, database_now, lambda: False)
    cost = processor_seconds(server_pid) - began, perf_counter() - began_on_clock
    if Batch.objects.get(pk=claim.batch_id).state != "done":
        raise RuntimeError("a batch was not dispatched whole")
    return cost


@contextmanager
def _uncounted(is_uncounted: bool) -> Iterator[None]:
    from distributor.engine.counters.count import Tally

    write = Tally.write
    if is_uncounted:
        Tally.write = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Tally.write = write  # type: ignore[method-assign]


def main() -> int:
    with own_installation():
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
