"""Claim a due batch: one UPDATE on the small table of batches, committed before anything else happens. And release it.

All are statements of our own: the ORM would compile them for each batch, and many batches have one recipient.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection

from distributor.models.batch import Lane

# A provider call ends well within it (channels.providers.base), and each begin and settle renews it.
LEASE = timedelta(seconds=60)

# Organisations with waiting batches are found by a loose scan of the index `waiting_batches`: one probe per
# organisation, however many batches wait. Organisations are served round-robin, starting after the one served last.
# The conditions for "due" are the same as in BatchQuerySet.due. Nothing is claimed while the database recovers from a
# gap in its memory (engine/recovery).
_CLAIM = """
WITH RECURSIVE waiting_organization AS (
    (SELECT organization_id FROM distributor_batch
     WHERE state = 'waiting' AND lane = %(lane)s ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.organization_id FROM distributor_batch b
            WHERE b.state = 'waiting' AND b.lane = %(lane)s AND b.organization_id > w.organization_id
            ORDER BY b.organization_id LIMIT 1)
    FROM waiting_organization w WHERE w.organization_id IS NOT NULL
),
round_robin AS MATERIALIZED (
    SELECT organization_id FROM waiting_organization WHERE organization_id IS NOT NULL
    ORDER BY organization_id <= %(last_served)s, organization_id
),
chosen AS MATERIALIZED (
    SELECT picked.id FROM round_robin CROSS JOIN LATERAL (
        SELECT id FROM distributor_batch
        WHERE state = 'waiting' AND lane = %(lane)s AND organization_id = round_robin.organization_id
            AND due_at <= %(now)s AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)
            AND NOT EXISTS (SELECT FROM distributor_installation WHERE recovering_since IS NOT NULL)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) picked LIMIT 1
)
UPDATE distributor_batch SET lease_expires_at = %(lease_expires_at)s, fence = fence + 1, claims = claims + 1
FROM chosen WHERE distributor_batch.id = chosen.id
RETURNING distributor_batch.id, organization_id, distribution_id, step_id, fence, claims, lane, size, EXISTS (
    SELECT FROM round_robin CROSS JOIN LATERAL (
        SELECT FROM distributor_batch b
        WHERE b.state = 'waiting' AND b.lane = %(lane)s AND b.organization_id = round_robin.organization_id
            AND b.due_at <= %(now)s AND (b.lease_expires_at IS NULL OR b.lease_expires_at <= %(now)s)
            AND b.id <> distributor_batch.id
        LIMIT 1
    ) other
)
"""
_RENEW = """
UPDATE distributor_batch SET lease_expires_at = %(lease_expires_at)s
WHERE id = %(id)s AND fence = %(fence)s AND state = 'waiting' AND lease_expires_at > %(now)s
"""
_RELEASED = """
    lease_expires_at = NULL,
    state = CASE WHEN NOT EXISTS (
        SELECT FROM distributor_recipient WHERE batch_id = %(id)s AND state = 'waiting'
    ) THEN 'done' ELSE state END
"""
_CLOSE = f"UPDATE distributor_batch SET {_RELEASED} WHERE id = %(id)s AND fence = %(fence)s"  # noqa: S608
_PROGRESS = """
UPDATE distributor_batch SET claims = 0, last_error = '', held_by = NULL WHERE id = %(id)s AND fence = %(fence)s
"""
_PROGRESS_AND_CLOSE = f"""
UPDATE distributor_batch SET claims = 0, last_error = '', held_by = NULL, {_RELEASED}
WHERE id = %(id)s AND fence = %(fence)s
"""  # noqa: S608


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
    size: int  # how many recipients it was created with: at least as many as wait in it
    # Whether the lane has more batches that are due and that nobody holds.
    has_more: bool = False

    @property
    def is_urgent(self) -> bool:
        return self.lane == Lane.URGENT


class ClaimLostError(Exception):
    """Another worker holds the batch now. The caller must not touch it any more."""


# Last organisation served, per lane. Each process round-robins independently, from a random start.
_last_served: dict[str, UUID] = {}


def claim_batch(lane: str, now: datetime) -> Claim | None:
    """Claim the oldest due batch of the next organisation in the lane. Returns None when nothing is due."""
    last_served = _last_served.get(lane) or uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lane": lane, "now": now, "lease_expires_at": now + LEASE, "last_served": last_served})
        row = cursor.fetchone()
    if row is None:
        return None
    claim = Claim(*row)
    _last_served[lane] = claim.organization_id
    return claim


def renew_lease(claim: Claim, now: datetime) -> None:
    """Extend the lease from now. Raises ClaimLostError if the lease ran out or another worker holds the batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RENEW, {"id": claim.batch_id, "fence": claim.fence, "now": now, "lease_expires_at": now + LEASE}
        )
        if not cursor.rowcount:
            raise ClaimLostError


def close_batch(claim: Claim) -> None:
    """Release a batch. It is done unless somebody in it still waits."""
    _run_if_held(_CLOSE, claim)


def note_progress(claim: Claim, *, closes: bool) -> None:
    """Say that people of the batch have been settled, in the transaction that does it. `closes`: and release it."""
    _run_if_held(_PROGRESS_AND_CLOSE if closes else _PROGRESS, claim)


def _run_if_held(statement: str, claim: Claim) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": claim.batch_id, "fence": claim.fence})
