"""Moving recipients along: the one place that writes their state, and the distribution's counts with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F

from distributor.engine.bulk import rows_of
from distributor.models import Distribution
from distributor.models.recipient import RecipientOutcome, RecipientState

# Whoever was stopped meanwhile stays stopped: what was handed over keeps its attempt, but starts nothing new.
_MOVE = """
WITH move AS (
    SELECT * FROM json_to_recordset(%s) AS move(
        recipient_id bigint, state text, outcome text, reason text, batch_id uuid, is_attempt boolean,
        sent_at timestamptz)
),
moved AS (
    UPDATE distributor_recipient r SET
        state = CASE r.state WHEN 'waiting' THEN move.state ELSE r.state END,
        outcome = CASE r.state WHEN 'waiting' THEN move.outcome ELSE r.outcome END,
        reason = CASE r.state WHEN 'waiting' THEN move.reason ELSE r.reason END,
        batch_id = CASE r.state WHEN 'waiting' THEN coalesce(move.batch_id, r.batch_id) ELSE r.batch_id END,
        attempt_count = r.attempt_count + move.is_attempt::int,
        first_sent_at = coalesce(r.first_sent_at, move.sent_at)
    FROM move WHERE r.id = move.recipient_id
    RETURNING old.state AS was, new.state, new.outcome
)
SELECT state, outcome, count(*) FROM moved WHERE was = 'waiting' AND state <> 'waiting' GROUP BY state, outcome
"""

_COUNTS = {
    (RecipientState.FINISHED, RecipientOutcome.SENT): "sent_count",
    (RecipientState.FINISHED, RecipientOutcome.FAILED): "failed_count",
    (RecipientState.FINISHED, RecipientOutcome.INDETERMINATE): "indeterminate_count",
    (RecipientState.STOPPED, ""): "stopped_count",
}


@dataclass(frozen=True, slots=True)
class Move:
    """Where a waiting recipient goes. `batch_id` None: it stays in its batch."""

    recipient_id: int
    state: str
    outcome: str = ""
    reason: str = ""
    batch_id: UUID | None = None
    is_attempt: bool = False
    sent_at: datetime | None = None


def move_recipients(distribution_id: UUID, moves: Sequence[Move], *, duplicate_risks: int = 0) -> None:
    """Apply moves inside the caller's transaction and add what ended to the distribution's counts.

    Locks go recipients first, then the distribution, as everywhere.
    """
    counts: Counter[str] = Counter(duplicate_risk_count=duplicate_risks)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [rows_of(moves)])
        for state, outcome, count in cursor.fetchall():
            counts[_COUNTS[state, outcome]] += count
    added = {name: F(name) + count for name, count in counts.items() if count}
    if added:
        Distribution.objects.filter(id=distribution_id).update(**added)
