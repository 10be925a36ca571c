"""How a journey ends, as a function of its tries: the same whether settle or a provider's event told the last of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from distributor.rules.feedback import Progress, Trouble
from distributor.rules.retrying import Ending


class Try(Protocol):
    """`state` is sent, failed or unknown; `progress` and `trouble` are ranks of distributor.rules.feedback."""

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


def reaches(one: Try) -> bool:
    """The provider took it, and nothing tells that it failed after all."""
    return one.state == "sent" and not Trouble(one.trouble).is_failure


def reached_at(tries: Sequence[Try]) -> datetime | None:
    """When the first message that counts as sent left; None when none does."""
    return min((one.begun_at for one in tries if reaches(one)), default=None)


def first_at(tries: Sequence[Try], step_id: UUID) -> datetime | None:
    """When the first message of a step left that may have arrived; None when none of it may have."""
    may_have_arrived = (one for one in tries if one.state != "failed" and not Trouble(one.trouble).is_failure)
    return min((one.begun_at for one in may_have_arrived if one.step_id == step_id), default=None)


def is_delivered(tries: Sequence[Try]) -> bool:
    """A provider tells that a message arrived, and nothing tells that it failed after all."""
    return any(reaches(one) and one.progress >= Progress.DELIVERED for one in tries)


def ending_of(tries: Sequence[Try]) -> Ending:
    """How a journey of these tries ends when nothing more is tried."""
    if any(reaches(one) for one in tries):
        return Ending.SENT
    return Ending.INDETERMINATE if any(one.state == "unknown" for one in tries) else Ending.FAILED


def ending_of_last_step(tries: Sequence[Try]) -> Ending | None:
    """How the step of the last try ended, by what events tell; None: it has not, or settle has said so already."""
    last = tries[-1]
    if any(reaches(one) for one in tries if one.step_id == last.step_id):
        return Ending.SENT
    return Ending.FAILED if Trouble(last.trouble).is_failure else None


def failure_reason(troubles: Sequence[int]) -> str:
    """What events tell of why nothing arrived: undelivered, bounced, dropped; "" when they tell of no failure."""
    worst = Trouble(max(troubles, default=Trouble.NONE))
    return worst.name.lower() if worst.is_failure else ""


def certainly_nothing_left(tries: Sequence[Try]) -> bool:
    """No provider took any of them: the contact's frequency slot is free again."""
    return all(one.state == "failed" for one in tries)
