"""Punctuality of the running stack: 10,000 messages due at once, and single sends while a large one drains."""

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.clock import database_now
from distributor.models.batch import Lane
from distributor.rules.journey.batching import cut
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.live_stack import is_drained, live_stack, waits
from tests.bench.stage.processes import wait_until
from tests.bench.stage.tenants import create_tenant, distribute, forget_waiting

LEAD_SECONDS = 4.0
LIMIT_SECONDS = 150.0
SINGLES_EVERY_SECONDS = 0.2
# From when a message should have left (the call, or its schedule) until the provider has accepted it.
_LAGS = """
SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - should.at)),
    max(extract(epoch FROM a.ended_at - should.at)), count(*)
FROM distributor_distribution d
CROSS JOIN LATERAL (SELECT coalesce(d.scheduled_at, d.created_at) AS at) should
JOIN distributor_recipient r ON r.distribution_id = d.id
JOIN distributor_attempt a ON a.recipient_id = r.id AND a.state = 'sent'
WHERE d.id = ANY(%s::uuid[])
"""
_TAKEN = """
SELECT count(*) FILTER (WHERE d.organization_id = %(small)s)::float / count(*), max(a.ended_at) - min(a.begun_at)
FROM distributor_attempt a
JOIN distributor_recipient r ON r.id = a.recipient_id
JOIN distributor_distribution d ON d.id = r.distribution_id
WHERE d.id = ANY(%(bulk)s::uuid[]) AND a.ended_at <= (
    SELECT max(a.ended_at) FROM distributor_attempt a
    JOIN distributor_recipient r ON r.id = a.recipient_id
    JOIN distributor_distribution d ON d.id = r.distribution_id
    WHERE d.id = ANY(%(bulk)s::uuid[]) AND d.organization_id = %(small)s
)
"""


def measure_precision(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(j) Return the lags in seconds of `count` messages due at once. Raises RuntimeError unless each left once."""
    forget_waiting()
    with live_stack(logs, "precision") as check:
        now = database_now()
        # Enough time to accept them all, even at a tenth of the usual speed.
        due_at = now + timedelta(seconds=LEAD_SECONDS + count / 2_000)
        numbers = supply.take(count, new_share=0.0)
        calls = [distribute(stage, list(part), now, scheduled_at=due_at) for part in cut(numbers, CALL_SIZE)]
        if database_now() >= due_at:
            raise RuntimeError("they were due before all were accepted")
        wait_until(is_drained, check, LIMIT_SECONDS)
    return lags(calls, count)


def measure_overtaking(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(l) Return the seconds from a single send's call until it left, while `count` recipients drain beside it.

    A fifth of the recipients are another tenant's. `small_tenants_share_percent` is its share of the messages while
    both tenants had any left.
    """
    forget_waiting()
    small = create_tenant(stage, "small")
    bulk = [_accept_bulk(tenant, supply, count * fifths // 5) for tenant, fifths in ((stage, 4), (small, 1))]
    settle_disk()
    singles: list[UUID] = []
    with live_stack(logs, "overtaking") as check:
        while waits(Lane.BULK):
            singles.append(distribute(stage, supply.take(1, new_share=0.0), database_now()))
            check()
            time.sleep(SINGLES_EVERY_SECONDS)
        wait_until(is_drained, check, LIMIT_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKEN,
            {"small": small.organization_id, "bulk": [distribution_id for ids in bulk for distribution_id in ids]},
        )
        share, _ = cursor.fetchone()
    return {**lags(singles, len(singles)), "small_tenants_share_percent": 100 * share}


def _accept_bulk(tenant: Stage, supply: ContactSupply, count: int) -> list[UUID]:
    return [
        distribute(tenant, supply.take(CALL_SIZE, new_share=0.0), database_now()) for _ in range(count // CALL_SIZE)
    ]


def lags(distribution_ids: list[UUID], count: int) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [distribution_ids])
        (p50, p95, p99), longest, sent = cursor.fetchone()
    if sent != count:
        raise RuntimeError(f"of {count} messages {sent} left")
    return {
        "messages": sent,
        "p50_seconds": p50,
        "p95_seconds": p95,
        "p99_seconds": p99,
        "longest_seconds": float(longest),
    }
