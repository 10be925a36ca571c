"""Claim an endpoint that has something to be sent, and give it back with what came of it.

A claim is a lease of a minute with a fence, as of batches: only one worker at a time works on an endpoint, and what a
worker writes under an old fence is ignored. Its events are then sent again, with the same ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from distributor.engine.counters.totals import Totals
from distributor.engine.events.stream import Cursor
from distributor.engine.infrastructure.sql_params import array_of, rows_of
from distributor.models import EventEndpoint, EventReplay
from distributor.rules.event_delivery import EndpointHealth

logger = structlog.get_logger(__name__)
LEASE: Final = timedelta(seconds=60)
# While so many requests wait for their next try, nothing new is read.
MOST_PENDING: Final = 2_000
_DUE: Final = """
e.is_active AND (e.claimed_until IS NULL OR e.claimed_until < %(now)s) AND (e.retry_at IS NULL OR e.retry_at <= %(now)s)
AND (
    EXISTS (
        SELECT FROM distributor_eventdelivery p
        WHERE p.endpoint_id = e.id AND p.state = 'pending' AND p.due_at <= %(now)s
    )
    OR EXISTS (
        SELECT FROM distributor_eventbundle b WHERE b.organization_id = e.organization_id
            AND b.position IS NOT NULL AND b.position >= e.next_position
    )
    OR EXISTS (
        SELECT FROM distributor_eventbundle b WHERE b.organization_id = e.organization_id AND b.position IS NULL
    )
    OR EXISTS (SELECT FROM distributor_eventreplay r WHERE r.endpoint_id = e.id AND r.finished_at IS NULL)
)
"""
_CLAIM: Final = f"""
UPDATE distributor_eventendpoint SET claimed_until = %(until)s, fence = fence + 1
WHERE id = (
    SELECT e.id FROM distributor_eventendpoint e WHERE {_DUE} AND e.id <> ALL(%(without)s::uuid[])
        AND (%(failing_too)s OR e.failing_since IS NULL)
    ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
_STORE: Final = """
INSERT INTO distributor_eventdelivery (
    endpoint_id, message_id, bundle_ids, places, contact_ids, types, state, tries, status, answer, error, duration_ms,
    created_at, tried_at, due_at)
SELECT %(endpoint_id)s, message_id, bundle_ids, places, contact_ids, types, state, tries, status, answer, error,
    duration_ms, %(now)s, tried_at, due_at
FROM json_to_recordset(%(rows)s) AS given(
    place int, message_id text, bundle_ids bigint[], places int[], contact_ids uuid[], types text[], state text,
    tries smallint, status smallint, answer text, error text, duration_ms int, tried_at timestamptz,
    due_at timestamptz)
ORDER BY place
"""
_CHANGE: Final = """
UPDATE distributor_eventdelivery d SET state = given.state, tries = given.tries, status = given.status,
    answer = given.answer, error = given.error, duration_ms = given.duration_ms, tried_at = given.tried_at,
    due_at = given.due_at
FROM json_to_recordset(%s) AS given(
    id bigint, state text, tries smallint, status smallint, answer text, error text, duration_ms int,
    tried_at timestamptz, due_at timestamptz)
WHERE d.id = given.id
"""


@dataclass(slots=True)
class Outcome:
    """What came of a claim: deliveries to store and to change, where to continue, and how the endpoint stands."""

    stored: Sequence[dict[str, Any]] = ()
    changed: Sequence[dict[str, Any]] = ()
    next: Cursor | None = None
    replay: EventReplay | None = None
    health: EndpointHealth = field(default_factory=EndpointHealth)
    last_error: str | None = None  # None: nothing was tried
    has_delivered: bool = False
    totals: Totals = field(default_factory=Totals)


def has_due_endpoints(now: datetime) -> bool:
    """Return whether any endpoint has something to be sent."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM distributor_eventendpoint e WHERE {_DUE})", {"now": now})
        return bool(cursor.fetchone()[0])


def claim_endpoint(now: datetime, without: Iterable[UUID] = (), *, failing_too: bool = True) -> EventEndpoint | None:
    """Claim any endpoint that has something to be sent, and commit.

    None: there is none but those left out, or it was deleted just now.
    """
    asked: dict[str, Any] = {"now": now, "until": now + LEASE, "without": array_of(without), "failing_too": failing_too}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, asked)
        row: tuple[UUID] | None = cursor.fetchone()
    return None if row is None else EventEndpoint.objects.select_related("organization").filter(pk=row[0]).first()


def health_of(endpoint: EventEndpoint) -> EndpointHealth:
    return EndpointHealth(endpoint.failures, endpoint.failing_since, endpoint.retry_at)


def give_back(endpoint: EventEndpoint, outcome: Outcome, now: datetime) -> bool:
    """Write what came of a claim, and end it. Returns False if another worker has claimed the endpoint meanwhile."""
    health = outcome.health
    values: dict[str, Any] = {
        "claimed_until": None,
        "failures": health.failures,
        "failing_since": health.failing_since,
        "retry_at": health.retry_at,
    }
    if outcome.last_error is not None:
        values["last_error"] = outcome.last_error
    if outcome.next is not None:
        values |= {"next_position": outcome.next.position, "next_place": outcome.next.place}
    if outcome.has_delivered:
        values["last_delivered_at"] = now
    if health.disabled_because:
        values |= {"is_active": False, "disabled_at": now, "disabled_because": health.disabled_because}
    with transaction.atomic():
        own = EventEndpoint.objects.filter(pk=endpoint.pk, fence=endpoint.fence)
        if not own.update(**values):
            return False
        with connection.cursor() as cursor:
            if outcome.changed:
                cursor.execute(_CHANGE, [rows_of(list(outcome.changed))])
            if outcome.stored:
                rows = [{**row, "place": place} for place, row in enumerate(outcome.stored)]
                cursor.execute(_STORE, {"endpoint_id": endpoint.pk, "now": now, "rows": rows_of(rows)})
        if outcome.replay is not None:
            outcome.replay.save()
        outcome.totals.write()
    _log_change(endpoint, health)
    return True


def _log_change(endpoint: EventEndpoint, health: EndpointHealth) -> None:
    name = str(endpoint.pk)
    if health.disabled_because:
        logger.error("event_endpoint_disabled", endpoint=name, reason=health.disabled_because)
    elif health.failing_since is not None and endpoint.failing_since is None:
        logger.warning("event_endpoint_failing", endpoint=name)
    elif health.failing_since is None and endpoint.failing_since is not None:
        logger.info("event_endpoint_works", endpoint=name)
