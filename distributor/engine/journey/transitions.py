"""Change recipients' states, and the distribution's counts with them. No other module changes a state."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import rows_of
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.conclusion import Conclusion

# What callers are told (engine/outbox): one bundle per kind of end and reason, by the statement that ends the journeys.
# Where no journey can end so, as where all messages were sent, the plain statement saves the processor's time.
_TELL = """,
told AS (
    INSERT INTO distributor_eventbundle (organization_id, distribution_id, type, subject_ids, numbers, details)
    SELECT d.organization_id, d.id, ended.type, array_agg(ended.id ORDER BY ended.id),
        array_agg(ended.attempt_count ORDER BY ended.id),
        jsonb_strip_nulls(jsonb_build_object('reason', nullif(ended.reason, '')))
    FROM (
        SELECT *, CASE WHEN state = 'stopped' THEN 'recipient.stopped' WHEN outcome = 'failed' THEN 'recipient.failed'
            WHEN outcome = 'indeterminate' THEN 'recipient.indeterminate' END AS type
        FROM changed WHERE has_ended
    ) ended JOIN distributor_distribution d ON d.id = ended.distribution_id
    WHERE ended.type IS NOT NULL GROUP BY d.organization_id, d.id, ended.type, ended.reason
)
"""
# A recipient who was stopped meanwhile stays stopped. The attempt is still counted, but nothing new starts.
_MOVE = """
WITH move AS (
    SELECT recipient_id, given.* FROM json_to_recordset(%s) AS given(
        recipient_ids bigint[], state text, outcome text, reason text, batch_id uuid, is_attempt boolean,
        sent_at timestamptz) CROSS JOIN LATERAL unnest(recipient_ids) AS recipient_id
),
changed AS (
    UPDATE distributor_recipient r SET
        state = CASE r.state WHEN 'waiting' THEN move.state ELSE r.state END,
        outcome = CASE r.state WHEN 'waiting' THEN move.outcome ELSE r.outcome END,
        reason = CASE r.state WHEN 'waiting' THEN move.reason ELSE r.reason END,
        batch_id = CASE r.state WHEN 'waiting' THEN coalesce(move.batch_id, r.batch_id) ELSE r.batch_id END,
        attempt_count = r.attempt_count + move.is_attempt::int,
        first_sent_at = coalesce(r.first_sent_at, move.sent_at)
    FROM move WHERE r.id = move.recipient_id
    RETURNING r.id, r.distribution_id, new.state, new.outcome, new.reason, new.attempt_count, new.has_early_events,
        old.state = 'waiting' AND new.state <> 'waiting' AS has_ended,
        old.first_sent_at IS NULL AND new.first_sent_at IS NOT NULL AS is_newly_reached
)
-- told
SELECT state, outcome, count(*) FILTER (WHERE has_ended),
    count(*) FILTER (WHERE is_newly_reached), array_agg(id) FILTER (WHERE has_early_events)
