"""Which step of a journey follows another, and when: fallbacks, reminders and thank-yous.

A distribution's steps are its chain (invitations, then reminders, each with delays) and its thank-yous. Steps with a
`scheduled_at` were added later. They interrupt the chain at their own time; afterwards the chain continues where it
stopped. See docs/decisions/0011 and 0021.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar
from uuid import UUID

from distributor.rules.journey.outcomes import AttemptRecord, ending_of, first_at
from distributor.rules.journey.retry import Ending
from distributor.rules.timing.time_zones import LAST_MOMENT


class StepKind(StrEnum):
    """What a step is for. The values are public: callers read them."""

    INVITATION = "invitation"  # for everybody; in multi mode, each is the fallback of the one before
    REMINDER = "reminder"  # for recipients who were sent to and have not responded
    THANK_YOU = "thank_you"  # for recipients who have responded


class StopsOn(StrEnum):
    """What ends a chain's fallbacks; a response always does. The values are public: callers write them."""

    RESPONSE = "response"  # nothing else
    OPENED = "opened"  # a message or the link was opened
    DELIVERED = "delivered"  # a message was delivered or opened


class ChainStep(Protocol):
    """A step as these rules see it. Delays are in minutes; only steps that were added later have a `scheduled_at`."""

    @property
    def id(self) -> UUID: ...
    @property
    def position(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def fallback_delay_minutes(self) -> int | None: ...
    @property
    def delay_minutes(self) -> int | None: ...
    @property
    def scheduled_at(self) -> datetime | None: ...


ChainStepT = TypeVar("ChainStepT", bound=ChainStep)
NOTHING_TRIED: Final[frozenset[UUID]] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """The state of a journey at the end of one of its steps.

    `ending` is how the step ended. `reached_at` is when the first message left that counts as sent. `first_at` is the
    step's first hand-over that may have arrived, `last_at` the journey's last hand-over. `tried` are the ids of earlier
    steps. `are_fallbacks_over`: what the distribution stops on has happened. `responded_at` matters to thank-yous only.
    `interrupted_by` is the scheduled step that interrupted the chain, when the chain continues after it.
    """

    ending: Ending
    reached_at: datetime | None
    first_at: datetime
    last_at: datetime
    tried: Collection[UUID] = NOTHING_TRIED
    are_fallbacks_over: bool = False
    responded_at: datetime | None = None
    interrupted_by: ChainStep | None = None

    @property
    def has_reached(self) -> bool:
        return self.reached_at is not None

    @property
    def has_failed(self) -> bool:
        """Whether the step has failed."""
        return self.ending is Ending.FAILED


def step_order(kind: StepKind, priority: int) -> tuple[int, int]:
    """Return the sort key of a distribution's steps: invitations, reminders, thank-yous, each by priority."""
    return list(StepKind).index(kind), priority


def fallbacks_are_over(stops_on: str, *, is_opened: bool, is_delivered: bool) -> bool:
    """Return whether the distribution's stop condition, other than a response, has happened.

    A message that was opened counts as delivered.
    """
    match StopsOn(stops_on):
        case StopsOn.RESPONSE:
            return False
        case StopsOn.OPENED:
            return is_opened
        case StopsOn.DELIVERED:
            return is_opened or is_delivered


def next_step(
    steps: Sequence[ChainStepT],
    step: ChainStepT,
    passage: Passage,
    *,
    is_multi: bool,
    reachable: Collection[str],
    now: datetime,
) -> tuple[ChainStepT, datetime] | None:
    """Return the step that follows `step` and when it leaves, or None if the journey ends.

    `reachable` are the channels on which the contact can be reached.

    - After a step that failed, or whose channel cannot be used, the next invitation follows at once.
    - After a message without a response, the next invitation follows when the step's fallback delay has passed since
      its first hand-over. If no invitation follows, the next reminder does, when the reminder's delay has passed since
      the journey's last hand-over.
    - A reminder only follows a message that reached the recipient.
    - A scheduled reminder leaves at its time, before whatever is due later, if the recipient was reached by that time.
      resume_chain() says where the chain continues.
    - No step is tried again once another one has followed it.
    """
    later = [
        other for other in steps if other.channel in reachable and other.id != step.id and other.id not in passage.tried
    ]
    if step.kind == StepKind.THANK_YOU:
        return _after_thank_you(steps, later, step, passage, reachable, now)
    following = _fallback(steps, later, step, passage, now) if is_multi else None
    if passage.reached_at is None:
        return following
    reminder = _next_in_chain(later, StepKind.REMINDER, step.position)
    if following is None and reminder is not None:
        following = reminder, max(now, after_delay(passage.last_at, reminder.delay_minutes or 0))
    scheduled = _next_scheduled(later, StepKind.REMINDER, passage.reached_at, passage.interrupted_by, now)
    return _earlier(following, scheduled)


def next_thank_you(
    steps: Sequence[ChainStepT],
    *,
    responded_at: datetime,
    reachable: Collection[str],
    now: datetime,
    tried: Collection[UUID] = NOTHING_TRIED,
    interrupted_by: ChainStep | None = None,
) -> tuple[ChainStepT, datetime] | None:
    """Return the next thank-you after a response and when it leaves, or None.

    Of the thank-yous with a delay, only the first on a reachable channel is sent. Every scheduled thank-you is sent at
    its time to recipients who have responded by then.
    """
    thank_yous = [step for step in steps if step.kind == StepKind.THANK_YOU]
    offered = [step for step in thank_yous if step.channel in reachable]
    following = None
    if not any(step.scheduled_at is None and step.id in tried for step in thank_yous):
        delayed = next((step for step in offered if step.scheduled_at is None), None)
        if delayed is not None:
            following = delayed, max(now, after_delay(responded_at, delayed.delay_minutes or 0))
    untried = [step for step in offered if step.id not in tried]
    return _earlier(following, _next_scheduled(untried, StepKind.THANK_YOU, responded_at, interrupted_by, now))


def resume_chain(
    steps: Sequence[ChainStepT], step: ChainStepT, passage: Passage, attempts: Sequence[AttemptRecord]
) -> tuple[ChainStepT, Passage]:
    """Return the step and passage to ask next_step() about when `step` is over.

    After a scheduled reminder, which interrupts the chain and is not part of it, that is the last step of the chain
    that was tried, and how that step ended. After any other step it is the step itself. `attempts` are those made
    before the step's end, in their order.
    """
    if step.kind != StepKind.REMINDER or step.scheduled_at is None:
        return step, passage
    chain = {other.id: other for other in steps if other.scheduled_at is None}
    last_attempt = next((attempt for attempt in reversed(attempts) if attempt.step_id in chain), None)
    if last_attempt is None:
        return step, passage
    last_step = chain[last_attempt.step_id]
    step_attempts = [attempt for attempt in attempts if attempt.step_id == last_step.id]
    return last_step, replace(
        passage,
        ending=ending_of(step_attempts),
        first_at=first_at(step_attempts, last_step.id) or last_attempt.begun_at,
        tried={*passage.tried, step.id},
        interrupted_by=step,
    )


def after_delay(start: datetime, delay_minutes: int) -> datetime:
    """Return when a delay has passed, at most LAST_MOMENT."""
    delay = timedelta(minutes=delay_minutes)
    return start + delay if delay < LAST_MOMENT - start else LAST_MOMENT


def _fallback(
    steps: Sequence[ChainStepT], later: Sequence[ChainStepT], step: ChainStepT, passage: Passage, now: datetime
) -> tuple[ChainStepT, datetime] | None:
    if passage.has_reached and passage.are_fallbacks_over:
        return None
    tried = {step.id, *passage.tried}
    tried_positions = [other.position for other in steps if other.kind == StepKind.INVITATION and other.id in tried]
    invitation = _next_in_chain(later, StepKind.INVITATION, max(tried_positions, default=-1))
    if invitation is None:
        return None
    if step.kind == StepKind.REMINDER:
        # The invitations were over. They continue only if it turns out that no message reached the recipient.
        return (invitation, now) if passage.has_failed and not passage.has_reached else None
    if passage.has_failed:
        return invitation, now
    delay = step.fallback_delay_minutes
    return None if delay is None else (invitation, max(now, after_delay(passage.first_at, delay)))


def _after_thank_you(
    steps: Sequence[ChainStepT],
    later: Sequence[ChainStepT],
    step: ChainStepT,
    passage: Passage,
    reachable: Collection[str],
    now: datetime,
) -> tuple[ChainStepT, datetime] | None:
    if step.scheduled_at is None and passage.has_failed:
        instead = _next_in_chain(later, StepKind.THANK_YOU, step.position)
        if instead is not None:
            return instead, now
    if passage.responded_at is None:
        return None
    return next_thank_you(
        steps,
        responded_at=passage.responded_at,
        reachable=reachable,
        now=now,
        tried={*passage.tried, step.id},
        interrupted_by=step if step.scheduled_at else None,
    )


def _next_in_chain(steps: Sequence[ChainStepT], kind: StepKind, position: int) -> ChainStepT | None:
    """Return the first step of a kind after a position, leaving out scheduled steps."""
    chain = (step for step in steps if step.kind == kind and step.scheduled_at is None)
    return next((step for step in chain if step.position > position), None)


def _next_scheduled(
    steps: Sequence[ChainStepT], kind: StepKind, since: datetime, interrupted_by: ChainStep | None, now: datetime
) -> tuple[ChainStepT, datetime] | None:
    """Return the first step of a kind that is scheduled for `since` or later, and when it leaves.

    Steps that come before `interrupted_by`, by time and by position, are left out: one whose channel could not be used
    was not tried, and would otherwise come again.
    """
    scheduled = [(step.scheduled_at, step.position, step) for step in steps if step.kind == kind and step.scheduled_at]
    if interrupted_by is not None and interrupted_by.scheduled_at is not None:
        passed_at, passed_position = interrupted_by.scheduled_at, interrupted_by.position
        scheduled = [
            (at, position, step) for at, position, step in scheduled if at > passed_at or position > passed_position
        ]
    to_come = [(at, position, step) for at, position, step in scheduled if at >= since]
    if not to_come:
        return None
    at, _position, step = min(to_come, key=lambda candidate: candidate[:2])
    return step, max(now, at)


def _earlier(
    first: tuple[ChainStepT, datetime] | None, second: tuple[ChainStepT, datetime] | None
) -> tuple[ChainStepT, datetime] | None:
    """Return which of two steps leaves earlier; the first if they leave at the same time."""
    if first is None or second is None:
        return first or second
    return second if second[1] < first[1] else first
