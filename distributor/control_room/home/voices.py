"""The last comments that people left, with their scores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of

SHOWN: Final = 5
# Of so many surveys, the newest ones, so many responses each are looked through for comments.
SURVEYS: Final = 200
RESPONSES: Final = 20

_READ: Final = f"""
SELECT response.id, survey.name, response.submitted_at, response.answers ->> 'comment', response.answers ->> 'score',
    response.recipient_id
FROM (
    SELECT id, name FROM distributor_survey WHERE organization_id = ANY(%s::uuid[]) ORDER BY id DESC LIMIT {SURVEYS}
) AS survey
CROSS JOIN LATERAL (
    SELECT id, submitted_at, answers, recipient_id FROM distributor_response
    WHERE survey_id = survey.id ORDER BY id DESC LIMIT {RESPONSES}
) AS response
WHERE response.answers ->> 'comment' <> '' ORDER BY response.id DESC LIMIT {SHOWN}
"""


class Voice(NamedTuple):
    """A comment. Of an anonymous response only the day is known, and no recipient."""

    response_id: UUID
    survey: str
    submitted_at: datetime
    comment: str
    score: str | None
    recipient_id: int | None


def read_voices(organization_ids: Sequence[UUID]) -> list[Voice]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [array_of(organization_ids)])
        return [Voice(*row) for row in cursor.fetchall()]
