"""What the outbox costs: `python -m tests.bench.costs.event_cost`, with DATABASE_URL set.

Calls with 1,000 people and with one are accepted, and batches of 1,000 are dispatched by a provider that does nothing.
Half of them, drawn by lot, are done without writing events. Other work on the machine hits both kinds alike.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from statistics import median
from typing import Any
from unittest.mock import patch

from tests.bench.costs.boundary_cost import processor_seconds
from tests.bench.stage.alone import own_installation

BATCH_SIZE = 1_000
BATCHES = 80
SINGLE_CALLS = 400
WARM_UP = 6


def measure() -> None:
    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, 30_000)
    supply = ContactSupply(30_000)
    _compare(f"accept {BATCH_SIZE:,}", BATCHES, lambda: _accept(stage, supply, BATCH_SIZE))
    _compare(f"dispatch {BATCH_SIZE:,}", BATCHES, _dispatch)
    _compare("accept 1", SINGLE_CALLS, lambda: _accept(stage, supply, 1))


def _compare(what: str, rounds: int, act: Any) -> None:
    from time import perf_counter

    from django.db import connection

    connection.ensure_connection()
    server_pid = connection.connection.info.backend_pid
    lots = Random(1)  # not every second one: what recurs with that period would count as cost
    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for number in range(rounds):
        is_told = lots.random() < 0.5
        with _untold(not is_told):
            began, began_on_clock = processor_seconds(server_pid), perf_counter()
            act()
            cost = processor_seconds(server_pid) - began, perf_counter() - began_on_clock
        if number >= WARM_UP:
            taken[is_told].append(cost)
    for unit, name in enumerate(("processor", "clock")):
        told, bare = (median(cost[unit] for cost in taken[is_told]) * 1_000 for is_told in (True, False))
        change = 100 * (told / bare - 1)
        print(f"{what:<15} {name:<10} {told:7.2f} ms with, {bare:7.2f} ms without events: {change:+.2f} %", flush=True)


def _accept(stage: Any, supply: Any, size: int) -> None:
    from django.test import Client

    from tests.bench.stage.contact_supply import quick_body

    body = quick_body(
        supply.take(size, new_share=0.0), stage.survey_id, stage.channel, stage.provider_id, stage.template_id
    )
    url = f"/api/surveys/{stage.survey_id}/distributions/quick"
    response = Client(headers={"x-api-key": stage.api_key}).post(url, body, content_type="application/json")
    if response.status_code != 201:
        raise RuntimeError(response.content[:500])


def _dispatch() -> None:
    from distributor.engine.dispatch.claim import claim_batch
    from distributor.engine.dispatch.loop import dispatch_batch
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import Batch

    claim = claim_batch("bulk", database_now())
    if claim is None:
        raise RuntimeError("no batch is due")
    dispatch_batch(claim, database_now, lambda: False)
    if Batch.objects.get(pk=claim.batch_id).state != "done":
        raise RuntimeError("a batch was not dispatched whole")


@contextmanager
def _untold(is_untold: bool) -> Iterator[None]:
    """Leave the events out, as the statements were before there were any. The trigger of completions stays."""
    from distributor.engine.acceptance import write
    from distributor.engine.dispatch import settle
    from distributor.engine.journey import transitions

    if not is_untold:
        yield
        return
    attempts = settle._INSERT_ATTEMPTS
    start, end = attempts.index("INSERT INTO distributor_attempt"), attempts.index("    RETURNING recipient_id, number")
    with ExitStack() as stack:
        stack.enter_context(patch.object(settle, "_INSERT_ATTEMPTS", attempts[start:end]))
        stack.enter_context(patch.object(transitions, "_ends_badly", lambda _: False))
        stack.enter_context(patch.object(write, "_tell_accepted", lambda *_: None))
        yield


def main() -> int:
    with own_installation():
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
