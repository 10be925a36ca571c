"""Giving frequency slots back: what begin reserved for a message that certainly did not leave."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from distributor.engine.bulk import rows_of

# Only what that very try reserved, so that doing it again gives nothing more back. What was there before stays for the
# chain's next step, which may fail as well, and is again that journey's own whose try it was: its fallback is not held
# back by it.
_GIVE_BACK = """
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


def give_back_touches(survey_id: UUID, unreached: Iterable[tuple[UUID, int, datetime]]) -> None:
    """Free the slots of (contact, recipient, when its try was begun).

    It comes last: locks go recipients, distributions, touches.
    """
    rows = [
        {"contact_id": contact_id, "recipient_id": recipient_id, "begun_at": begun_at}
        for contact_id, recipient_id, begun_at in unreached
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [rows_of(rows), survey_id])
