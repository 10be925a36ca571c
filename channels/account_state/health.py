"""How an account stands, in one word and with the facts behind it, for operators and callers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from channels.account_state.rate_limit import Bucket


class HealthStatus(StrEnum):
    """The values are public: callers read them."""

    WORKING = "working"
    FAILING = "failing"  # the last calls failed; a few more, and it is broken
    PAUSED = "paused"  # the provider asked for a pause, or a quota is used up
    BROKEN = "broken"  # nothing leaves but a probe now and then
    INACTIVE = "inactive"  # switched off


@dataclass(frozen=True, slots=True)
class Health:
    """`since` is when the trouble began, `until` when the account may be used or probed again."""

    status: HealthStatus
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


def health_of(bucket: Bucket, *, is_active: bool, now: datetime) -> Health:
    """Return how an account with this state stands."""
    if not is_active:
        return Health(HealthStatus.INACTIVE)
    if bucket.broken_because:
        return Health(HealthStatus.BROKEN, bucket.failing_since, bucket.probe_at, bucket.broken_because)
    until = bucket.paused_until if bucket.is_paused(now) else None
    if bucket.is_in_doubt:
        return Health(HealthStatus.FAILING, bucket.failing_since, until)
    if until is not None:
        return Health(HealthStatus.PAUSED, bucket.failing_since, until)
    return Health(HealthStatus.WORKING)
