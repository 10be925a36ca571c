"""Throttling: the least time between two sends of the same survey to the same contact.

The single-send API requires it: a message within the interval “will not be delivered until the interval has passed”,
and `last_sent_at` overrides a recipient's baseline.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.time_zones import LAST_MOMENT


class ThrottlePolicy(StrEnum):
    """What happens to a contact who was sent the survey too recently. The values are public: callers write them."""

    DEFER = "defer"  # accepted, and sent when the interval has passed
    SKIP = "skip"  # left out, with a decision
    REJECT = "reject"  # the call is refused


def baseline(recorded_at: datetime | None, given_at: datetime | None, accepted_at: datetime) -> datetime | None:
    """Return the last send of the survey that the throttle counts from, or None.

    `recorded_at` is our own record of other journeys: a chain's fallback is not held back by its own first message.
    `given_at` is the call's `last_sent_at`. It replaces the record as of `accepted_at`, whether it is earlier or later.
    Sends after `accepted_at` count again; otherwise two calls that both give an old date would both be sent at once.
    """
    if given_at is None or recorded_at is None:
        return given_at or recorded_at
    return max(recorded_at, given_at) if recorded_at > accepted_at else given_at


def throttled_until(last_sent_at: datetime | None, interval: timedelta | None) -> datetime | None:
    """Return the first instant at which the survey may be sent again, or None if it was not sent or has no interval."""
    if last_sent_at is None or not interval:
        return None
    return last_sent_at + interval if interval < LAST_MOMENT - last_sent_at else LAST_MOMENT


def refuse_throttled(last_sent_at: datetime | None, interval: timedelta | None, moment: datetime) -> Refusal | None:
    """Return why a message that would leave at `moment` is throttled, or None."""
    until = throttled_until(last_sent_at, interval)
    if last_sent_at is None or until is None or until <= moment:
        return None
    return Refusal(Reason.THROTTLED, {"lastSentAt": last_sent_at.isoformat(), "until": until.isoformat()})
