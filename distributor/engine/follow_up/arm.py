"""Put people into the batch of a reminder or thank-you that was added to their distribution.

People who are still to be handed something reach the added step when that is settled (rules/journey/chain.py). This
module looks at the others: those whose journey is over, and those who wait for something later.
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
from distributor.engine.journey.people import find_in_flight
from distributor.engine.journey.transitions import Correction, add_counts, correct_recipients
from distributor.models import Batch, Decision, Distribution, Recipient, Step
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.batching import lane_for
from distributor.rules.journey.interruptions import IdleJourney, interrupts
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.timing.timetable import Timetable, refuse_late

_PEOPLE = """
SELECT r.id, r.distribution_id, r.contact_id, r.state, r.outcome, r.reason, r.batch_id, r.first_sent_at, r.responded_at,
    c.email, c.phone
FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id
"""
_LOCK_NEXT = f"{_PEOPLE} WHERE r.distribution_id = %s AND r.id > %s ORDER BY r.id LIMIT %s FOR NO KEY UPDATE OF r"
_LOCK_ONE = f"{_PEOPLE} WHERE r.distribution_id = %s AND r.contact_id = %s FOR NO KEY UPDATE OF r"
_READ_NAMED = f"{_PEOPLE} WHERE r.id = ANY(%s::bigint[]) ORDER BY r.id"

# What calls a journey off for good. Anything else that stopped it was about one channel or one moment.
_CALLED_OFF = [StopReason.OPTED_OUT, StopReason.CANCELLED, StopReason.ERASED, "processing_failed"]


class _Row(NamedTuple):
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
class Resting:
    """A recipient under its lock whom no provider holds, and who may be sent something more."""

    row: _Row
    batch: Batch
    pause: IdleJourney


def lock_next(step: Step, after_id: int, limit: int) -> list[_Row]:
    """The next recipients of the step's distribution, by their ids; of one person's step that person alone."""
    if step.contact_id is None:
        return _rows(_LOCK_NEXT, [step.distribution_id, after_id, limit])
    return [] if after_id else _rows(_LOCK_ONE, [step.distribution_id, step.contact_id])


def look_at(rows: Sequence[_Row]) -> list[Resting]:
    """Those of the locked recipients who rest. Those who are with a provider are marked: their settle looks again."""
    in_flight = find_in_flight([row.id for row in rows])
    if in_flight:
        Recipient.objects.filter(id__in=in_flight, has_early_events=False).update(has_early_events=True)
    resting = [row for row in rows if row.id not in in_flight and _may_go_on(row)]
    ids = [row.id for row in resting]
    attempts = read_attempts(ids)
    stops = Decision.objects.filter(recipient_id__in=ids, kind=DecisionKind.STOPPED, reason__in=_CALLED_OFF)
    called_off = set(stops.values_list("recipient_id", flat=True))
    batches = Batch.objects.select_related("step").in_bulk({row.batch_id for row in resting})
    return [
        Resting(row, batches[row.batch_id], _pause_of(row, batches[row.batch_id], attempts.get(row.id, ())))
        for row in resting
        if row.id not in called_off
    ]


def arm(step: Step, people: Sequence[Resting], now: datetime, *, lane: str | None = None) -> set[int]:
    """Let those whom the step concerns wait for it, in the caller's transaction. Returns their recipients' ids."""
    concerned = [one for one in people if _reaches(step, one.row) and interrupts(step, one.pause, now)]
    if not concerned:
        return set()
    due_at = max(now, step.scheduled_at or now)
    batch_id = arm_batch(concerned[0].batch, step.id, due_at, len(concerned), lane=lane)
    waits = [
        Correction(one.row.id, RecipientState.WAITING, "", "", one.row.first_sent_at, batch_id) for one in concerned
    ]
    add_counts(correct_recipients(waits))
    if due_at <= now:
        wake_lane_on_commit(lane or lane_for(len(concerned)))
    return {one.row.id for one in concerned}


def look_again(recipient_ids: Collection[int], now: datetime) -> None:
    """Recipients whose message is settled now, and who were marked before. The caller has their locks."""
    added_to = Distribution.objects.filter(recipients__in=recipient_ids, follow_up_count__gt=0, cancelled_at=None)
    distribution_ids = set(added_to.values_list("pk", flat=True))
    if not distribution_ids:
        return
    rows = _rows(_READ_NAMED, [array_of(recipient_ids)])
    for_them = Q(contact_id=None) | Q(contact_id__in=[row.contact_id for row in rows])
    added = Step.objects.filter(for_them, distribution_id__in=distribution_ids, scheduled_at__isnull=False)
    steps = added.select_related("distribution")
    people = look_at(rows)
    for step in sorted(steps, key=lambda one: (one.scheduled_at or now, one.position)):
        if not is_over(step, now):
            own = [one for one in people if one.row.distribution_id == step.distribution_id]
            armed = arm(step, [one for one in own if step.contact_id in (None, one.row.contact_id)], now)
            people = [one for one in people if one.row.id not in armed]


def is_over(step: Step, now: datetime) -> bool:
    """Whether its distribution ends before the step's moment: nobody would be sent it."""
    distribution = step.distribution
    ends = Timetable(not_after=distribution.not_after, expires_at=distribution.expires_at)
    return refuse_late(max(now, step.scheduled_at or now), ends) is not None


def _rows(statement: str, parameters: list[Any]) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_Row(*row) for row in cursor.fetchall()]


def _may_go_on(row: _Row) -> bool:
    """Reached, or answered after all; not who was stopped, failed, or is only registered."""
    match row.state:
        case RecipientState.WAITING:
            return row.first_sent_at is not None or row.responded_at is not None
        case RecipientState.FINISHED:
            return row.outcome != RecipientOutcome.FAILED
        case RecipientState.STOPPED:
            return row.reason == StopReason.RESPONDED
    return False


def _pause_of(row: _Row, batch: Batch, attempts: Sequence[Any]) -> IdleJourney:
    waits = row.state == RecipientState.WAITING
    return IdleJourney(
        reached_at=row.first_sent_at,
        responded_at=row.responded_at,
        attempts=attempts,
        waits_for=batch.step if waits else None,
        waits_until=batch.due_at if waits else None,
    )


def _reaches(step: Step, row: _Row) -> bool:
    return bool(address_on(step.channel, row.email, row.phone))