FROM changed GROUP BY state, outcome
"""
# Corrections apply whatever the state was: the caller has decided on them under the recipients' locks.
_CORRECT = """
WITH changed AS (
    UPDATE distributor_recipient r SET
        state = correction.state, outcome = correction.outcome, reason = correction.reason,
        batch_id = coalesce(correction.batch_id, r.batch_id), first_sent_at = correction.first_sent_at
    FROM json_to_recordset(%s) AS correction(
        recipient_id bigint, state text, outcome text, reason text, batch_id uuid, first_sent_at timestamptz)
    WHERE r.id = correction.recipient_id
    RETURNING r.id, r.distribution_id, old.state AS old_state, old.outcome AS old_outcome, new.state, new.outcome,
        new.reason, new.attempt_count, (old.state, old.outcome) <> (new.state, new.outcome) AS has_ended,
        (new.first_sent_at IS NOT NULL)::int - (old.first_sent_at IS NOT NULL)::int AS newly_reached
)
-- told
SELECT distribution_id, old_state, old_outcome, state, outcome, newly_reached FROM changed
"""

_MOVE_AND_TELL = _MOVE.replace("\n-- told\n", _TELL)
_CORRECT_AND_TELL = _CORRECT.replace("\n-- told\n", _TELL)

_COUNTS = {
    (RecipientState.FINISHED, RecipientOutcome.SENT): "sent_count",
    (RecipientState.FINISHED, RecipientOutcome.FAILED): "failed_count",
    (RecipientState.FINISHED, RecipientOutcome.INDETERMINATE): "indeterminate_count",
    (RecipientState.STOPPED, ""): "stopped_count",
}


@dataclass(frozen=True, slots=True)
class Move:
    """The next state of waiting recipients. With `batch_id` None, each stays in its batch."""

    recipient_ids: Sequence[int]
    state: str
    outcome: str = ""
    reason: str = ""
    batch_id: UUID | None = None
    is_attempt: bool = False
    sent_at: datetime | None = None

    @classmethod
    def to_end(
        cls,
        recipient_ids: Sequence[int],
        conclusion: Conclusion,
        *,
        is_attempt: bool = False,
        sent_at: datetime | None = None,
    ) -> "Move":
        """Return the move that ends journeys alike."""
        state, outcome = _end_state(conclusion)
        return cls(recipient_ids, state, outcome, conclusion.reason, is_attempt=is_attempt, sent_at=sent_at)


@dataclass(frozen=True, slots=True)
class Correction:
    """The new state of a recipient, whatever its state was, and when the first message that counts as sent left."""

    recipient_id: int
    state: str
    outcome: str
    reason: str
    first_sent_at: datetime | None
    batch_id: UUID | None = None

    @classmethod
    def to_end(cls, recipient_id: int, conclusion: Conclusion, first_sent_at: datetime | None) -> "Correction":
        """Return the correction that ends a journey."""
        state, outcome = _end_state(conclusion)
        return cls(recipient_id, state, outcome, conclusion.reason, first_sent_at)


def move_recipients(distribution_id: UUID, moves: Sequence[Move], *, duplicate_risks: int = 0) -> list[int]:
    """Apply moves inside the caller's transaction and update the distribution's counts.

    Returns the recipients that were marked while their message was with the provider (Recipient.has_early_events).
    Locks recipients first and then the distribution, as everywhere.
    """
    counts: Counter[str] = Counter(duplicate_risk_count=duplicate_risks)
    marked_ids: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_AND_TELL if _ends_badly(moves) else _MOVE, [rows_of(moves)])
        for state, outcome, count, newly_reached, marked in cursor.fetchall():
            if count:
                counts[_COUNTS[state, outcome]] += count
            counts["reached_count"] += newly_reached
            marked_ids += marked or ()
    add_counts({distribution_id: counts})
    return marked_ids


def correct_recipients(corrections: Sequence[Correction]) -> dict[UUID, Counter[str]]:
    """Apply corrections to recipients that the caller has locked. Returns the changes for add_counts()."""
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_CORRECT_AND_TELL if _ends_badly(corrections) else _CORRECT, [rows_of(corrections)])
        for distribution_id, old_state, old_outcome, state, outcome, newly_reached in cursor.fetchall():
            counts[distribution_id]["reached_count"] += newly_reached
            if before := _COUNTS.get((old_state, old_outcome)):
                counts[distribution_id][before] -= 1
            if after := _COUNTS.get((state, outcome)):
                counts[distribution_id][after] += 1
    return counts


def add_counts(counts: Mapping[UUID, Counter[str]]) -> None:
    """Add to distributions' counts, in the order of their ids so that two transactions do not deadlock."""
    names = sorted({name for added in counts.values() for name, count in added.items() if count})
    if names:
        rows = [
            {"id": distribution_id} | {name: added[name] for name in names}
            for distribution_id, added in counts.items()
            if any(added.values())
        ]
        with connection.cursor() as cursor:
            cursor.execute(_add_counts_statement(tuple(names)), [rows_of(rows)])


@cache
def _add_counts_statement(names: Sequence[str]) -> str:
    changes = ", ".join(f"{name} = d.{name} + given.{name}" for name in names)
    columns = ", ".join(f"{name} int" for name in names)
    return f"""
        WITH given AS (SELECT * FROM json_to_recordset(%s::json) AS given(id uuid, {columns})),
        held AS MATERIALIZED (
            SELECT d.id FROM distributor_distribution d JOIN given USING (id) ORDER BY d.id FOR NO KEY UPDATE OF d
        )
        UPDATE distributor_distribution d SET {changes}
        FROM given JOIN held USING (id) WHERE d.id = given.id
    """


def _ends_badly(changes: Sequence[Move] | Sequence[Correction]) -> bool:
    """Whether a journey may end so that callers are told of it: stopped, failed, or nobody can say."""
    told = (RecipientOutcome.FAILED, RecipientOutcome.INDETERMINATE)
    return any(change.state == RecipientState.STOPPED or change.outcome in told for change in changes)


def _end_state(conclusion: Conclusion) -> tuple[RecipientState, str]:
    """Return the state and outcome that store a conclusion."""
    if conclusion.ending is None:
        return RecipientState.STOPPED, ""
    return RecipientState.FINISHED, RecipientOutcome(conclusion.ending)
