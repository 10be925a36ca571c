"""How distributions stand: what moves, what is held, what waits for later, and what is stuck.

The status that callers read (rules/journey/distribution_status.py) says `sending` of all of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.models import Distribution
from distributor.rules.journey.distribution_status import DistributionStatus

# Workers look for what is due every two seconds. What nobody has taken for so long is stuck.
UNTAKEN_MAX: Final = timedelta(minutes=2)
# A batch that fails twice in a row, without progress between, is more than an accident.
FAILED_CLAIMS_MIN: Final = 2
# Of so many batches per distribution the waiting people are counted. Others count with their size.
COUNTED_BATCHES: Final = 50

_READ: Final = """
WITH batches AS (
    SELECT b.*, row_number() OVER (PARTITION BY b.distribution_id ORDER BY b.fence > 0 DESC, b.due_at) AS place
    FROM distributor_batch b WHERE b.distribution_id = ANY(%(ids)s::uuid[]) AND b.state = 'waiting'
),
counted AS (
    SELECT b.*, CASE WHEN b.fence > 0 AND b.place <= %(counted_batches)s THEN (
        SELECT count(*) FROM distributor_recipient WHERE batch_id = b.id AND state = 'waiting'
    ) ELSE b.size END AS people,
    CASE WHEN b.lease_expires_at > %(now)s THEN 'leased'
        WHEN b.held_by IS NOT NULL AND b.last_error <> '' THEN 'held'
        WHEN b.held_by IS NOT NULL THEN 'paced'
        WHEN b.last_error <> '' AND b.claims >= %(failed_claims)s THEN 'failing'
        WHEN b.due_at <= %(now)s THEN 'due'
        ELSE 'later' END AS why
    FROM batches b
),
grouped AS (
    SELECT c.distribution_id, c.why, c.held_by, sum(c.people)::int AS people, min(c.due_at) AS due_at,
        (array_agg(c.last_error ORDER BY c.due_at))[1] AS last_error, max(c.claims) AS claims,
        (array_agg(c.step_id ORDER BY c.due_at))[1] AS step_id
    FROM counted c GROUP BY 1, 2, 3 HAVING sum(c.people) > 0
),
jobs AS (
    SELECT distribution_id, failures, last_error FROM distributor_expansion
    WHERE distribution_id = ANY(%(ids)s::uuid[]) AND last_error <> ''
    UNION ALL
    SELECT s.distribution_id, f.failures, f.last_error FROM distributor_step s
    JOIN distributor_followup f ON f.step_id = s.id
    WHERE s.distribution_id = ANY(%(ids)s::uuid[]) AND NOT f.is_done AND f.last_error <> ''
    UNION ALL
    SELECT distribution_id, failures, last_error FROM distributor_manualretry
    WHERE distribution_id = ANY(%(ids)s::uuid[]) AND NOT is_done AND last_error <> ''
)
SELECT json_build_object('groups', (
    SELECT json_agg(json_build_object(
        'distribution', g.distribution_id, 'why', g.why, 'people', g.people, 'due_at', g.due_at,
        'error', g.last_error, 'claims', g.claims, 'kind', s.kind, 'position', s.position, 'account', a.name,
        'is_active', a.is_active, 'broken_because', p.broken_because, 'failing_since', p.failing_since,
        'is_unreachable', p.is_unreachable, 'paused_until', p.paused_until
    )) FROM grouped g
    LEFT JOIN distributor_step s ON s.id = g.step_id
    LEFT JOIN channels_provideraccount a ON a.id = g.held_by
    LEFT JOIN channels_pace p ON p.account_id = g.held_by
), 'jobs', (SELECT json_agg(jobs) FROM jobs))::text
"""


class StandingKind(StrEnum):
    """In one word. `sending`, `held`, `waiting` and `stuck` are all `sending` as a status."""

    PREPARING = "preparing"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HELD = "held"  # a provider account does not take messages
    WAITING = "waiting"  # everybody who is left waits for a later moment
    STUCK = "stuck"  # our own work fails, or no worker does it
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Group:
    """People who wait for one reason: `why` is leased, due, paced, held, failing or later.

    `kind` and `position` are those of the step whose message is due first. `account` and what follows it are of the
    account that they wait for.
    """

    why: str
    people: int
    due_at: datetime
    error: str
    claims: int
    kind: str
    position: int
    account: str = ""
    is_active: bool = True
    broken_because: str = ""
    failing_since: datetime | None = None
    is_unreachable: bool = False
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a distribution stands. `job_error` is why its audience, a reminder or a retry makes no progress, if so."""

    kind: StandingKind
    groups: Sequence[Group] = field(default_factory=list)
    job_error: str = ""

    def first(self, *reasons: str) -> Group | None:
        """Return the group of one of these reasons that is due first."""
        of_reasons = [group for group in self.groups if group.why in reasons]
        return min(of_reasons, key=lambda group: group.due_at, default=None)

    def people(self, *reasons: str) -> int:
        return sum(group.people for group in self.groups if group.why in reasons)


def read_standings(distributions: Sequence[Distribution], now: datetime) -> dict[UUID, Standing]:
    """Return how each distribution stands, in one query, and in none if all of them have ended."""
    statuses = {row.pk: row.status_at(now) for row in distributions}
    unended = [key for key, status in statuses.items() if not status.is_final]
    groups: dict[UUID, list[Group]] = {key: [] for key in unended}
    errors: dict[UUID, str] = {}
    if unended:
        with connection.cursor() as cursor:
            parameters: dict[str, Any] = {"ids": array_of(unended), "now": now}
            limits = {"counted_batches": COUNTED_BATCHES, "failed_claims": FAILED_CLAIMS_MIN}
            cursor.execute(_READ, parameters | limits)
            found: dict[str, Any] = orjson.loads(cursor.fetchone()[0])
        for row in found["groups"] or ():
            groups[UUID(row["distribution"])].append(_group(row))
        errors = {UUID(row["distribution_id"]): row["last_error"] for row in found["jobs"] or ()}
    return {
        key: Standing(
            _kind(status, groups.get(key, []), errors.get(key, ""), now), groups.get(key, []), errors.get(key, "")
        )
        for key, status in statuses.items()
    }


def _kind(status: DistributionStatus, groups: Sequence[Group], job_error: str, now: datetime) -> StandingKind:
    """Return the kind. What moves comes first: an account that is held beside another that sends holds nothing up."""
    if status not in (DistributionStatus.SENDING, DistributionStatus.PREPARING):
        return StandingKind(status.value)
    reasons = {group.why for group in groups}
    is_untaken = any(group.why == "due" and group.due_at < now - UNTAKEN_MAX for group in groups)
    if job_error or "failing" in reasons or (is_untaken and "leased" not in reasons):
        return StandingKind.STUCK
    if status is DistributionStatus.PREPARING:
        return StandingKind.PREPARING
    if reasons & {"leased", "due", "paced"} or not reasons:
        return StandingKind.SENDING
    return StandingKind.HELD if "held" in reasons else StandingKind.WAITING


def _group(row: dict[str, Any]) -> Group:
    return Group(
        row["why"],
        row["people"],
        datetime.fromisoformat(row["due_at"]),
        row["error"] or "",
        row["claims"],
        row["kind"] or "",
        row["position"] or 0,
        row["account"] or "",
        row["is_active"] is not False,
        row["broken_because"] or "",
        _moment(row["failing_since"]),
        bool(row["is_unreachable"]),
        _moment(row["paused_until"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
