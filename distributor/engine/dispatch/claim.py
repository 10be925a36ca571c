"""Taking a due batch: one UPDATE on the small table of batches, committed before anything else happens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection

from distributor.models import Batch
from distributor.models.batch import BatchState, Lane

# A provider call ends well within it (channels.providers.base), and each begin and settle renews it.
LEASE = timedelta(seconds=60)

# Organisations with due work are found by hopping along the index `waiting_batches`, one probe each, however much
# waits. The one behind that which was served last has its turn. "Due" is said as BatchQuerySet.due says it.
_CLAIM = """
WITH RECURSIVE tenant AS (
    (SELECT organization_id FROM distributor_batch
     WHERE state = 'waiting' AND lane = %(lane)s ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.organization_id FROM distributor_batch b
            WHERE b.state = 'waiting' AND b.lane = %(lane)s AND b.organization_id > tenant.organization_id
            ORDER BY b.organization_id LIMIT 1)
    FROM tenant WHERE tenant.organization_id IS NOT NULL
),
turn AS MATERIALIZED (
    SELECT organization_id FROM tenant WHERE organization_id IS NOT NULL
    ORDER BY organization_id <= %(served)s, organization_id
),
chosen AS MATERIALIZED (
    SELECT picked.id FROM turn CROSS JOIN LATERAL (
        SELECT id FROM distributor_batch
        WHERE state = 'waiting' AND lane = %(lane)s AND organization_id = turn.organization_id
            AND due_at <= %(now)s AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) picked LIMIT 1
)
UPDATE distributor_batch SET lease_expires_at = %(lease_expires_at)s, fence = fence + 1, claims = claims + 1
FROM chosen WHERE distributor_batch.id = chosen.id
RETURNING distributor_batch.id, organization_id, distribution_id, step_id, fence, claims, lane
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold of a batch, until its lease expires or a later fence replaces it."""

    batch_id: UUID
    organization_id: UUID
    distribution_id: UUID
    step_id: UUID
    fence: int
    claims: int
    lane: str

    @property
    def is_urgent(self) -> bool:
        return self.lane == Lane.URGENT


class ClaimLostError(Exception):
    """Another worker holds the batch by now: leave it alone."""


# Last organisation served, per lane. Each process takes turns independently, from a random start.
_served: dict[str, UUID] = {}


def claim_batch(lane: str, now: datetime) -> Claim | None:
    """Take the oldest due batch of the organisation whose turn it is; None when nothing is due."""
    served = _served.get(lane) or uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lane": lane, "now": now, "lease_expires_at": now + LEASE, "served": served})
        row = cursor.fetchone()
    if row is None:
        return None
    claim = Claim(*row)
    _served[lane] = claim.organization_id
    return claim


def renew_lease(claim: Claim, now: datetime) -> None:
    """Hold the batch for another lease. Raises ClaimLostError when another worker holds it by now."""
    held = Batch.objects.filter(
        id=claim.batch_id, fence=claim.fence, state=BatchState.WAITING, lease_expires_at__gt=now
    ).update(lease_expires_at=now + LEASE)
    if not held:
        raise ClaimLostError
