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
from distributor.models import Attempt, Decision
from distributor.models.attempt import AttemptState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.chaining import Passage, is_enough
from distributor.rules.outcomes import certainly_nothing_left, failure_reason, first_at, is_delivered
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
    # To whom certainly nothing went out so far: their frequency slot is free again, also while they wait for a retry.
    unreached: list[Person] = field(default_factory=list)
    duplicate_risks: int = 0


def follow(
    route: Route,
    begun_at: datetime,
    outcomes: Sequence[tuple[Person, Result]],
    earlier: Mapping[int, Sequence[Attempt]],
    evidence_window: timedelta,
    now: datetime,
    jitter: float,
) -> Sequel:
    """What follows. `earlier` tries by recipient, of those that have any; `jitter` in [0, 1)."""
    sequel = Sequel()
    route = route.with_own_steps(person.id for person, _ in outcomes)
    for person, result in outcomes:
        before = earlier.get(person.recipient_id, ())
        unknown_before = sum(one.state == AttemptState.UNKNOWN and one.step_id == route.step.id for one in before)
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
            _again(sequel, route, person, result, verdict, before, now)
        else:
            _ended(sequel, route, person, result, verdict, before, begun_at, now)
    return sequel


def give_up(route: Route, silent: Sequence[tuple[Person, Sequence[Attempt]]], now: datetime) -> Sequel:
    """What follows for people whose last try stays of unknown outcome: nothing more was told of it."""
    sequel = Sequel()
    route = route.with_own_steps(person.id for person, _ in silent)
    for person, tries in silent:
        passage = passage_of(
            route,
            Ending.INDETERMINATE,
            tries,
            has_reached=person.first_sent_at is not None,
            is_enough=has_enough(route, person, tries),
            responded_at=person.responded_at,
        )
        onward = route.next_step(person.id, passage, tries, channels_of(route, person), now)
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


def _again(
    sequel: Sequel, route: Route, person: Person, result: Result, again: Again, before: Sequence[Attempt], now: datetime
) -> None:
    """The same step once more."""
    if again.is_attempt:
        sequel.tried.append((person, result))
    if result.outcome is not Outcome.UNKNOWN and certainly_nothing_left(before):
        sequel.unreached.append(person)
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
    before: Sequence[Attempt],
    begun_at: datetime,
    now: datetime,
) -> None:
    """This step is over: the chain's next one, or the end of the journey."""
    sequel.tried.append((person, result))
    sent_at = begun_at if ending is Ending.SENT else None
    reached = ending is Ending.SENT or person.first_sent_at is not None
    has_unknown = any(one.state == AttemptState.UNKNOWN for one in before)
    if ending is Ending.FAILED and certainly_nothing_left(before):
        sequel.unreached.append(person)
    onward = None
    if route.goes_on:
        began_at = first_at(before, route.step.id) or begun_at
        passage = Passage(
            ending,
            reached,
            began_at,
            begun_at,
            {one.step_id for one in before},
            has_enough(route, person, before),
            person.responded_at,
        )
        onward = route.next_step(person.id, passage, before, channels_of(route, person), now)
    if onward is not None:
        _go_on(sequel, person, Onward(*onward, True, sent_at))
        if ending is Ending.FAILED:
            reason = _FAILURE_REASONS[result.outcome]
            sequel.decisions.append(_decision(route, person, DecisionKind.REROUTED, reason, result, now))
        return
    if reached:
        outcome, reason = RecipientOutcome.SENT, ""
    elif ending is Ending.INDETERMINATE or has_unknown:
        outcome, reason = RecipientOutcome.INDETERMINATE, _FAILURE_REASONS[Outcome.UNKNOWN]
    else:
        outcome = RecipientOutcome.FAILED
        reason = failure_reason([one.trouble for one in before]) or _FAILURE_REASONS[result.outcome]
    sequel.moves.append(
        Move(person.recipient_id, RecipientState.FINISHED, outcome, reason, is_attempt=True, sent_at=sent_at)
    )


def passage_of(
    route: Route,
    ending: Ending,
    tries: Sequence[Attempt],
    *,
    has_reached: bool,
    is_enough: bool,
    responded_at: datetime | None,
) -> Passage:
    """How a journey of these tries (one at least) stands at the end of the route's step."""
    last_at = tries[-1].begun_at
    began_at = first_at(tries, route.step.id) or last_at
    return Passage(ending, has_reached, began_at, last_at, {one.step_id for one in tries}, is_enough, responded_at)


def has_enough(route: Route, person: Person, tries: Sequence[Attempt]) -> bool:
    """Whether what the distribution stops on has happened, where a chain that was interrupted may go on.

    A chain that was not is told by the events themselves, as they come (engine/correcting.py).
    """
    if route.step.scheduled_at is None:
        return False
    is_opened = person.first_opened_at is not None
    return is_enough(route.distribution.stops_on, is_opened=is_opened, is_delivered=is_delivered(tries))


def channels_of(route: Route, person: Person) -> set[str]:
    """Those of the route's channels that the person has an address for."""
    steps = [*route.steps, *route.own_steps.get(person.id, ())]
    return {step.channel for step in steps if address_on(step.channel, person.email, person.phone)}


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
