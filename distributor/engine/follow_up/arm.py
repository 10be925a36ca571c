"""Put people into the batch of a reminder or thank-you that was added to their distribution.

People who have a hand-over still to come reach the added step when it is settled (rules/journey/chain.py). This module
handles the others: people whose journey is over, and people who wait for a later step.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from distributor.engine.eligibility.facts import address_on
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.batches import arm_batch
from distributor.engine.journey.decisions import find_stopped
from distributor.engine.journey.people import find_in_flight
from distributor.engine.journey.transitions import Correction, add_counts, correct_recipients
from distributor.models import Attempt, Batch, Distribution, Recipient, Step
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.batching import lane_for
from distributor.rules.journey.interruptions import IdleJourney, interrupts
from distributor.rules.journey.stop_reasons import FINAL_STOPS, StopReason
from distributor.rules.timing.timetable import Timetable, refuse_late

_RECIPIENTS = """
SELECT r.id, r.distribution_id, r.contact_id, r.state, r.outcome, r.reason, r.batch_id, r.first_sent_at, r.responded_at,
    c.email, c.phone
FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id
"""
_LOCK_NEXT = f"{_RECIPIENTS} WHERE r.distribution_id = %s AND r.id > %s ORDER BY r.id LIMIT %s FOR NO KEY UPDATE OF r"
_LOCK_CONTACT = f"{_RECIPIENTS} WHERE r.distribution_id = %s AND r.contact_id = %s FOR NO KEY UPDATE OF r"
_READ_BY_ID = f"{_RECIPIENTS} WHERE r.id = ANY(%s::bigint[]) ORDER BY r.id"

# Reasons that end a journey for good. Every other stop was about one channel or one moment only.
_FINAL_STOPS = {*FINAL_STOPS, "processing_failed"}


class RecipientRow(NamedTuple):
    """The columns of a recipient and its contact that decide whether it gets an added step."""

    id: int
    distribution_id: UUID
    contact_id: UUID
    state: str
    outcome: str
    reason: str
    batch_id: UUID
    first_sent_at: datetime | None
    responded_at: datetime | None
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A locked recipient who may be sent something more and whose message is not with a provider."""

    row: RecipientRow
    batch: Batch
    journey: IdleJourney


def lock_next_recipients(step: Step, after_id: int, limit: int) -> list[RecipientRow]:
    """Lock the next recipients of the step's distribution, by id; only one if the step is for one contact."""
    if step.contact_id is None:
        return _read_rows(_LOCK_NEXT, [step.distribution_id, after_id, limit])
    return [] if after_id else _read_rows(_LOCK_CONTACT, [step.distribution_id, step.contact_id])


def find_candidates(rows: Sequence[RecipientRow]) -> list[Candidate]:
    """Return the locked recipients who may be sent something more now.

    Recipients whose message is with a provider are marked instead: settle calls arm_after_settle() for them.
    """
    in_flight = find_in_flight([row.id for row in rows])
    if in_flight:
        Recipient.objects.filter(id__in=in_flight, has_early_events=False).update(has_early_events=True)
    eligible = [row for row in rows if row.id not in in_flight and _may_get_more(row)]
    ids = [row.id for row in eligible]
    attempts = read_attempts(ids)
    stopped_ids = find_stopped(ids, _FINAL_STOPS.__contains__)
    batches = Batch.objects.select_related("step").in_bulk({row.batch_id for row in eligible})
    return [
        Candidate(row, batches[row.batch_id], _idle_journey(row, batches[row.batch_id], attempts.get(row.id, ())))
        for row in eligible
        if row.id not in stopped_ids
    ]


def arm_candidates(step: Step, candidates: Sequence[Candidate], now: datetime, *, lane: str | None = None) -> set[int]:
    """Let the candidates whom the step concerns wait for it, in the caller's transaction. Returns their ids."""
    concerned = [
        candidate
        for candidate in candidates
        if address_on(step.channel, candidate.row.email, candidate.row.phone)
        and interrupts(step, candidate.journey, now)
    ]
    if not concerned:
        return set()
    due_at = max(now, step.scheduled_at or now)
    batch_id = arm_batch(concerned[0].batch, step.id, due_at, len(concerned), lane=lane)
    corrections = [
        Correction(candidate.row.id, RecipientState.WAITING, "", "", candidate.row.first_sent_at, batch_id)
        for candidate in concerned
    ]
    add_counts(correct_recipients(corrections))
    if due_at <= now:
        wake_lane_on_commit(lane or lane_for(len(concerned)))
    return {candidate.row.id for candidate in concerned}


def arm_after_settle(recipient_ids: Collection[int], now: datetime) -> None:
    """Arm the added steps of recipients who were marked by find_candidates(), now that their message is settled.

    The caller holds their locks.
    """
    extended = Distribution.objects.filter(recipients__in=recipient_ids, follow_up_count__gt=0, cancelled_at=None)
    distribution_ids = set(extended.values_list("pk", flat=True))
    if not distribution_ids:
        return
    rows = _read_rows(_READ_BY_ID, [array_of(recipient_ids)])
    for_these_contacts = Q(contact_id=None) | Q(contact_id__in=[row.contact_id for row in rows])
    added = Step.objects.filter(for_these_contacts, distribution_id__in=distribution_ids, scheduled_at__isnull=False)
    steps = added.select_related("distribution")
    candidates = find_candidates(rows)
    for step in sorted(steps, key=lambda step: (step.scheduled_at or now, step.position)):
        if not ends_before(step, now):
            armed = arm_candidates(step, [candidate for candidate in candidates if _is_for(step, candidate.row)], now)
            candidates = [candidate for candidate in candidates if candidate.row.id not in armed]


def ends_before(step: Step, now: datetime) -> bool:
    """Return whether the distribution ends before the step's scheduled time, so that nobody would be sent it."""
    distribution = step.distribution
    end = Timetable(not_after=distribution.not_after, expires_at=distribution.expires_at)
    return refuse_late(max(now, step.scheduled_at or now), end) is not None


def _read_rows(statement: str, parameters: list[Any]) -> list[RecipientRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [RecipientRow(*row) for row in cursor.fetchall()]


def _may_get_more(row: RecipientRow) -> bool:
    """Return whether the recipient has been reached or has responded. Failed, stopped and registered ones have not."""
    match row.state:
        case RecipientState.WAITING:
            return row.first_sent_at is not None or row.responded_at is not None
        case RecipientState.FINISHED:
            return row.outcome != RecipientOutcome.FAILED
        case RecipientState.STOPPED:
            return row.reason == StopReason.RESPONDED
    return False


def _idle_journey(row: RecipientRow, batch: Batch, attempts: Sequence[Attempt]) -> IdleJourney:
    is_waiting = row.state == RecipientState.WAITING
    return IdleJourney(
        reached_at=row.first_sent_at,
        responded_at=row.responded_at,
        attempts=attempts,
        waits_for=batch.step if is_waiting else None,
        waits_until=batch.due_at if is_waiting else None,
    )


def _is_for(step: Step, row: RecipientRow) -> bool:
    return row.distribution_id == step.distribution_id and step.contact_id in (None, row.contact_id)
