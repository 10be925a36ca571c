"""How a journey or a step stands, as a function of its attempts.

The result is the same whether the last news came from settle or from a provider's event.
"""

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


def counts_as_sent(attempt: AttemptRecord) -> bool:
    """Return whether the provider accepted the message and no event reports that it failed."""
    return attempt.state == "sent" and not Trouble(attempt.trouble).is_failure


def reached_at(attempts: Sequence[AttemptRecord]) -> datetime | None:
    """Return when the first message left that counts as sent, or None."""
    return min((attempt.begun_at for attempt in attempts if counts_as_sent(attempt)), default=None)


def first_at(attempts: Sequence[AttemptRecord], step_id: UUID) -> datetime | None:
    """Return when a step's first message left that may have arrived, or None."""
    may_have_arrived = (
        attempt for attempt in attempts if attempt.state != "failed" and not Trouble(attempt.trouble).is_failure
    )
    return min((attempt.begun_at for attempt in may_have_arrived if attempt.step_id == step_id), default=None)


def is_delivered(attempts: Sequence[AttemptRecord]) -> bool:
    """Return whether a message was delivered, and no event reports that it failed after all."""
    return any(counts_as_sent(attempt) and attempt.progress >= Progress.DELIVERED for attempt in attempts)


def ending_of(attempts: Sequence[AttemptRecord]) -> Ending:
    """Return how a journey with these attempts ends when no other follows."""
    if any(counts_as_sent(attempt) for attempt in attempts):
        return Ending.SENT
    return Ending.INDETERMINATE if has_unknown(attempts) else Ending.FAILED


def ending_of_last_step(attempts: Sequence[AttemptRecord]) -> Ending | None:
    """Return how events ended the step of the last attempt; None: it is not over, or settle has ended it already."""
    last = attempts[-1]
    if any(counts_as_sent(attempt) for attempt in attempts if attempt.step_id == last.step_id):
        return Ending.SENT
    return Ending.FAILED if Trouble(last.trouble).is_failure else None


def failure_reason(troubles: Sequence[int]) -> str:
    """Return the failure that events report: undelivered, bounced or dropped; "" if they report none."""
    worst = Trouble(max(troubles, default=Trouble.NONE))
    return worst.name.lower() if worst.is_failure else ""


def has_unknown(attempts: Sequence[AttemptRecord]) -> bool:
    """Return whether any attempt has an unknown outcome."""
    return any(attempt.state == "unknown" for attempt in attempts)


def certainly_nothing_left(attempts: Sequence[AttemptRecord]) -> bool:
    """Return whether no provider accepted any of the messages, which frees the contact's frequency slot."""
    return all(attempt.state == "failed" for attempt in attempts)
