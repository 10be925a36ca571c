"""Distributions that run, with their pace and when they will be done, and those that are scheduled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from distributor.control_room.home.backlog import BATCH_LIMIT
from distributor.control_room.layout.charts import Part
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.reports.pace import HANDOVER_LIMIT, WINDOW, Pace, first_id_at

SHOWN: Final = 6

_READ: Final = f"""
WITH recent AS MATERIALIZED (
    SELECT batch_id, recipient_ids, begun_at FROM distributor_handover
    WHERE id >= %(recent_id)s ORDER BY id DESC LIMIT {HANDOVER_LIMIT}
),
pace AS (
    SELECT b.distribution_id, sum(cardinality(recent.recipient_ids)) AS people, min(begun_at) AS since FROM recent
    JOIN distributor_batch b ON b.id = recent.batch_id
    WHERE b.organization_id = ANY(%(organizations)s::uuid[]) GROUP BY 1
),
waiting AS (
    SELECT distribution_id, min(due_at) AS due_at FROM (
        (SELECT distribution_id, due_at FROM distributor_batch
         WHERE state = 'waiting' AND organization_id = ANY(%(organizations)s::uuid[]) LIMIT {BATCH_LIMIT})
        UNION ALL
        (SELECT distribution_id, due_at FROM distributor_batch
         WHERE state = 'paused' AND organization_id = ANY(%(organizations)s::uuid[]) LIMIT {BATCH_LIMIT})
    ) AS batches GROUP BY 1
),
found AS (
    SELECT d.id, d.organization_id, d.name, s.name AS survey, d.accepted_count - d.skipped_count - d.registered_count
            AS people, d.sent_count, d.failed_count, d.indeterminate_count, d.stopped_count, d.reached_count,
        d.paused_at, waiting.due_at, coalesce(pace.people, 0) AS lately,
        d.sent_count + d.failed_count + d.indeterminate_count + d.stopped_count + d.reached_count = 0
            AND waiting.due_at > %(now)s AND d.scheduled_at IS NOT NULL AS is_scheduled,
        pace.since
    FROM waiting JOIN distributor_distribution d ON d.id = waiting.distribution_id
    JOIN distributor_survey s ON s.id = d.survey_id LEFT JOIN pace ON pace.distribution_id = d.id
    WHERE d.cancelled_at IS NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY is_scheduled ORDER BY lately > 0 DESC, due_at, id) AS place FROM found
)
SELECT id, organization_id, name, survey, people, sent_count, failed_count, indeterminate_count, stopped_count,
    reached_count, paused_at, due_at, is_scheduled, lately, since
FROM ranked WHERE place <= {SHOWN} ORDER BY is_scheduled, place
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A distribution with people who wait."""

    id: UUID
    organization_id: UUID
    name: str
    survey: str
    people: int
    sent: int
    failed: int
    indeterminate: int
    stopped: int
    reached: int
    paused_at: datetime | None
    due_at: datetime
    is_scheduled: bool
    pace: Pace

    @property
    def title(self) -> str:
        return self.name or self.survey

    @property
    def ended(self) -> int:
        return self.sent + self.failed + self.indeterminate + self.stopped

    @property
    def waiting(self) -> int:
        return max(self.people - self.ended, 0)

    @property
    def untried(self) -> int:
        """How many were not reached yet and still may be."""
        return max(self.people - self.reached - self.failed - self.indeterminate - self.stopped, 0)

    @property
    def done_at(self) -> datetime | None:
        """When everybody will have been sent to at this pace; None if nothing moves or nobody is left."""
        return None if self.paused_at else self.pace.done_at(self.untried)

    @property
    def next_at(self) -> datetime | None:
        """When the next message leaves, if that is later."""
        return self.due_at if self.due_at > self.pace.now and not self.pace.people else None

    @property
    def parts(self) -> list[Part]:
        """The bar: people who have the message, who failed, who were stopped, and who are not reached yet."""
        return [
            Part("reached", _("reached"), self.reached),
            Part("failed", _("failed"), self.failed),
            Part("indeterminate", _("unknown"), self.indeterminate),
            Part("stopped", _("stopped"), self.stopped),
            Part("waiting", _("not reached yet"), self.untried),
        ]


def read_running(organization_ids: Sequence[UUID], now: datetime) -> list[Running]:
    """Return the first distributions that run, those that move first, and then the first that are scheduled."""
    parameters: dict[str, Any] = {
        "organizations": array_of(organization_ids),
        "now": now,
        "recent_id": first_id_at(now - WINDOW),
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, parameters)
        rows = cursor.fetchall()
    columns: list[list[Any]] = [[*values, Pace(people, since, now)] for *values, people, since in rows]
    return [Running(*each) for each in columns]
