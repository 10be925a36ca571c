"""What waits, by lane and for what, and for how long the oldest has been due: read from the batches."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from distributor.engine.metrics import catalogue
from distributor.engine.metrics.family import Family
from distributor.models.batch import Lane

# So many batches of each lane are looked at, in the order of their index.
BATCH_LIMIT: Final = 10_000
# Of so many batches that were begun, the people who still wait are counted. Others count with their size.
COUNTED_BATCHES: Final = 100
REASONS: Final = ("due", "sending", "later", "paused", "account_broken", "account_paused", "rate_limit")

READ: Final = f"""
WITH looked_at AS MATERIALIZED (
    SELECT batch.* FROM unnest(%(lanes)s::text[]) AS lane_of(name) CROSS JOIN LATERAL (
        SELECT id, lane, state, due_at, size, fence, lease_expires_at, held_by FROM distributor_batch
        WHERE state = 'waiting' AND lane = lane_of.name ORDER BY organization_id, due_at LIMIT {BATCH_LIMIT}
    ) AS batch
    UNION ALL (
        SELECT id, lane, state, due_at, size, fence, lease_expires_at, held_by FROM distributor_batch
        WHERE state = 'paused' ORDER BY organization_id LIMIT {BATCH_LIMIT}
    )
),
explained AS (
    SELECT b.*, row_number() OVER (PARTITION BY b.fence > 0 ORDER BY b.due_at) AS place,
        CASE WHEN b.state = 'paused' THEN 'paused'
            WHEN b.lease_expires_at > %(now)s THEN 'sending'
            WHEN b.held_by IS NOT NULL AND p.broken_because <> '' THEN 'account_broken'
            WHEN b.held_by IS NOT NULL AND p.paused_until > %(now)s THEN 'account_paused'
            WHEN b.held_by IS NOT NULL THEN 'rate_limit'
            WHEN b.due_at <= %(now)s THEN 'due'
            ELSE 'later' END AS why
    FROM looked_at b LEFT JOIN channels_pace p ON p.account_id = b.held_by
)
SELECT lane, why, count(*), min(due_at), sum(CASE WHEN fence > 0 AND place <= {COUNTED_BATCHES} THEN (
    SELECT count(*) FROM distributor_recipient WHERE batch_id = explained.id AND state = 'waiting'
) ELSE size END)
FROM explained GROUP BY lane, why
"""


def parameters(now: datetime) -> Mapping[str, Any]:
    return {"now": now, "lanes": "{" + ",".join(Lane.values) + "}"}


def read_backlog(now: datetime) -> list[Family]:
    """Read it in one statement. Lanes and reasons for which nobody waits are 0."""
    with connection.cursor() as cursor:
        cursor.execute(READ, parameters(now))
        rows = {(lane, why): values for lane, why, *values in cursor.fetchall()}
    people, batches = Family(catalogue.WAITING), Family(catalogue.WAITING_BATCHES)
    oldest, capped = Family(catalogue.OLDEST_DUE), Family(catalogue.IS_CAPPED)
    for lane in Lane.values:
        for why in REASONS:
            batch_count, _, person_count = rows.get((lane, why), (0, None, 0))
            people.add(person_count, lane, why)
            batches.add(batch_count, lane, why)
        due_since = rows.get((lane, "due"), (0, None, 0))[1]
        oldest.add((now - due_since).total_seconds() if due_since else 0, lane)
    by_lane = [sum(count for (lane, _), (count, *_) in rows.items() if lane == each) for each in Lane.values]
    capped.add(int(any(count >= BATCH_LIMIT for count in by_lane)))
    return [people, batches, oldest, capped]
