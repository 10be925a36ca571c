"""Which step follows another, and when: fallbacks to who was not reached or does not answer, reminders, thank-yous."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar
from uuid import UUID

from distributor.rules.journey.retry import Ending
from distributor.rules.timing.time_zones import LAST_MOMENT


class StepKind(StrEnum):
    """What a step is for. Stable: callers read it."""

    INVITATION = "invitation"  # to everybody; in multi mode each is the fallback of the one before
    REMINDER = "reminder"  # to who was sent to and has not answered
    THANK_YOU = "thank_you"  # to who has


class StopsOn(StrEnum):
    """What ends a chain's fallbacks. Stable: callers write it. A response always does; here, what else."""

    RESPONSE = "response"
    OPENED = "opened"  # a message, or the link
    DELIVERED = "delivered"  # or more


class ChainStep(Protocol):
    """A step, as far as the rule goes. Delays in minutes; `scheduled_at` is of what was added later."""

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
    """How a journey stands when one of its steps is over.

    `reached_at` is when the first message of the journey left that counts as sent. `first_at` is the step's first
    hand-over that may have arrived, `last_at` the journey's last. `tried` are steps that were tried before.
    `are_fallbacks_over`: what the distribution stops on has happened. `responded_at` matters to thank-yous alone.
    `interrupted_by` is the step with a moment of its own that the journey comes from, when a chain goes on behind it.
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


def order_of(kind: StepKind, priority: int) -> tuple[int, int]:
    """What a distribution's steps are sorted by: invitations, reminders, thank-yous, each by priority."""
    return list(StepKind).index(kind), priority


def fallbacks_are_over(stops_on: str, *, is_opened: bool, is_delivered: bool) -> bool:
    """Whether what a chain's fallbacks stop on, beside a response, has happened. What is opened was delivered."""
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
    """What comes after `step` and when, or None where the journey ends. `reachable`: the contact's open channels.

    A step that fails, or whose channel is shut, is replaced at once. What was sent and is not answered brings the next
    invitation after the step's fallback delay, counted from its first hand-over; where there is none, the next
    reminder after that reminder's own delay, counted from the journey's last hand-over. Nobody is reminded of what
    has not reached them. No step is tried again once another has followed it. See docs/decisions/0011.

    A reminder with a moment of its own comes at that moment, in between, to whoever was reached by then; the chain then
    goes on where it stood, as resume() of rules/journey/resume.py has it. See docs/decisions/0021.
    """
    later = [one for one in steps if one.channel in reachable and one.id != step.id and one.id not in passage.tried]
    if step.kind == StepKind.THANK_YOU:
        return _after_thanks(steps, later, step, passage, reachable, now)
    onward = _fallback(steps, later, step, passage, now) if is_multi else None
    if passage.reached_at is None:
        return onward
    reminder = _next(later, StepKind.REMINDER, step.position)
    if onward is None and reminder is not None:
        onward = reminder, max(now, unanswered_at(passage.last_at, reminder.delay_minutes or 0))
    interruption = _at_its_moment(later, StepKind.REMINDER, passage.reached_at, passage.interrupted_by, now)
    return _sooner(onward, interruption)


def thanks(
    steps: Sequence[ChainStepT],
    *,
    responded_at: datetime,
    reachable: Collection[str],
    now: datetime,
    tried: Collection[UUID] = NOTHING_TRIED,
    interrupted_by: ChainStep | None = None,
) -> tuple[ChainStepT, datetime] | None:
    """The next thank-you of somebody who responded then, and when, or None.

    Of those with a delay it is one: the first that is reachable. Each with a moment of its own comes at that moment, to
    who has responded by then.
    """
    offered = [one for one in steps if one.kind == StepKind.THANK_YOU and one.channel in reachable]
    onward = None
    if not any(one.scheduled_at is None and one.id in tried for one in steps if one.kind == StepKind.THANK_YOU):
        standing = next((one for one in offered if one.scheduled_at is None), None)
        if standing is not None:
            onward = standing, max(now, unanswered_at(responded_at, standing.delay_minutes or 0))
    untried = [one for one in offered if one.id not in tried]
    return _sooner(onward, _at_its_moment(untried, StepKind.THANK_YOU, responded_at, interrupted_by, now))


