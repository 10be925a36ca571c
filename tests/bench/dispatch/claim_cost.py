"""The cost of a claim, by how much else waits. A batch is one row, so a million recipients are a thousand rows."""

from datetime import datetime
from statistics import median
from time import perf_counter

from django.db import connection, transaction

from contacts.ids import new_id
from distributor.engine.dispatch.claim import claim_batch
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Distribution
from distributor.models.batch import BatchState, Lane
from distributor.rules.journey.batching import BATCH_SIZE
from tests.bench.dispatch.our_dispatch import A_YEAR
from tests.bench.stage.database import Stage
from tests.bench.stage.tenants import distribute, forget_waiting

CLAIMS = 300
STATE_CHANGES = 1_000_000
CHANGED_AT_ONCE = 10_000
# What workers do to the rows of batches over time: claim, hold, defer and release, each a new row version.
_CHANGE = """
UPDATE distributor_batch SET
    due_at = due_at + interval '1 second', fence = fence + 1, claims = (claims + 1) %% 20,
    lease_expires_at = CASE WHEN lease_expires_at IS NULL THEN due_at END
WHERE distribution_id = %s AND state = 'waiting'
"""


def measure_claims(stage: Stage) -> dict[str, float]:
    """(k) Return the median milliseconds of a claim, up to its commit, which always costs the same.

    Measured with 10 waiting batches (10,000 recipients), 1,000 (1,000,000), 10,000, and again after 1,000,000 changes.
    """
    forget_waiting()
    now = database_now()
    distribution = Distribution.objects.get(id=distribute(stage, [1], now, scheduled_at=now + A_YEAR))
    figures = {}
    for batches in (10, 1_000, 10_000):
        _wait_for(distribution, now + A_YEAR, batches)
        figures[f"ms_beside_{batches}_batches"] = _claim(distribution)
    with connection.cursor() as cursor:
        for _ in range(STATE_CHANGES // CHANGED_AT_ONCE):
            cursor.execute(_CHANGE, [distribution.id])
            if cursor.rowcount < CHANGED_AT_ONCE:
                raise RuntimeError(f"only {cursor.rowcount} rows were changed")
        cursor.execute("SELECT pg_relation_size('distributor_batch'), pg_relation_size('waiting_batches')")
        table, index = cursor.fetchone()
    figures["ms_after_state_changes"] = _claim(distribution)
    figures["table_mb"], figures["index_mb"] = table / 2**20, index / 2**20
    forget_waiting()
    return figures


def _wait_for(distribution: Distribution, due_at: datetime, count: int) -> None:
    """Let this many batches wait for a time."""
    waiting = Batch.objects.filter(distribution=distribution, state=BatchState.WAITING).count()
    _make(distribution, count - waiting, due_at)


def _claim(distribution: Distribution) -> float:
    now = database_now()
    _make(distribution, CLAIMS, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE distributor_batch")
    seconds = []
    for _ in range(CLAIMS):
        with transaction.atomic():
            began = perf_counter()
            claim = claim_batch(Lane.BULK, now)
            seconds.append(perf_counter() - began)
        if claim is None:
            raise RuntimeError("a due batch was not found")
    Batch.objects.filter(due_at=now).update(state=BatchState.DONE, lease_expires_at=None)
    return median(seconds) * 1_000


def _make(distribution: Distribution, count: int, due_at: datetime) -> None:
    step = distribution.steps.get()
    Batch.objects.bulk_create(
        Batch(
            id=new_id(),
            organization_id=distribution.organization_id,
            distribution=distribution,
            step=step,
            lane=Lane.BULK,
            due_at=due_at,
            size=BATCH_SIZE,
        )
        for _ in range(count)
    )
