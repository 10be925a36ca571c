"""Reads and writes the senders that accounts refuse, so that all workers share them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from channels.models.refused_sender import RefusedSender

# One message with a refused sender per minute finds out whether the sender is accepted now.
PROBE_INTERVAL = timedelta(minutes=1)

# xmax is 0 in a row that was inserted, not updated.
_HOLD = """
INSERT INTO channels_refusedsender (account_id, email, because, since, probe_at)
VALUES (%(account_id)s, %(email)s, %(because)s, %(now)s, %(probe_at)s)
ON CONFLICT ON CONSTRAINT one_refusal_per_account_and_sender
DO UPDATE SET because = excluded.because, probe_at = excluded.probe_at
RETURNING since, xmax = 0
"""


def hold_sender(account_id: UUID, email: str, because: str, now: datetime) -> tuple[datetime, bool]:
    """Hold back the messages with this sender. Returns since when they are, and whether they were not before."""
    probe_at = now + PROBE_INTERVAL
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD, {"account_id": account_id, "email": email, "because": because, "now": now, "probe_at": probe_at}
        )
        since, is_new = cursor.fetchone()
    return since, is_new


def claim_sender_probe(account_id: UUID, email: str, now: datetime) -> bool:
    """Take the turn to send one message with a refused sender. Returns False if another worker has taken it."""
    rows = RefusedSender.objects.filter(account_id=account_id, email=email, probe_at__lte=now)
    return bool(rows.update(probe_at=now + PROBE_INTERVAL))


def release_sender(account_id: UUID, email: str) -> bool:
    """Let messages with this sender leave again. Returns whether they were held back."""
    deleted, _ = RefusedSender.objects.filter(account_id=account_id, email=email).delete()
    return bool(deleted)


def refused_senders_of(account_ids: Collection[UUID], email: str) -> dict[UUID, RefusedSender]:
    """Return the refusals of this sender by account."""
    rows = RefusedSender.objects.filter(account_id__in=account_ids, email=email)
    return {row.account_id: row for row in rows}
