"""What waits, why, and until when: read from the batches, of which a million recipients make a thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.schedule.sweep import SWEEP

# So many batches are looked at. Beyond them the numbers are lower bounds, and the page says so.
BATCH_LIMIT: Final = 10_000
# Of so many batches the people who still wait are counted. Others count with their size, which may be a little more.
COUNTED_BATCHES: Final = 50
# For so many batches that wait for a reason of their own, somebody's decision is read.
EXPLAINED_BATCHES: Final = 100
SHOWN_ENDPOINTS: Final = 10

_READ: Final = f"""
WITH looked_at AS MATERIALIZED (
    (SELECT * FROM distributor_batch
     WHERE state = 'waiting' AND organization_id = ANY(%(organizations)s::uuid[]) LIMIT {BATCH_LIMIT})
    UNION ALL
    (SELECT * FROM distributor_batch
     WHERE state = 'paused' AND organization_id = ANY(%(organizations)s::uuid[]) LIMIT {BATCH_LIMIT})
),
grouped AS (
    SELECT b.*, row_number() OVER (PARTITION BY b.fence > 0 ORDER BY b.due_at) AS place,
        CASE WHEN b.state = 'paused' THEN 'paused'
            WHEN b.lease_expires_at > %(now)s THEN 'sending'
            WHEN b.held_by IS NOT NULL AND p.broken_because <> '' THEN 'account_broken'
            WHEN b.held_by IS NOT NULL AND p.paused_until > %(now)s THEN 'account_paused'
            WHEN b.held_by IS NOT NULL THEN 'rate_limit'
            WHEN b.due_at <= %(now)s THEN 'due'
            WHEN s.kind = 'reminder' THEN 'reminder'
            WHEN s.kind = 'thank_you' THEN 'thank_you'
            WHEN d.scheduled_at >= b.due_at THEN 'scheduled'
            WHEN s.position > 0 THEN 'fallback'
            ELSE 'later' END AS why
    FROM looked_at b
    LEFT JOIN channels_pace p ON p.account_id = b.held_by
    LEFT JOIN distributor_step s ON s.id = b.step_id AND b.due_at > %(now)s AND b.held_by IS NULL
    LEFT JOIN distributor_distribution d ON d.id = b.distribution_id AND b.due_at > %(now)s AND b.held_by IS NULL
),
explained AS (
    SELECT g.id, g.due_at, g.held_by, g.distribution_id,
        CASE WHEN g.why = 'later' AND g.place <= {EXPLAINED_BATCHES} THEN coalesce((
            SELECT decision.reason FROM (
                SELECT id FROM distributor_recipient WHERE batch_id = g.id AND state = 'waiting' LIMIT 1
            ) AS somebody
            JOIN distributor_decision decision ON decision.recipient_id = somebody.id AND decision.kind = 'deferred'
            ORDER BY decision.id DESC LIMIT 1
        ), 'later') ELSE g.why END AS why,
        CASE WHEN g.fence > 0 AND g.place <= {COUNTED_BATCHES} THEN (
            SELECT count(*) FROM distributor_recipient WHERE batch_id = g.id AND state = 'waiting'
        ) ELSE g.size END AS people
    FROM grouped g
)
SELECT json_build_object(
    'batches', (SELECT count(*) FROM looked_at),
    'groups', (SELECT json_agg(g) FROM (
        SELECT why, held_by, sum(people) AS people, min(due_at) AS due_at FROM explained
        GROUP BY why, held_by HAVING sum(people) > 0
    ) AS g),
    'hours', (SELECT json_agg(h) FROM (
        SELECT floor(extract(epoch FROM due_at - %(now)s::timestamptz) / 3600)::int AS hour, sum(people) AS people
        FROM explained WHERE due_at > %(now)s AND due_at <= %(now)s::timestamptz + interval '1 day' AND why <> 'paused'
        GROUP BY 1
    ) AS h),
    'sends', (
        SELECT count(DISTINCT distribution_id) FROM explained
        WHERE due_at > %(now)s AND due_at <= %(now)s::timestamptz + interval '1 day' AND why <> 'paused'
    ),
    'endpoints', (SELECT json_agg(e) FROM (
        SELECT id, name, disabled_at IS NOT NULL AS is_disabled, coalesce(disabled_at, failing_since) AS since,
            CASE WHEN disabled_at IS NULL THEN last_error ELSE disabled_because END AS words
        FROM distributor_eventendpoint
        WHERE organization_id = ANY(%(organizations)s::uuid[])
            AND (disabled_at IS NOT NULL OR is_active AND failing_since IS NOT NULL)
        ORDER BY since LIMIT {SHOWN_ENDPOINTS}
    ) AS e),
    'beat_at', (SELECT beat_at FROM distributor_heartbeat WHERE name = %(sweep)s)
)::text
"""


@dataclass(frozen=True, slots=True)
class Group:
    """People who wait for the same reason; `held_by` is the account that they wait for, if it is one."""

    why: str
    held_by: UUID | None
    people: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class StuckEndpoint:
    """An event endpoint that takes nothing, or was switched off because of that: events wait for it."""

    id: UUID
    name: str
    is_disabled: bool
    since: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """`by_hour` are the people of each of the next 24 hours, in `sends` distributions. `beat_at`: the last sweep."""

    groups: Sequence[Group]
    by_hour: Sequence[int]
    sends: int
    is_capped: bool
    endpoints: Sequence[StuckEndpoint]
    beat_at: datetime | None
    now: datetime

    @property
    def waiting(self) -> int:
        return sum(group.people for group in self.groups)

    @property
    def next_day(self) -> int:
        return sum(self.by_hour)

    @property
    def oldest_due_seconds(self) -> float | None:
        """How long the oldest message that could leave has been waiting for a worker; None if there is none."""
        due = [group.due_at for group in self.groups if group.why == "due"]
        return (self.now - min(due)).total_seconds() if due else None

    @property
    def beat_age(self) -> timedelta | None:
        return None if self.beat_at is None else self.now - self.beat_at

    def people_held_by(self, account_id: UUID) -> int:
        return sum(group.people for group in self.groups if group.held_by == account_id)

    def by_reason(self) -> Mapping[str, int]:
        """Return how many wait for each reason, the most first."""
        people: dict[str, int] = {}
        for group in self.groups:
            people[group.why] = people.get(group.why, 0) + group.people
        return dict(sorted(people.items(), key=lambda item: -item[1]))


def read_backlog(organization_ids: Sequence[UUID], now: datetime) -> Backlog:
    """Read what waits in these organisations, for what, and when workers were woken last."""
    parameters: dict[str, Any] = {"organizations": array_of(organization_ids), "now": now, "sweep": SWEEP}
    with connection.cursor() as cursor:
        cursor.execute(_READ, parameters)
        found: dict[str, Any] = orjson.loads(cursor.fetchone()[0])
    hours = {row["hour"]: row["people"] for row in found["hours"] or ()}
    return Backlog(
        [_group(row) for row in found["groups"] or ()],
        [int(hours.get(hour, 0)) for hour in range(24)],
        found["sends"],
        found["batches"] >= BATCH_LIMIT,
        [_endpoint(row) for row in found["endpoints"] or ()],
        datetime.fromisoformat(found["beat_at"]) if found["beat_at"] else None,
        now,
    )


def _group(row: Mapping[str, Any]) -> Group:
    held_by = UUID(row["held_by"]) if row["held_by"] else None
    return Group(row["why"], held_by, int(row["people"]), datetime.fromisoformat(row["due_at"]))


def _endpoint(row: Mapping[str, Any]) -> StuckEndpoint:
    since = datetime.fromisoformat(row["since"])
    return StuckEndpoint(UUID(row["id"]), row["name"], row["is_disabled"], since, row["words"])
