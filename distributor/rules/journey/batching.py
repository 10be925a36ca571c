"""How much goes together, how fast it may overtake, and how a distribution stands."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

ItemT = TypeVar("ItemT")

# What one hold of a batch covers: a thousand is what the largest provider call takes (SendGrid's limit).
BATCH_SIZE = 1_000
URGENT_LIMIT = 10
NORMAL_LIMIT = 500


def lane_for(recipient_count: int) -> str:
    """Small sends overtake large ones."""
    if recipient_count <= URGENT_LIMIT:
        return "urgent"
    return "normal" if recipient_count <= NORMAL_LIMIT else "bulk"


def cut(items: Sequence[ItemT], size: int = BATCH_SIZE) -> Iterator[Sequence[ItemT]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class DistributionStatus(StrEnum):
    PREPARING = "preparing"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (DistributionStatus.COMPLETED, DistributionStatus.CANCELLED)


def distribution_status(
    waiting_count: int,
    scheduled_at: datetime | None,
    now: datetime,
    *,
    is_preparing: bool = False,
    is_arming: bool = False,
    paused_at: datetime | None = None,
    cancelled_at: datetime | None = None,
) -> DistributionStatus:
    """How a distribution stands; it is nowhere stored, so it cannot be wrong.

    While its audience is being read (`is_preparing`) it may be sending already. It is not over while a reminder or
    thank-you that was added is being brought to its people (`is_arming`).
    """
    if cancelled_at is not None:
        return DistributionStatus.CANCELLED
    if waiting_count == 0 and not is_preparing and not is_arming:
        return DistributionStatus.COMPLETED
    if paused_at is not None:
        return DistributionStatus.PAUSED
    if is_preparing:
        return DistributionStatus.PREPARING
    if scheduled_at is not None and now < scheduled_at:
        return DistributionStatus.SCHEDULED
    return DistributionStatus.SENDING
