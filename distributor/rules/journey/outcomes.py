"""How a journey ends, as a function of its tries: the same whether settle or a provider's event told the last of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from distributor.rules.journey.delivery_events import Progress, Trouble
from distributor.rules.journey.retry import Ending


class AttemptRecord(Protocol):
    """`state` is sent, failed or unknown; `progress` and `trouble` are ranks of journey/delivery_events.py."""

    @property
    def step_id(self) -> UUID: ...
    @property
    def state(self) -> str: ...
    @property
    def progress(self) -> int: ...
    @property
    def trouble(self) -> int: ...
    @property
    def begun_at(self) -> datetime: ...


def reaches(one: AttemptRecord) -> bool:
    """The provider took it, and nothing tells that it failed after all."""
    return one.state == "sent" and not Trouble(one.trouble).is_failure


def reached_at(attempts: Sequence[AttemptRecord]) -> datetime | None:
    """When the first message that counts as sent left; None when none does."""
    return min((one.begun_at for one in attempts if reaches(one)), default=None)


def first_at(attempts: Sequence[AttemptRecord], step_id: UUID) -> datetime | None:
    """When the first message of a step left that may have arrived; None when none of it may have."""
    may_have_arrived = (one for one in attempts if one.state != "failed" and not Trouble(one.trouble).is_failure)
    return min((one.begun_at for one in may_have_arrived if one.step_id == step_id), default=None)


def is_delivered(attempts: Sequence[AttemptRecord]) -> bool:
    """A provider tells that a message arrived, and nothing tells that it failed after all."""
    return any(reaches(one) and one.progress >= Progress.DELIVERED for one in attempts)


def ending_of(attempts: Sequence[AttemptRecord]) -> Ending:
    """How a journey of these tries ends when nothing more is tried."""
    if any(reaches(one) for one in attempts):
        return Ending.SENT
    return Ending.INDETERMINATE if has_unknown(attempts) else Ending.FAILED


def ending_of_last_step(attempts: Sequence[AttemptRecord]) -> Ending | None:
    """How the step of the last try ended, by what events tell; None: it has not, or settle has said so already."""
    last = attempts[-1]
    if any(reaches(one) for one in attempts if one.step_id == last.step_id):
        return Ending.SENT
    return Ending.FAILED if Trouble(last.trouble).is_failure else None


def failure_reason(troubles: Sequence[int]) -> str:
    """What events tell of why nothing arrived: undelivered, bounced, dropped; "" when they tell of no failure."""
    worst = Trouble(max(troubles, default=Trouble.NONE))
    return worst.name.lower() if worst.is_failure else ""


def has_unknown(attempts: Sequence[AttemptRecord]) -> bool:
    """Whether the outcome of any attempt is unknown."""
    return any(attempt.state == "unknown" for attempt in attempts)


def certainly_nothing_left(attempts: Sequence[AttemptRecord]) -> bool:
    """No provider took any of them: the contact's frequency slot is free again."""
    return all(one.state == "failed" for one in attempts)
