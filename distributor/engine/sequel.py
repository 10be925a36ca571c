"""What the results of a hand-over mean for its people: who is done, who goes on where, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from channels.providers.base import Outcome, Result, Scope
from distributor.engine.bulk import storable
from distributor.engine.facts import address_on
from distributor.engine.heeding import breaks_account, pauses_account
from distributor.engine.journeys import Move
from distributor.engine.messages import Person
from distributor.engine.routes import Route
from distributor.models import Decision
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.fallback import unanswered_at
from distributor.rules.outcomes import failure_reason
from distributor.rules.retrying import Again, Ending, after_try

_FAILURE_REASONS = {
    Outcome.PERMANENT: "refused",
    Outcome.TRANSIENT: "attempts_exhausted",
    Outcome.UNKNOWN: "unknown_outcome",
}


@dataclass(frozen=True, slots=True)
class Onward:
    """Where people go on: those with an equal one share a batch."""

    step_id: UUID
    due_at: datetime
    is_attempt: bool
    sent_at: datetime | None


@dataclass(slots=True)
class Sequel:
    """All that follows from one hand-over, to be written in one transaction."""

    moves: list[Move] = field(default_factory=list)
    onward: dict[Onward, list[int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    tried: list[tuple[Person, Result]] = field(default_factory=list)
    # To whom certainly nothing went out: their frequency slot is free again.
    unreached: list[Person] = field(default_factory=list)
    duplicate_risks: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a recipient's earlier tries came to: the steps of those of unknown outcome, and the troubles told since."""

    unknown_steps: tuple[UUID, ...] = ()
    troubles: tuple[int, ...] = ()


_NO_TRIES = Earlier()


def follow(
    route: Route,
    begun_at: datetime,
    outcomes: Sequence[tuple[Person, Result]],
    earlier: Mapping[int, Earlier],
    evidence_window: timedelta,
    now: datetime,
    jitter: float,
) -> Sequel:
    """What follows. `earlier` by recipient, of those that have any; `jitter` in [0, 1)."""
    sequel = Sequel()
    for person, result in outcomes:
        before = earlier.get(person.recipient_id, _NO_TRIES)
        unknown_before = before.unknown_steps.count(route.step.id)
        # A second copy leaves only after a first try of unknown outcome, and with it the step ends.
        may_have_left = result.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        sequel.duplicate_risks += may_have_left and unknown_before == 1
        verdict = after_try(
            result.outcome,
            about_account=result.scope in (Scope.ACCOUNT, Scope.SENDER),
            number=person.attempt_count + 1,
            unknown_before=unknown_before,
            channel=route.step.channel,
            retry_after_seconds=result.retry_after_seconds,
            evidence_window=evidence_window,
            now=now,
            jitter=jitter,
        )
        if isinstance(verdict, Again):
            _again(sequel, route, person, result, verdict, now)
        else:
            _ended(sequel, route, person, result, verdict, before, begun_at, now)
    return sequel


def give_up(route: Route, silent: Sequence[tuple[Person, datetime]], now: datetime) -> Sequel:
    """What follows for people whose last try, begun then, stays of unknown outcome: nothing more was told of it."""
    sequel = Sequel()
    for person, begun_at in silent:
        onward = next_step_after(route, person, Ending.INDETERMINATE, begun_at, now)
        if onward is not None:
            _go_on(sequel, person, Onward(*onward, False, None))
        elif person.first_sent_at is not None:
            sequel.moves.append(Move(person.recipient_id, RecipientState.FINISHED, RecipientOutcome.SENT))
        else:
            reason = _FAILURE_REASONS[Outcome.UNKNOWN]
            sequel.moves.append(
                Move(person.recipient_id, RecipientState.FINISHED, RecipientOutcome.INDETERMINATE, reason)
            )
    return sequel


def _again(sequel: Sequel, route: Route, person: Person, result: Result, again: Again, now: datetime) -> None:
    """The same step once more."""
    if again.is_attempt:
        sequel.tried.append((person, result))
    # An account that is held back makes them wait at begin, where another one may take them.
    is_account_held = breaks_account(route, result) or pauses_account(result)
    due_at = now if is_account_held else again.due_at
    _go_on(sequel, person, Onward(route.step.id, due_at, again.is_attempt, None))
    decision = _decision(route, person, DecisionKind.DEFERRED, again.reason, result, now)
    decision.until = again.due_at
    sequel.decisions.append(decision)


def _ended(
    sequel: Sequel,
    route: Route,
    person: Person,
    result: Result,
    ending: Ending,
    before: Earlier,
    begun_at: datetime,
    now: datetime,
) -> None:
    """This step is over: the chain's next one, or the end of the journey."""
    sequel.tried.append((person, result))
    sent_at = begun_at if ending is Ending.SENT else None
    reached = ending is Ending.SENT or person.first_sent_at is not None
    if ending is Ending.FAILED and not reached and not before.unknown_steps:
        sequel.unreached.append(person)
    onward = next_step_after(route, person, ending, begun_at, now)
    if onward is not None:
        _go_on(sequel, person, Onward(*onward, True, sent_at))
        if ending is Ending.FAILED:
            reason = _FAILURE_REASONS[result.outcome]
            sequel.decisions.append(_decision(route, person, DecisionKind.REROUTED, reason, result, now))
        return
    if reached:
        outcome, reason = RecipientOutcome.SENT, ""
    elif ending is Ending.INDETERMINATE or before.unknown_steps:
        outcome, reason = RecipientOutcome.INDETERMINATE, _FAILURE_REASONS[Outcome.UNKNOWN]
    else:
        outcome = RecipientOutcome.FAILED
        reason = failure_reason(before.troubles) or _FAILURE_REASONS[result.outcome]
    sequel.moves.append(
        Move(person.recipient_id, RecipientState.FINISHED, outcome, reason, is_attempt=True, sent_at=sent_at)
    )


def next_step_after(
    route: Route, person: Person, ending: Ending, begun_at: datetime, now: datetime
) -> tuple[UUID, datetime] | None:
    """The chain's next step and when: at once after a failure, after the delay while what was sent is unanswered."""
    if route.distribution.mode != "multi":
        return None
    step = route.next_step({step.channel: address_on(step.channel, person.email, person.phone) for step in route.steps})
    delay = route.step.fallback_delay_minutes
    if step is None:
        return None
    if ending is Ending.FAILED:
        return step.id, now
    return None if delay is None else (step.id, max(now, unanswered_at(begun_at, delay)))


def _go_on(sequel: Sequel, person: Person, onward: Onward) -> None:
    sequel.onward.setdefault(onward, []).append(person.recipient_id)


def _decision(route: Route, person: Person, kind: DecisionKind, reason: str, result: Result, now: datetime) -> Decision:
    return Decision(
        distribution_id=route.distribution.id,
        contact_id=person.id,
        recipient_id=person.recipient_id,
        kind=kind,
        reason=reason,
        detail={
            "channel": route.step.channel,
            "code": storable(result.code, 63),
            "detail": storable(result.detail, 500),
        },
        decided_at=now,
    )
