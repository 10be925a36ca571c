"""The consequences of a hand-over's results for its people: who is done, who continues with which step, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from channels.account_state.evidence import is_about_account
from channels.providers.base import Outcome, Result
from distributor.engine.consent.stop import detail_of
from distributor.engine.dispatch.account_health import AccountHealth
from distributor.engine.infrastructure.sql_params import storable
from distributor.engine.journey.attempts import since_retry
from distributor.engine.journey.batches import Scheduled, arm_batch
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.next_step import channels_of, passage_of
from distributor.engine.journey.people import Person
from distributor.engine.journey.transitions import Move
from distributor.engine.route.step_context import StepContext
from distributor.models import Attempt, Decision
from distributor.models.attempt import AttemptState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.consent import Signal
from distributor.rules.journey.conclusion import UNKNOWN_OUTCOME, conclude
from distributor.rules.journey.outcomes import certainly_nothing_left, failure_reason, has_unknown
from distributor.rules.journey.retry import Ending, Retry, after_attempt
from distributor.rules.journey.stop_reasons import StopReason

_FAILURE_REASONS = {
    Outcome.PERMANENT: "refused",
    Outcome.TRANSIENT: "attempts_exhausted",
    Outcome.UNKNOWN: UNKNOWN_OUTCOME,
}


@dataclass(frozen=True, slots=True)
class NextBatch:
    """The step and time that people continue with. People with equal values share a batch.

    `held_by` is the broken account that they wait for, if there is no other.
    """

    step_id: UUID
    due_at: datetime
    is_attempt: bool
    sent_at: datetime | None
    held_by: UUID | None = None


@dataclass(slots=True)
class Consequences:
    """Everything that follows from one hand-over, to be written in one transaction."""

    moves: list[Move] = field(default_factory=list)
    next_batches: dict[NextBatch, list[int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    attempted: list[tuple[Person, Result]] = field(default_factory=list)
    # People for whom certainly no message has left. Their frequency slots are released, even while they wait to retry.
    unreached: list[Person] = field(default_factory=list)
    duplicate_risks: int = 0


def consequences_of_results(
    context: StepContext,
    begun_at: datetime,
    results: Sequence[tuple[Person, Result]],
    health: AccountHealth,
    earlier: Mapping[int, Sequence[Attempt]],
    evidence_window: timedelta,
    repeat_window: timedelta,
    now: datetime,
    jitter: float,
) -> Consequences:
    """Return what follows from one result per person, and from the health of the account that they are of.

    `earlier` holds the attempts of recipients who have any. `jitter` is in [0, 1).
    """
    consequences = Consequences()
    context = context.with_personal_steps(person.id for person, _ in results)
    for person, result in _end_where_sent(consequences, context, results, earlier, begun_at):
        before = earlier.get(person.recipient_id, ())
        since = since_retry(before, person)
        on_step = [attempt for attempt in since if attempt.step_id == context.step.id]
        unknown_before = sum(attempt.state == AttemptState.UNKNOWN for attempt in on_step)
        may_have_left = result.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        consequences.duplicate_risks += may_have_left and _may_be_second_copy(unknown_before, before, since)
        verdict = after_attempt(
            result.outcome,
            scope=result.scope,
            number=len(on_step) + 1,
            first_at=on_step[0].begun_at if on_step else begun_at,
            begun_at=begun_at,
            unknown_before=unknown_before,
            channel=context.step.channel,
            evidence_window=evidence_window,
            repeat_until=begun_at + repeat_window if repeat_window else None,
            now=now,
            jitter=jitter,
        )
        if isinstance(verdict, Retry):
            _retry_step(consequences, context, person, result, verdict, before, health, now)
        else:
            _continue_or_end(consequences, context, person, result, verdict, before, begun_at, now)
    return consequences


def _end_where_sent(
    consequences: Consequences,
    context: StepContext,
    results: Sequence[tuple[Person, Result]],
    earlier: Mapping[int, Sequence[Attempt]],
    begun_at: datetime,
) -> Sequence[tuple[Person, Result]]:
    """End the journeys whose first attempt was accepted and that no step follows. Returns the results of the others.

    Mostly these are all. The rules say the same of each (rules/journey/retry.py), which takes 15 of a worker's 120 ms.
    """
    if context.may_continue:
        return results
    sent: list[tuple[Person, Result]] = []
    others: list[tuple[Person, Result]] = []
    for person, result in results:
        is_sent = result.outcome is Outcome.ACCEPTED and not result.opted_out and person.recipient_id not in earlier
        (sent if is_sent else others).append((person, result))
    if sent:
        consequences.attempted += sent
        conclusion = conclude(has_reached=True, has_unknown=False)
        recipient_ids = [person.recipient_id for person, _ in sent]
        consequences.moves.append(Move.to_end(recipient_ids, conclusion, is_attempt=True, sent_at=begun_at))
    return others


def consequences_of_unknown_outcomes(
    context: StepContext, given_up: Sequence[tuple[Person, Sequence[Attempt]]], now: datetime
) -> Consequences:
    """Return what follows for people whose last attempt keeps its unknown outcome and is not repeated."""
    consequences = Consequences()
    context = context.with_personal_steps(person.id for person, _ in given_up)
    for person, attempts in given_up:
        since = since_retry(attempts, person)
        passage = passage_of(
            context,
            person,
            since,
            Ending.INDETERMINATE,
            reached_at=person.first_sent_at,
            last_at=attempts[-1].begun_at,
        )
        next_step = context.next_step(person.id, passage, since, channels_of(context, person), now)
        if next_step is not None:
            _add_to_batch(consequences, person, NextBatch(*next_step, is_attempt=False, sent_at=None))
        else:
            conclusion = conclude(has_reached=person.first_sent_at is not None, has_unknown=True)
            consequences.moves.append(Move.to_end([person.recipient_id], conclusion))
    return consequences


def _may_be_second_copy(unknown_before: int, before: Sequence[Attempt], since: Sequence[Attempt]) -> bool:
    """Return whether a message that left may have arrived once already.

    On a step, a second copy leaves only after a first attempt of unknown outcome, and the step ends with it. A manual
    retry's first message may be a second copy of any earlier one (`since` are the attempts since the retry).
    """
    is_first_of_retry = len(since) < len(before) and certainly_nothing_left(since)
    return unknown_before == 1 or (is_first_of_retry and has_unknown(before))


def arm_next_batches(scheduled: Scheduled, consequences: Consequences) -> list[Move]:
    """Create a batch for each step and time that people continue with. Returns the moves that put them there."""
    moves = []
    for next_batch, recipient_ids in consequences.next_batches.items():
        batch_id = arm_batch(
            scheduled, next_batch.step_id, next_batch.due_at, len(recipient_ids), held_by=next_batch.held_by
        )
        moves.append(
            Move(
                recipient_ids,
                RecipientState.WAITING,
                batch_id=batch_id,
                is_attempt=next_batch.is_attempt,
                sent_at=next_batch.sent_at,
            )
        )
    return moves


def _retry_step(
    consequences: Consequences,
    context: StepContext,
    person: Person,
    result: Result,
    retry: Retry,
    before: Sequence[Attempt],
    health: AccountHealth,
    now: datetime,
) -> None:
    """Let the person wait for another attempt of the same step."""
    if retry.is_attempt:
        consequences.attempted.append((person, result))
    if result.outcome is not Outcome.UNKNOWN and certainly_nothing_left(before):
        consequences.unreached.append(person)
    # If the account is held back, people are due at once: begin may choose another account, or parks them. If there
    # is no other one, whoever broke or paused it lets somebody else go first.
    is_account_held = is_about_account(result) and result.retry_after_seconds != 0
    if is_account_held and health.asks_again_at:
        due_at, held_by = health.asks_again_at, context.account.id
    else:
        due_at, held_by = now if is_account_held else retry.due_at, None
    next_batch = NextBatch(context.step.id, due_at, retry.is_attempt, sent_at=None, held_by=held_by)
    _add_to_batch(consequences, person, next_batch)
    until = health.held_until if is_account_held else retry.due_at
    decision = _decision(context, person, DecisionKind.DEFERRED, retry.reason, result, now, until=until)
    if is_account_held:
        since = health.failing_since or now
        decision.detail |= {"account": context.account_option.name, "since": since.isoformat()}
    consequences.decisions.append(decision)


def _continue_or_end(
    consequences: Consequences,
    context: StepContext,
    person: Person,
    result: Result,
    ending: Ending,
    before: Sequence[Attempt],
    begun_at: datetime,
    now: datetime,
) -> None:
    """Let the person continue with the chain's next step, or end the journey."""
    consequences.attempted.append((person, result))
    sent_at = begun_at if ending is Ending.SENT else None
    reached_at = person.first_sent_at or sent_at
    if ending is Ending.FAILED and certainly_nothing_left(before):
        consequences.unreached.append(person)
    next_step = None
    if context.may_continue and not result.opted_out:
        since = since_retry(before, person)
        passage = passage_of(context, person, since, ending, reached_at=reached_at, last_at=begun_at)
        next_step = context.next_step(person.id, passage, since, channels_of(context, person), now)
    if next_step is not None:
        _add_to_batch(consequences, person, NextBatch(*next_step, is_attempt=True, sent_at=sent_at))
        if ending is Ending.FAILED:
            reason = _FAILURE_REASONS[result.outcome]
            consequences.decisions.append(_decision(context, person, DecisionKind.REROUTED, reason, result, now))
        return
    if result.opted_out:
        consequences.decisions.append(_opted_out(context, person, now))
    conclusion = conclude(
        has_reached=reached_at is not None,
        has_unknown=ending is Ending.INDETERMINATE or has_unknown(before),
        failed_for=failure_reason([attempt.trouble for attempt in before]) or _FAILURE_REASONS.get(result.outcome, ""),
    )
    consequences.moves.append(Move.to_end([person.recipient_id], conclusion, is_attempt=True, sent_at=sent_at))


def _opted_out(context: StepContext, person: Person, now: datetime) -> Decision:
    """The person told the provider to stop: the chain does not go on, by whatever channel."""
    return new_decision(
        DecisionKind.STOPPED,
        StopReason.OPTED_OUT,
        now,
        distribution_id=context.distribution.id,
        contact_id=person.id,
        recipient_id=person.recipient_id,
        detail=detail_of(Signal.STOP.value, context.step.channel),
    )


def _add_to_batch(consequences: Consequences, person: Person, next_batch: NextBatch) -> None:
    consequences.next_batches.setdefault(next_batch, []).append(person.recipient_id)


def _decision(
    context: StepContext,
    person: Person,
    kind: DecisionKind,
    reason: str,
    result: Result,
    now: datetime,
    *,
    until: datetime | None = None,
) -> Decision:
    return new_decision(
        kind,
        reason,
        now,
        distribution_id=context.distribution.id,
        contact_id=person.id,
        recipient_id=person.recipient_id,
        detail={
            "channel": context.step.channel,
            "code": storable(result.code, 63),
            "detail": storable(result.detail, 500),
        },
        until=until,
    )
