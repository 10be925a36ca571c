"""Heartbeats, background work, outgoing events and the memory of the database, in one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from django.db import connection

from distributor.engine.journal.write import REPORT_PERIOD
from distributor.engine.metrics import catalogue
from distributor.engine.metrics.family import Family

# The rest is not counted: nobody needs to know how much more than this waits.
COUNT_LIMIT: Final = 10_000
ENDPOINT_LIMIT: Final = 1_000
ENDPOINT_STATES: Final = ("active", "failing", "disabled", "inactive")
# Each along its partial index of what is not finished.
_OPEN_WORK: Final = {
    "expansions": "SELECT due_at FROM distributor_expansion e JOIN distributor_distribution d "
    "ON d.id = e.distribution_id WHERE d.is_preparing",
    "imports": "SELECT due_at FROM distributor_fileimport WHERE is_running",
    "exports": "SELECT due_at FROM distributor_export WHERE finished_at IS NULL AND withdrawn_at IS NULL "
    "AND expires_at > %(now)s",
    "follow_ups": "SELECT due_at FROM distributor_followup WHERE NOT is_done",
    "manual_retries": "SELECT due_at FROM distributor_manualretry WHERE NOT is_done",
}
_WORK: Final = " UNION ALL ".join(
    f"SELECT '{name}' AS name, count(*) AS count, min(due_at) AS due_at FROM ({rows} LIMIT {COUNT_LIMIT}) AS rows"
    for name, rows in _OPEN_WORK.items()
)
# Of the events that an endpoint was not sent, the first one with a place in the stream is the oldest. Those without a
# place are newer, unless nobody has read lately.
READ: Final = f"""
WITH endpoints AS MATERIALIZED (
    SELECT id, organization_id, next_position, starts_at, CASE
        WHEN NOT is_active THEN CASE WHEN disabled_at IS NULL THEN 'inactive' ELSE 'disabled' END
        WHEN failing_since IS NOT NULL THEN 'failing' ELSE 'active' END AS state
    FROM distributor_eventendpoint ORDER BY id DESC LIMIT {ENDPOINT_LIMIT}
)
SELECT json_build_object(
    'heartbeats', (SELECT json_object_agg(name, beat_at) FROM distributor_heartbeat),
    'work', (SELECT json_agg(w) FROM ({_WORK}) AS w),
    'endpoints', (SELECT json_object_agg(state, count) FROM (
        SELECT state, count(*) AS count FROM endpoints GROUP BY state
    ) AS by_state),
    'undelivered_at', (
        SELECT min(least(placed.at, unplaced.at)) FROM endpoints
        LEFT JOIN LATERAL (
            SELECT at FROM distributor_eventbundle b WHERE b.organization_id = endpoints.organization_id
                AND b.position IS NOT NULL AND b.position >= endpoints.next_position
            ORDER BY b.position LIMIT 1
        ) AS placed ON true
        LEFT JOIN LATERAL (
            SELECT at FROM distributor_eventbundle b
            WHERE b.organization_id = endpoints.organization_id AND b.position IS NULL ORDER BY b.id LIMIT 1
        ) AS unplaced ON true
        WHERE state IN ('active', 'failing') AND least(placed.at, unplaced.at) >= starts_at
    ),
    'pending', (SELECT json_build_object('count', count(*), 'created_at', min(created_at)) FROM (
        SELECT pending.created_at FROM endpoints CROSS JOIN LATERAL (
            SELECT created_at FROM distributor_eventdelivery
            WHERE endpoint_id = endpoints.id AND state = 'pending' ORDER BY id LIMIT {COUNT_LIMIT}
        ) AS pending WHERE endpoints.state IN ('active', 'failing') LIMIT {COUNT_LIMIT}
    ) AS requests),
    'installation', (
        SELECT json_build_object('recovering', recovering_since IS NOT NULL, 'journal_failed_at', journal_failed_at)
        FROM distributor_installation LIMIT 1
    )
)::text
"""


def read_work(now: datetime) -> list[Family]:
    with connection.cursor() as cursor:
        cursor.execute(READ, {"now": now})
        found: dict[str, Any] = orjson.loads(cursor.fetchone()[0])
    return [
        _heartbeats(found["heartbeats"] or {}, now),
        *_work(found["work"], now),
        *_events(found, now),
        *_memory(found["installation"] or {}, now),
    ]


def _age(at: str | None, now: datetime) -> float:
    """Return how long ago something was; 0 if it was not or will be."""
    return max((now - datetime.fromisoformat(at)).total_seconds(), 0.0) if at else 0.0


def _heartbeats(beats: Mapping[str, str], now: datetime) -> Family:
    family = Family(catalogue.HEARTBEAT_AGE)
    for task, beat_at in sorted(beats.items()):
        family.add(_age(beat_at, now), task)
    return family


def _work(rows: list[Mapping[str, Any]], now: datetime) -> list[Family]:
    open_work, due = Family(catalogue.OPEN_WORK), Family(catalogue.WORK_DUE)
    for row in rows:
        open_work.add(row["count"], row["name"])
        due.add(_age(row["due_at"], now), row["name"])
    return [open_work, due]


def _events(found: Mapping[str, Any], now: datetime) -> list[Family]:
    endpoints, undelivered = Family(catalogue.ENDPOINTS), Family(catalogue.UNDELIVERED)
    pending = Family(catalogue.PENDING_REQUESTS)
    for state in ENDPOINT_STATES:
        endpoints.add((found["endpoints"] or {}).get(state, 0), state)
    undelivered.add(max(_age(found["undelivered_at"], now), _age(found["pending"]["created_at"], now)))
    pending.add(found["pending"]["count"])
    return [endpoints, undelivered, pending]


def _memory(installation: Mapping[str, Any], now: datetime) -> list[Family]:
    recovering, journal = Family(catalogue.RECOVERING), Family(catalogue.JOURNAL_FAILED)
    recovering.add(int(installation.get("recovering", False)))
    failed_at = installation.get("journal_failed_at")
    journal.add(int(failed_at is not None and _age(failed_at, now) <= 2 * REPORT_PERIOD.total_seconds()))
    return [recovering, journal]
