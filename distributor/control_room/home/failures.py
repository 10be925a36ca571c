"""The newest failures, in the provider's own words, and what happens next to these people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.delivery_events import Trouble

SHOWN: Final = 8

# Of each account the newest are read from a partial index that holds failures only.
_READ: Final = f"""
WITH accounts AS MATERIALIZED (
    SELECT id, name FROM channels_provideraccount WHERE organization_id = ANY(%(organizations)s::uuid[])
),
failures AS (
    SELECT * FROM (
        SELECT accounts.name AS account, a.recipient_id, a.channel, a.code, a.detail, a.at FROM accounts
        CROSS JOIN LATERAL (
            SELECT recipient_id, channel, code, detail, ended_at AS at FROM distributor_attempt
            WHERE provider_account_id = accounts.id AND state = 'failed' ORDER BY ended_at DESC LIMIT {SHOWN}
        ) AS a
        UNION ALL
        SELECT accounts.name, e.recipient_id, '', e.code, e.detail, e.received_at FROM accounts
        CROSS JOIN LATERAL (
            SELECT recipient_id, code, detail, received_at FROM distributor_providerevent
            WHERE provider_account_id = accounts.id AND trouble >= {Trouble.UNDELIVERED.value}
            ORDER BY id DESC LIMIT {SHOWN}
        ) AS e
    ) AS both_kinds ORDER BY at DESC LIMIT {SHOWN}
)
SELECT f.at, f.account, f.channel, f.code, f.detail, r.id, d.id, d.organization_id,
    coalesce(nullif(d.name, ''), s.name), trim(c.first_name || ' ' || c.last_name), c.email, c.phone,
    coalesce(c.external_id, ''),
    r.state, r.outcome, CASE WHEN r.state = 'waiting' THEN b.due_at END
FROM failures f
JOIN distributor_recipient r ON r.id = f.recipient_id
JOIN contacts_contact c ON c.id = r.contact_id
JOIN distributor_distribution d ON d.id = r.distribution_id
JOIN distributor_survey s ON s.id = d.survey_id
JOIN distributor_batch b ON b.id = r.batch_id
ORDER BY f.at DESC
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that its provider refused, or took and did not deliver. `due_at`: when the person is next sent to."""

    at: datetime
    account: str
    channel: str
    code: str
    detail: str
    recipient_id: int
    distribution_id: UUID
    organization_id: UUID
    distribution: str
    full_name: str
    email: str
    phone: str
    external_id: str
    state: str
    outcome: str
    due_at: datetime | None

    @property
    def who(self) -> str:
        return self.full_name or self.email or self.phone or self.external_id

    @property
    def words(self) -> str:
        """What the provider said: its code unless its text begins with it, and the text."""
        if self.detail.startswith(self.code):
            return self.detail
        return f"{self.code} {self.detail}".strip()


def read_failures(organization_ids: Sequence[UUID]) -> list[Failure]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"organizations": array_of(organization_ids)})
        return [Failure(*row) for row in cursor.fetchall()]
