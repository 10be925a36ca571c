"""Frequency slots: when each contact was last sent each survey.

A slot is reserved when a hand-over begins, and released if certainly no message left.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of, rows_of
from distributor.engine.journey.people import Person

_RESERVE = """
INSERT INTO distributor_touch AS t (contact_id, survey_id, recipient_id, last_sent_at)
SELECT contact_id, %s, recipient_id, %s FROM unnest(%s::uuid[], %s::bigint[]) AS given(contact_id, recipient_id)
ORDER BY contact_id
ON CONFLICT (contact_id, survey_id) DO UPDATE SET
    previous_sent_at = CASE t.recipient_id
        WHEN excluded.recipient_id THEN t.previous_sent_at ELSE t.last_sent_at END,
    recipient_id = excluded.recipient_id, last_sent_at = excluded.last_sent_at
"""
# Releases only what this very attempt reserved, so repeating it changes nothing. The previous send is restored with the
# recipient whose attempt it was: it must not hold back that recipient's own fallback. `previous_sent_at` stays, because
# the chain's next step may fail as well.
_RELEASE = """
UPDATE distributor_touch t SET
    last_sent_at = t.previous_sent_at,
    recipient_id = coalesce((
        SELECT a.recipient_id FROM distributor_recipient r
        JOIN distributor_distribution d ON d.id = r.distribution_id AND d.survey_id = t.survey_id
        JOIN distributor_attempt a ON a.recipient_id = r.id AND a.begun_at = t.previous_sent_at
        WHERE r.contact_id = t.contact_id LIMIT 1
    ), t.recipient_id)
FROM (
    SELECT contact_id, recipient_id, begun_at FROM json_to_recordset(%s) AS given(
        contact_id uuid, recipient_id bigint, begun_at timestamptz) ORDER BY contact_id
) AS unreached
WHERE t.contact_id = unreached.contact_id AND t.survey_id = %s AND t.recipient_id = unreached.recipient_id
    AND t.last_sent_at = unreached.begun_at
"""


def reserve_slots(survey_id: UUID, people: Sequence[Person], now: datetime) -> None:
    """Record that the survey is sent to these people now. release_slots() undoes it if a message did not leave."""
    contact_ids = array_of(person.id for person in people)
    recipient_ids = array_of(person.recipient_id for person in people)
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [survey_id, now, contact_ids, recipient_ids])


def release_slots(survey_id: UUID, unreached: Iterable[tuple[UUID, int, datetime]]) -> None:
    """Release slots, each given as (contact id, recipient id, when the attempt began).

    Call it last: locks go recipients, distributions, frequency slots.
    """
    rows = [
        {"contact_id": contact_id, "recipient_id": recipient_id, "begun_at": begun_at}
        for contact_id, recipient_id, begun_at in unreached
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, [rows_of(rows), survey_id])
