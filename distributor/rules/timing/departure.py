"""When a message may leave under a distribution's terms. Asked at acceptance and again right before sending."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import ContactFacts, ContactLimits, Refusal, refuse_channel, refuse_contact
from distributor.rules.timing.quiet_hours import NO_QUIET_HOURS, QuietHours, earliest_allowed
from distributor.rules.timing.throttle import ThrottlePolicy, baseline, refuse_throttled, throttled_until
from distributor.rules.timing.timetable import Timetable, earliest_departure


class Delay(StrEnum):
    """What a message waits for. The values are public: callers read them."""

    NONE = ""
    SCHEDULED = "scheduled"
    THROTTLED = "throttled"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True)
class Terms:
    """The rules that apply to every recipient of a distribution.

    `throttle` is the least time between two sends of the survey; None: no limit. `accepted_at` is None while the call
    is being accepted.
    """

    limits: ContactLimits
    timetable: Timetable
    hours: QuietHours = NO_QUIET_HOURS
    throttle: timedelta | None = None
    policy: ThrottlePolicy = ThrottlePolicy.DEFER
    accepted_at: datetime | None = None

    @cached_property
    def allow_any_time(self) -> bool:
        """Whether messages may leave at any time from the schedule on: no quiet hours, no throttle, no end."""
        has_end = self.timetable.not_after is not None or self.timetable.expires_at is not None
        return not (self.hours.any or self.throttle or has_end)


@dataclass(frozen=True, slots=True)
class PreviousSend:
    """When a recipient was last sent the survey: by our record of other journeys, and as the call gave it."""

    recorded_at: datetime | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """When a message leaves, and what it waits for until then. `detail` holds the facts behind the delay."""

    at: datetime
    delay: Delay = Delay.NONE
    detail: Mapping[str, Any] = field(default_factory=dict)


def find_departure(
    terms: Terms, previous: PreviousSend, zone: ZoneInfo, now: datetime, *, when: datetime | None = None
) -> Departure | Refusal:
    """Return the first moment from `now` on at which the message may leave, or why it never may.

    `when` is the time that the call asked for this recipient.
    """
    timetable = replace(terms.timetable, when=when)
    asked_at = max(instant for instant in (now, timetable.scheduled_at, when) if instant is not None)
    last_sent_at = baseline(previous.recorded_at, previous.given_at, terms.accepted_at or now)
    throttled = refuse_throttled(last_sent_at, terms.throttle, asked_at)
    if throttled is not None and terms.policy is not ThrottlePolicy.DEFER:
        return throttled
    until = throttled_until(last_sent_at, terms.throttle)
    at = earliest_departure(timetable, zone, terms.hours, now, deferred_until=until)
    if isinstance(at, Refusal):
        return at
    if throttled is not None:
        return Departure(at, Delay.THROTTLED, throttled.detail)
    if terms.hours.any and earliest_allowed(asked_at, zone, terms.hours) > asked_at:
        return Departure(at, Delay.QUIET_HOURS, {"zone": zone.key})
    return Departure(at, Delay.SCHEDULED if asked_at > now else Delay.NONE)


def recheck_departure(
    terms: Terms, facts: ContactFacts | None, channel: str, given_at: datetime | None, zone: ZoneInfo, now: datetime
) -> Departure | Refusal:
    """Check a message right before it leaves on `channel`: return whether it leaves now, later, or never, and why.

    `facts` None: nothing is known against sending. `given_at` is the last send as the call gave it, until the journey
    has a send of its own.
    """
    if facts is not None:
        refusal = refuse_contact(facts, terms.limits, now) or refuse_channel(facts, channel)
        if refusal is not None:
            return refusal
    return find_departure(terms, PreviousSend(facts.last_surveyed_at if facts else None, given_at), zone, now)
