"""Write a forgotten hand-over back: its attempts have an unknown outcome, and nobody in it is sent again without proof.

the provider takes the attempt's key   the recipient waits; after the release the same attempt is repeated
anything else                          the journey ends, as indeterminate unless an earlier message arrived
a report has come meanwhile            it is applied, as to every attempt
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from channels.models import ProviderAccount
from channels.providers.registry import repeat_window
from distributor.engine.counters.count import Route, Tally, count_attempts
from distributor.engine.feedback.event_store import fold_events
from distributor.engine.feedback.reconcile import reconcile_journeys
from distributor.engine.infrastructure.sql_params import rows_of
from distributor.engine.journal.lines import JournalledAttempt, JournalLine, prove_code
from distributor.engine.journey.batches import move_into_batch
from distributor.engine.journey.frequency_slots import reserve_slots
from distributor.engine.journey.people import Person, lock_people
from distributor.engine.journey.transitions import Move, add_counts, move_recipients
from distributor.engine.recovery.sequences import skip_used_numbers
from distributor.engine.route.step_context import as_account
from distributor.models import Distribution, Handover, Recipient, Step
from distributor.models.attempt import AttemptState
from distributor.models.recipient import RecipientState
from distributor.rules.journey.conclusion import conclude

DETAIL = "The database was restored from a backup that is older than this attempt."

# An attempt's number is used again if nothing was taken. Then the last hand-over with it is the one in doubt.
_INSERT_ATTEMPTS = """
INSERT INTO distributor_attempt (
    recipient_id, number, state, provider_message_id, code, detail,
    step_id, provider_account_id, channel, begun_at, ended_at)
SELECT given.*, 'unknown', '', '', %(detail)s, %(step_id)s, %(account_id)s, %(channel)s, %(begun_at)s, %(now)s
FROM json_to_recordset(%(attempts)s) AS given(recipient_id bigint, number smallint)
ON CONFLICT (recipient_id, number) DO UPDATE SET
    step_id = excluded.step_id, provider_account_id = excluded.provider_account_id, channel = excluded.channel,
    begun_at = excluded.begun_at, ended_at = excluded.ended_at
WHERE distributor_attempt.detail = excluded.detail AND distributor_attempt.state = 'unknown'
RETURNING old.recipient_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """What became of the attempts of one line."""

    to_repeat: int = 0
    written_back: int = 0
    unknown_recipients: int = 0


@transaction.atomic
def write_back(line: JournalLine, now: datetime) -> WrittenBack | None:
    """Write one line back, in one transaction. Returns None if it is in the database already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('recovery', 0))")
    if Handover.objects.filter(id=line.handover_id).exists():
        return None
    attempts = {attempt.recipient_id: attempt for attempt in line.attempts}
    found = {person.recipient_id: person for person in lock_people(sorted(attempts))}
    people = [person for person in found.values() if attempts[person.recipient_id].proof == prove_code(person.code)]
    known_ids = {person.recipient_id for person in people}
    skip_used_numbers([_number_of(attempts[person_id]) for person_id in found])
    Handover.objects.create(
        id=line.handover_id,
        batch_id=line.batch_id,
        fence=0,
        provider_account_id=line.account_id,
        recipient_ids=sorted(known_ids),
        begun_at=line.at,
        settled_at=now,
    )
    to_repeat = _write_people_back(line, people, attempts, now) if people else 0
    return WrittenBack(to_repeat, len(people), len(attempts) - len(people))


def _write_people_back(
    line: JournalLine, people: Sequence[Person], attempts: Mapping[int, JournalledAttempt], now: datetime
) -> int:
    """Write the attempts of people whom the database knows. Returns how many can be repeated."""
    distribution = Distribution.objects.get(pk=line.distribution_id)
    recipients = {
        recipient.pk: recipient
        for recipient in Recipient.objects.filter(pk__in=[person.recipient_id for person in people]).select_related(
            "batch"
        )
    }
    step_id = _step_id(line, recipients[people[0].recipient_id])
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ATTEMPTS,
            {
                "attempts": rows_of([_number_of(attempts[person.recipient_id]) for person in people]),
                "detail": DETAIL,
                "step_id": step_id,
                "account_id": line.account_id,
                "channel": line.channel,
                "begun_at": line.at,
                "now": now,
            },
        )
        new_count = sum(is_new for (is_new,) in cursor.fetchall())
    tally = Tally()
    count_attempts(tally, Route(line.channel, line.account_id), [AttemptState.UNKNOWN.value] * new_count)
    reserve_slots(distribution.survey_id, people, line.at)
    waiting = [person for person in people if recipients[person.recipient_id].state == RecipientState.WAITING]
    is_repeatable = now < line.at + _repeat_window(line.account_id)
    moves: list[Move] = []
    if waiting and is_repeatable:
        batch = recipients[waiting[0].recipient_id].batch
        moves = [move_into_batch(batch, step_id, now, [person.recipient_id for person in waiting])]
    elif waiting:
        moves = [_end(person) for person in waiting]
    move_recipients(distribution.pk, moves)
    _apply_reports(sorted(recipients), now, tally)
    tally.write(distribution.organization_id, now)
    return len(waiting) if is_repeatable else 0


def _apply_reports(recipient_ids: Sequence[int], now: datetime, tally: Tally) -> None:
    """Apply what providers have reported since the restore. Nothing else begins: no thank-you and no added reminder."""
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    fold_events(recipient_ids, now, tally)
    reconcile_journeys(recipient_ids, now, counts)
    add_counts(counts)


def _end(person: Person) -> Move:
    conclusion = conclude(has_reached=person.first_sent_at is not None, has_unknown=True)
    return Move.to_end([person.recipient_id], conclusion)


def _step_id(line: JournalLine, recipient: Recipient) -> UUID:
    """Return the line's step, or the one that the recipient waits for if it was added after the backup."""
    return line.step_id if Step.objects.filter(pk=line.step_id).exists() else recipient.batch.step_id


def _repeat_window(account_id: UUID) -> timedelta:
    account = ProviderAccount.objects.filter(pk=account_id).first()
    return timedelta(0) if account is None else repeat_window(account.kind, as_account(account))


def _number_of(attempt: JournalledAttempt) -> dict[str, int]:
    return {"recipient_id": attempt.recipient_id, "number": attempt.number}
