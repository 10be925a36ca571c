"""Reconcile journeys with events that tell how an attempt really ended.

- A recipient who waits for evidence is settled by it.
- A recipient who ended as sent or indeterminate, but was not reached, continues with the chain's next step or ends as
  failed.
- A recipient who waits for a manual retry waits no longer, if an earlier message counts as sent after all.
- A recipient who opened or received a message waits for no fallback, if the distribution stops on that.
- A recipient who responded is sent nothing but thank-yous. A recipient who was stopped is never sent to again.
- A recipient whose journey had ended when they said no is not sent the rest of its chain either.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.consent.stop import find_signals_since_acceptance
from distributor.engine.feedback.corrections import Corrections, Journey, read_journeys
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.next_step import channels_of, passage_of
from distributor.engine.journey.people import find_in_flight
from distributor.models import Recipient
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.delivery_events import Trouble
from distributor.rules.journey.outcomes import certainly_nothing_left, ending_of, ending_of_last_step, failure_reason
from distributor.rules.journey.retry import Ending
from distributor.rules.journey.stop_reasons import StopReason


def reconcile_journeys(
    recipient_ids: Collection[int], now: datetime, counts: defaultdict[UUID, Counter[str]]
) -> set[int]:
    """Put recipients where their folded attempts say they belong, and add the changes to `counts`.

    The caller holds their locks. Returns the recipients whose message is with a provider now. Those that wait are left
    alone: the caller marks them, so that settle reconciles them again.
    """
    if not recipient_ids:
        return set()
    in_flight = find_in_flight(recipient_ids)
    journeys = read_journeys(recipient_ids)
    corrections = Corrections(now, signals=find_signals_since_acceptance(_reopened(journeys)))
    for journey in journeys:
        if journey.recipient.state == RecipientState.WAITING and journey.recipient.pk in in_flight:
            continue
        # The provider first took the last message and then dropped it, and took none of the others.
        if journey.last_attempt.trouble == Trouble.DROPPED and certainly_nothing_left(journey.attempts):
            corrections.release_slot(journey)
        if journey.recipient.state == RecipientState.WAITING:
            _correct_waiting(corrections, journey)
        elif journey.recipient.state == RecipientState.FINISHED:
            _correct_finished(corrections, journey)
        else:
            corrections.keep(journey)
    corrections.write(counts)
    return in_flight


def _reopened(journeys: Sequence[Journey]) -> list[Recipient]:
    """Return the recipients whose journeys had ended, but not as their attempts say now."""
    return [
        journey.recipient
        for journey in journeys
        if journey.recipient.state == RecipientState.FINISHED
        and ending_of(journey.attempts) != journey.recipient.outcome
    ]


def _correct_waiting(corrections: Corrections, journey: Journey) -> None:
    recipient, ending = journey.recipient, ending_of_last_step(journey.attempts)
    waits_for = recipient.batch.step
    if journey.is_retried_in_vain:
        _continue_or_end(corrections, journey, Ending.SENT)
    elif not journey.attempts_since_retry:
        corrections.keep(journey)  # waits for the first message of its retry
    elif waits_for.id == journey.last_attempt.step_id and ending is Ending.SENT:
        _continue_or_end(corrections, journey, ending)
    elif waits_for.kind == StepKind.INVITATION and _needs_no_fallback(journey):
        _stop_fallbacks(corrections, journey)
    elif waits_for.kind == StepKind.REMINDER and Ending.FAILED in (ending, ending_of(journey.attempts)):
        # Nobody is reminded of a message that has not arrived. Perhaps another channel is left.
        _continue_or_end(corrections, journey, Ending.FAILED)
    elif ending is None:
        corrections.keep(journey)
    elif waits_for.id == journey.last_attempt.step_id:
        _continue_or_end(corrections, journey, ending)
    elif waits_for.kind == StepKind.INVITATION and ending is Ending.FAILED and recipient.batch.due_at > corrections.now:
        # The fallback waited for a response to a message that has not arrived. It is sent now instead.
        _record_reroute(corrections, journey)
        corrections.continue_with(journey, waits_for.id, corrections.now)
    else:
        corrections.keep(journey)


def _needs_no_fallback(journey: Journey) -> bool:
    return journey.are_fallbacks_over and ending_of(journey.attempts) is Ending.SENT


def _stop_fallbacks(corrections: Corrections, journey: Journey) -> None:
    """Let the recipient wait for no fallback any more. A reminder may follow."""
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
    _continue_or_end(corrections, journey, Ending.SENT)


def _correct_finished(corrections: Corrections, journey: Journey) -> None:
    recipient, ending = journey.recipient, ending_of(journey.attempts)
    is_over = journey.was_stopped or recipient.distribution.cancelled_at is not None
    has_responded = recipient.responded_at is not None
    if ending == recipient.outcome:
        corrections.end(journey)  # the reason may have become a graver one
    elif has_responded and ending is not Ending.SENT:
        corrections.keep(journey)
    elif ending is not Ending.INDETERMINATE and not is_over and not has_responded:
        _continue_unless_said_no(corrections, journey, ending)
    else:
        corrections.end(journey)


def _continue_unless_said_no(corrections: Corrections, journey: Journey, ending: Ending) -> None:
    """Let a journey that had ended continue. A no since its acceptance stops it, whatever channel comes next."""
    signal = corrections.signals.get(journey.recipient.pk)
    if signal is None:
        _continue_or_end(corrections, journey, ending)
        return
    corrections.decisions.append(
        new_decision(
            DecisionKind.STOPPED,
            StopReason.OPTED_OUT,
            corrections.now,
            distribution_id=journey.recipient.distribution_id,
            contact_id=journey.person.id,
            recipient_id=journey.recipient.pk,
            detail=signal,
        )
    )
    corrections.end(journey)


def _continue_or_end(corrections: Corrections, journey: Journey, ending: Ending) -> None:
    """Let the journey continue with the next step, or end it."""
    person, batch = journey.person, journey.recipient.batch
    context = corrections.context_of(journey).with_personal_steps([person.id])
    passage = passage_of(
        context,
        person,
        journey.attempts_since_retry,
        ending,
        reached_at=journey.reached_at,
        last_at=journey.last_attempt.begun_at,
        are_fallbacks_over=journey.are_fallbacks_over,
    )
    next_step = context.next_step(
        person.id, passage, journey.attempts_since_retry, channels_of(context, person), corrections.now
    )
    if next_step is None:
        corrections.end(journey)
    elif journey.recipient.state == RecipientState.WAITING and next_step == (batch.step_id, batch.due_at):
        corrections.keep(journey)
    else:
        if ending is Ending.FAILED:
            _record_reroute(corrections, journey)
        corrections.continue_with(journey, *next_step)


def _record_reroute(corrections: Corrections, journey: Journey) -> None:
    last_attempt = journey.last_attempt
    corrections.decisions.append(
        new_decision(
            DecisionKind.REROUTED,
            failure_reason([last_attempt.trouble]) or failure_reason([attempt.trouble for attempt in journey.attempts]),
            corrections.now,
            distribution_id=journey.recipient.distribution_id,
            contact_id=journey.person.id,
            recipient_id=journey.recipient.pk,
            detail={"channel": last_attempt.channel, "attempt": last_attempt.number},
        )
    )
