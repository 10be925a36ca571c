"""Correcting journeys: what becomes of people when an event tells how a try ended after all.

Whoever waits for evidence is settled by it. Whoever ended as sent, or as indeterminate, and was not reached, goes on to
the chain's next step, or ends as failed. Whoever opened or got a message waits for no fallback, where its distribution
stops on that. Nobody who answered is sent anything but thanks, and nobody who was stopped is sent to again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.batches import arm_batch
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.frequency_slots import release_slots
from distributor.engine.journey.next_step import channels_of, passage_of
from distributor.engine.journey.people import Person, find_in_flight, lock_people
from distributor.engine.journey.transitions import Correction, correct_recipients
from distributor.engine.route.step_context import StepContext, load_step_context
from distributor.models import Attempt, Decision, Recipient
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.journey.batching import lane_for
from distributor.rules.journey.chain import StepKind, fallbacks_are_over
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.delivery_events import Trouble
from distributor.rules.journey.outcomes import (
    certainly_nothing_left,
    ending_of,
    ending_of_last_step,
    failure_reason,
    has_unknown,
    is_delivered,
    reached_at,
)
from distributor.rules.journey.retry import Ending
from distributor.rules.journey.stop_reasons import StopReason

_STOPS_OF_FALLBACKS = [reason for reason in StopReason if reason.is_about_fallbacks]


@dataclass(frozen=True, slots=True)
class _Journey:
    """A recipient under its lock, with its attempts in their order."""

    recipient: Recipient
    person: Person
    attempts: Sequence[Attempt]
    was_called_off: bool

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def are_fallbacks_over(self) -> bool:
        """What its distribution stops on has happened."""
        is_opened = self.recipient.first_opened_at is not None
        stops_on = self.recipient.distribution.stops_on
        return fallbacks_are_over(stops_on, is_opened=is_opened, is_delivered=is_delivered(self.attempts))

    def stays(self) -> Correction:
        """As it is. Only when it was first sent to may have changed."""
        recipient = self.recipient
        return Correction(recipient.pk, recipient.state, recipient.outcome, recipient.reason, reached_at(self.attempts))

    def ends(self) -> Correction:
        """Finished, as its attempts say."""
        conclusion = conclude(
            has_reached=reached_at(self.attempts) is not None,
            has_unknown=has_unknown(self.attempts),
            failed_for=failure_reason([attempt.trouble for attempt in self.attempts]) or self.recipient.reason,
        )
        return Correction.to_end(self.recipient.pk, conclusion, reached_at(self.attempts))


@dataclass(slots=True)
class _Corrections:
    """What is to be written. `onward` are journeys by the step that they go on to, and when."""

    now: datetime
    routes: dict[UUID, StepContext] = field(default_factory=dict)
    done: list[Correction] = field(default_factory=list)
    onward: dict[tuple[UUID, UUID, datetime], list[_Journey]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    unreached: dict[UUID, list[tuple[UUID, int, datetime]]] = field(default_factory=dict)

    def route_of(self, journey: _Journey) -> StepContext:
        """Of the step that was tried last."""
        step_id = journey.last.step_id
        if step_id not in self.routes:
            self.routes[step_id] = load_step_context(journey.recipient.distribution_id, step_id)
        return self.routes[step_id]

    def go_on(self, journey: _Journey, step_id: UUID, due_at: datetime) -> None:
        self.onward.setdefault((journey.recipient.distribution_id, step_id, due_at), []).append(journey)


def reconcile_journeys(
    recipient_ids: Collection[int], now: datetime, counts: defaultdict[UUID, Counter[str]]
) -> set[int]:
    """Put recipients where their folded attempts say they belong, and add to `counts` what that moved.

    The caller holds their locks. Returns recipients whose message is with a provider now: settle looks at them again.
    """
    if not recipient_ids:
        return set()
    in_flight = find_in_flight(recipient_ids)
    corrections = _Corrections(now)
    for journey in _read(recipient_ids):
        if journey.recipient.state == RecipientState.WAITING and journey.recipient.pk in in_flight:
            continue
        _free_slot(corrections, journey)
        if journey.recipient.state == RecipientState.WAITING:
            _correct_waiting(corrections, journey)
        elif journey.recipient.state == RecipientState.FINISHED:
            _correct_finished(corrections, journey)
        else:
            corrections.done.append(journey.stays())
    _write(corrections, counts)
    return in_flight


def _free_slot(corrections: _Corrections, journey: _Journey) -> None:
    """Of whom no provider took anything, the last one not even after it had said so."""
    if journey.last.trouble == Trouble.DROPPED and certainly_nothing_left(journey.attempts):
        slot = (journey.person.id, journey.recipient.pk, journey.last.begun_at)
        corrections.unreached.setdefault(journey.recipient.distribution.survey_id, []).append(slot)


def _correct_waiting(corrections: _Corrections, journey: _Journey) -> None:
    recipient, ending = journey.recipient, ending_of_last_step(journey.attempts)
    waits_for = recipient.batch.step
    if waits_for.id == journey.last.step_id and ending is Ending.SENT:
        _end_step(corrections, journey, ending)
    elif waits_for.kind == StepKind.INVITATION and _needs_no_fallback(journey):
        _call_off_fallbacks(corrections, journey)
    elif waits_for.kind == StepKind.REMINDER and Ending.FAILED in (ending, ending_of(journey.attempts)):
        # Of what has not arrived nobody is reminded. Perhaps another channel is left.
        _end_step(corrections, journey, Ending.FAILED)
    elif ending is None:
        corrections.done.append(journey.stays())
    elif waits_for.id == journey.last.step_id:
        _end_step(corrections, journey, ending)
    elif waits_for.kind == StepKind.INVITATION and ending is Ending.FAILED and recipient.batch.due_at > corrections.now:
        # It waits for an answer to what did not arrive.
        _reroute(corrections, journey)
        corrections.go_on(journey, waits_for.id, corrections.now)
    else:
        corrections.done.append(journey.stays())


def _needs_no_fallback(journey: _Journey) -> bool:
    return journey.are_fallbacks_over and ending_of(journey.attempts) is Ending.SENT


def _call_off_fallbacks(corrections: _Corrections, journey: _Journey) -> None:
    """It waits for no fallback any more; perhaps for a reminder."""
    is_opened = journey.recipient.first_opened_at is not None
    reason = StopReason.OPENED if is_opened else StopReason.DELIVERED
    corrections.decisions.append(
        new_decision(
            DecisionKind.STOPPED,
            reason,
            corrections.now,
            distribution_id=journey.recipient.distribution_id,
            contact_id=journey.person.id,
            recipient_id=journey.recipient.pk,
            detail={"channel": journey.recipient.batch.step.channel},
        )
    )
    _end_step(corrections, journey, Ending.SENT)


def _correct_finished(corrections: _Corrections, journey: _Journey) -> None:
    recipient, ending = journey.recipient, ending_of(journey.attempts)
    is_over = journey.was_called_off or recipient.distribution.cancelled_at is not None
    has_responded = recipient.responded_at is not None
    if ending == recipient.outcome:
        corrections.done.append(journey.ends())  # perhaps for a graver reason
    elif has_responded and ending is not Ending.SENT:
        corrections.done.append(journey.stays())
    elif ending is not Ending.INDETERMINATE and not is_over and not has_responded:
        _end_step(corrections, journey, ending)
    else:
        corrections.done.append(journey.ends())


def _end_step(corrections: _Corrections, journey: _Journey, ending: Ending) -> None:
    """The next step, or the end of the journey."""
    person, waits_in = journey.person, journey.recipient.batch
    context = corrections.route_of(journey).with_personal_steps([person.id])
    passage = passage_of(
        context,
        person,
        journey.attempts,
        ending,
        reached_at=reached_at(journey.attempts),
        last_at=journey.last.begun_at,
        are_fallbacks_over=journey.are_fallbacks_over,
    )
    onward = context.next_step(person.id, passage, journey.attempts, channels_of(context, person), corrections.now)
    if onward is None:
        corrections.done.append(journey.ends())
    elif journey.recipient.state == RecipientState.WAITING and onward == (waits_in.step_id, waits_in.due_at):
        corrections.done.append(journey.stays())
    else:
        if ending is Ending.FAILED:
            _reroute(corrections, journey)
        corrections.go_on(journey, *onward)


def _reroute(corrections: _Corrections, journey: _Journey) -> None:
    corrections.decisions.append(
        new_decision(
            DecisionKind.REROUTED,
            failure_reason([journey.last.trouble]) or failure_reason([attempt.trouble for attempt in journey.attempts]),
            corrections.now,
            distribution_id=journey.recipient.distribution_id,
            contact_id=journey.person.id,
            recipient_id=journey.recipient.pk,
            detail={"channel": journey.last.channel, "attempt": journey.last.number},
        )
    )


def _write(corrections: _Corrections, counts: defaultdict[UUID, Counter[str]]) -> None:
    for (_, step_id, due_at), journeys in corrections.onward.items():
        batch_id = arm_batch(journeys[0].recipient.batch, step_id, due_at, len(journeys))
        corrections.done += [
            Correction(
                journey.recipient.pk, RecipientState.WAITING, "", "", reached_at(journey.attempts), batch_id=batch_id
            )
            for journey in journeys
        ]
        if due_at <= corrections.now:
            wake_lane_on_commit(lane_for(len(journeys)))
    Decision.objects.bulk_create(corrections.decisions)
    for distribution_id, moved in correct_recipients(corrections.done).items():
        counts[distribution_id].update(moved)
    for survey_id, unreached in sorted(corrections.unreached.items()):
        release_slots(survey_id, unreached)


def _read(recipient_ids: Collection[int]) -> list[_Journey]:
    """Those that were tried at all."""
    ids = list(recipient_ids)
    people = {person.recipient_id: person for person in lock_people(ids)}
    attempts = read_attempts(ids)
    stops = Decision.objects.filter(recipient_id__in=ids, kind=DecisionKind.STOPPED)
    called_off = set(stops.exclude(reason__in=_STOPS_OF_FALLBACKS).values_list("recipient_id", flat=True))
    recipients = Recipient.objects.filter(id__in=list(attempts)).select_related("batch__step", "distribution")
    return [
        _Journey(recipient, people[recipient.pk], attempts[recipient.pk], recipient.pk in called_off)
        for recipient in recipients.order_by("id")
    ]
