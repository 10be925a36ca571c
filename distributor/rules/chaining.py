"""Which step follows another, and when: fallbacks to who was not reached or does not answer, reminders, thank-yous."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar
from uuid import UUID

from distributor.rules.retrying import Ending


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


class Rung(Protocol):
    """A step, as far as the rule goes. Delays in minutes."""

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


RungT = TypeVar("RungT", bound=Rung)
NOTHING_TRIED: Final[frozenset[UUID]] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """How a journey stands when one of its steps is over.

    `has_reached`: some message of the journey counts as sent. `first_at` is the step's first hand-over that may have
    arrived, `last_at` the journey's last. `tried` are steps that were tried before. `is_enough`: what the distribution
    stops on has happened.
    """

    ending: Ending
    has_reached: bool
    first_at: datetime
    last_at: datetime
    tried: Collection[UUID] = NOTHING_TRIED
    is_enough: bool = False


def order_of(kind: StepKind, priority: int) -> tuple[int, int]:
    """What a distribution's steps are sorted by: invitations, reminders, thank-yous, each by priority."""
    return list(StepKind).index(kind), priority


def is_enough(stops_on: str, *, is_opened: bool, is_delivered: bool) -> bool:
    """Whether what a chain's fallbacks stop on, beside a response, has happened. What is opened was delivered."""
    match StopsOn(stops_on):
        case StopsOn.RESPONSE:
            return False
        case StopsOn.OPENED:
            return is_opened
        case StopsOn.DELIVERED:
            return is_opened or is_delivered


def follow_up(
    steps: Sequence[RungT],
    step: RungT,
    passage: Passage,
    *,
    is_multi: bool,
    reachable: Collection[str],
    now: datetime,
) -> tuple[RungT, datetime] | None:
    """What comes after `step` and when, or None where the journey ends. `reachable`: the contact's open channels.

    A step that fails, or whose channel is shut, is replaced at once. What was sent and is not answered brings the next
    invitation after the step's fallback delay, counted from its first hand-over; where there is none, the next
    reminder after that reminder's own delay, counted from the journey's last hand-over. Nobody is reminded of what
    has not reached them. No step is tried again once another has followed it. See docs/decisions/0011.
    """
    later = [one for one in steps if one.channel in reachable and one.id != step.id and one.id not in passage.tried]
    if step.kind == StepKind.THANK_YOU:
        return _at_once(_next(later, StepKind.THANK_YOU, step.position), now) if _has_failed(passage) else None
    fallback = _fallback(steps, later, step, passage, now) if is_multi else None
    if fallback is not None:
        return fallback
    if not passage.has_reached:
        return None
    reminder = _next(later, StepKind.REMINDER, step.position)
    if reminder is None:
        return None
    return reminder, max(now, passage.last_at + timedelta(minutes=reminder.delay_minutes or 0))


def _fallback(
    steps: Sequence[RungT], later: Sequence[RungT], step: RungT, passage: Passage, now: datetime
) -> tuple[RungT, datetime] | None:
    if passage.has_reached and passage.is_enough:
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
    return None if delay is None else (invitation, max(now, passage.first_at + timedelta(minutes=delay)))


def _has_failed(passage: Passage) -> bool:
    return passage.ending is Ending.FAILED


def _next(steps: Sequence[RungT], kind: StepKind, position: int) -> RungT | None:
    return next((one for one in steps if one.kind == kind and one.position > position), None)


def _at_once(step: RungT | None, now: datetime) -> tuple[RungT, datetime] | None:
    return None if step is None else (step, now)