def _at_its_moment(
    steps: Sequence[ChainStepT], kind: StepKind, since: datetime, passed: ChainStep | None, now: datetime
) -> tuple[ChainStepT, datetime] | None:
    """The first of the steps of a kind that have a moment, which is not before `since`, and when it leaves.

    Once one is `passed`, those that were added before it for an earlier moment are: one whose channel was shut was not
    tried, and would come again.
    """
    coming = [(one.scheduled_at, one.position, one) for one in steps if one.kind == kind and one.scheduled_at]
    if passed is not None and passed.scheduled_at is not None:
        coming = [one for one in coming if one[0] > passed.scheduled_at or one[1] > passed.position]
    first = min((one for one in coming if one[0] >= since), key=lambda one: one[:2], default=None)
    return None if first is None else (first[2], max(now, first[0]))


def _sooner(
    one: tuple[ChainStepT, datetime] | None, other: tuple[ChainStepT, datetime] | None
) -> tuple[ChainStepT, datetime] | None:
    """Of two steps that may follow the one that leaves first; of those of one moment the first that is given."""
    if one is None or other is None:
        return one or other
    return other if other[1] < one[1] else one


def unanswered_at(begun_at: datetime, delay_minutes: int) -> datetime:
    """When a message that was handed over then counts as unanswered."""
    delay = timedelta(minutes=delay_minutes)
    return begun_at + delay if delay < LAST_MOMENT - begun_at else LAST_MOMENT


def _fallback(
    steps: Sequence[ChainStepT], later: Sequence[ChainStepT], step: ChainStepT, passage: Passage, now: datetime
) -> tuple[ChainStepT, datetime] | None:
    if passage.has_reached and passage.are_fallbacks_over:
        return None
    invited = [
        one.position
        for one in steps
        if one.kind == StepKind.INVITATION and (one.id == step.id or one.id in passage.tried)
    ]
    invitation = _next(later, StepKind.INVITATION, max(invited, default=-1))
    if step.kind == StepKind.REMINDER:
        # The chain had ended; it goes on only if nothing of it has arrived after all.
        return _at_once(invitation, now) if _has_failed(passage) and not passage.has_reached else None
    if invitation is None or _has_failed(passage):
        return _at_once(invitation, now)
    delay = step.fallback_delay_minutes
    return None if delay is None else (invitation, max(now, unanswered_at(passage.first_at, delay)))


def _after_thanks(
    steps: Sequence[ChainStepT],
    later: Sequence[ChainStepT],
    step: ChainStepT,
    passage: Passage,
    reachable: Collection[str],
    now: datetime,
) -> tuple[ChainStepT, datetime] | None:
    if step.scheduled_at is None and _has_failed(passage):
        instead = _next(later, StepKind.THANK_YOU, step.position)
        if instead is not None:
            return instead, now
    if passage.responded_at is None:
        return None
    return thanks(
        steps,
        responded_at=passage.responded_at,
        reachable=reachable,
        now=now,
        tried={*passage.tried, step.id},
        interrupted_by=step if step.scheduled_at else None,
    )


def _has_failed(passage: Passage) -> bool:
    return passage.ending is Ending.FAILED


def _next(steps: Sequence[ChainStepT], kind: StepKind, position: int) -> ChainStepT | None:
    """Of the chain: what has a moment of its own is none of its rungs."""
    chain = (one for one in steps if one.kind == kind and one.scheduled_at is None)
    return next((one for one in chain if one.position > position), None)


def _at_once(step: ChainStepT | None, now: datetime) -> tuple[ChainStepT, datetime] | None:
    return None if step is None else (step, now)
