"""The status of a distribution, computed from what is stored."""

from datetime import datetime
from enum import StrEnum


class DistributionStatus(StrEnum):
    """The values are public: callers read them."""

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
    """Return a distribution's status. It is stored nowhere, so it cannot be out of date.

    `is_preparing`: workers are still turning the audience into recipients; some of them may have been sent to.
    `is_arming`: a reminder or thank-you that was added, or a manual retry, is still being assigned to recipients.
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
