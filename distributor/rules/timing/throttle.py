"""Throttling: the same survey to the same contact, no sooner than an interval after the last time.

Required by the single-send API: a message within the interval “will not be delivered until the interval has passed”,
and `last_sent_at` overrides the baseline of a recipient.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.time_zones import LAST_MOMENT


class ThrottlePolicy(StrEnum):
    """What becomes of a contact who was sent the survey too recently. Stable: callers write them."""

    DEFER = "defer"  # accepted, and sent when the interval has passed
    SKIP = "skip"  # left out, with a decision
    REJECT = "reject"  # the call is refused


def baseline(recorded_at: datetime | None, given_at: datetime | None, accepted_at: datetime) -> datetime | None:
    """When the contact counts as last sent the survey.

    `recorded_at` is our own record, by another journey than the one judged: a chain's fallback is not held back by its
    own first message. `given_at` is what a call gave as `last_sent_at`: it replaces the record as that stood when the
    call was accepted, whether earlier or later. Sends since then count again, or two calls that both give an old date
    would both be sent at once.
    """
    if given_at is None or recorded_at is None:
        return given_at or recorded_at
    return max(recorded_at, given_at) if recorded_at > accepted_at else given_at


def throttled_until(last_sent_at: datetime | None, interval: timedelta | None) -> datetime | None:
    """The first instant at which the survey may be sent again, or None when nothing stands in its way."""
    if last_sent_at is None or not interval:
        return None
    return last_sent_at + interval if interval < LAST_MOMENT - last_sent_at else LAST_MOMENT


def refuse_throttled(last_sent_at: datetime | None, interval: timedelta | None, moment: datetime) -> Refusal | None:
    """For the policies that do not wait: why a message that would leave at `moment` is not sent, or None."""
    until = throttled_until(last_sent_at, interval)
    if last_sent_at is None or until is None or until <= moment:
        return None
    return Refusal(Reason.THROTTLED, {"lastSentAt": last_sent_at.isoformat(), "until": until.isoformat()})
