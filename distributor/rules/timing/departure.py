"""When a recipient's message leaves under a distribution's terms. One rule: at acceptance it plans, later it sends."""

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
from distributor.rules.timing.timetable import Timetable, leave_at


class Delay(StrEnum):
    """What a message waits for. Stable: callers read them."""

    NONE = ""
    SCHEDULED = "scheduled"
    THROTTLED = "throttled"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True)
class Terms:
    """What holds for everybody of a distribution. `throttle` None: no interval."""

    limits: ContactLimits
    timetable: Timetable
    hours: QuietHours = NO_QUIET_HOURS
    throttle: timedelta | None = None
    policy: ThrottlePolicy = ThrottlePolicy.DEFER
    accepted_at: datetime | None = None  # None: it is being accepted

    @cached_property
    def are_plain(self) -> bool:
        """Whether everybody leaves at the schedule's moment: no hours to wait for, no interval, no end."""
        has_end = self.timetable.not_after is not None or self.timetable.expires_at is not None
        return not (self.hours.any or self.throttle or has_end)


@dataclass(frozen=True, slots=True)
class Past:
    """When a recipient was sent the survey: our record, by another journey, and what a call gave instead."""

    recorded_at: datetime | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """When a message leaves, and what it waits for until then."""

    at: datetime
    delay: Delay = Delay.NONE
    detail: Mapping[str, Any] = field(default_factory=dict)


def depart(
    terms: Terms, past: Past, zone: ZoneInfo, now: datetime, *, when: datetime | None = None
) -> Departure | Refusal:
    """The first moment, not before `now`, at which the message may leave; or why it never does.

    `when` is the recipient's own moment.
    """
    timetable = replace(terms.timetable, when=when)
    asked_at = max(instant for instant in (now, timetable.scheduled_at, when) if instant is not None)
    last_sent_at = baseline(past.recorded_at, past.given_at, terms.accepted_at or now)
    too_soon = refuse_throttled(last_sent_at, terms.throttle, asked_at)
    if too_soon is not None and terms.policy is not ThrottlePolicy.DEFER:
        return too_soon
    until = throttled_until(last_sent_at, terms.throttle)
    at = leave_at(timetable, zone, terms.hours, now, deferred_until=until)
    if isinstance(at, Refusal):
        return at
    if too_soon is not None:
        return Departure(at, Delay.THROTTLED, too_soon.detail)
    if terms.hours.any and earliest_allowed(asked_at, zone, terms.hours) > asked_at:
        return Departure(at, Delay.QUIET_HOURS, {"zone": zone.key})
    return Departure(at, Delay.SCHEDULED if asked_at > now else Delay.NONE)


def begin_or_wait(
    terms: Terms, known: ContactFacts | None, channel: str, given_at: datetime | None, zone: ZoneInfo, now: datetime
) -> Departure | Refusal:
    """Right before a message leaves on `channel`: it leaves `now`, or when, or why it never does on that channel.

    `known` None: nothing is known against it. `given_at` is what the call gave as the last send, until the journey
    has one of its own.
    """
    if known is not None:
        refusal = refuse_contact(known, terms.limits, now) or refuse_channel(known, channel)
        if refusal is not None:
            return refusal
    return depart(terms, Past(known.last_surveyed_at if known else None, given_at), zone, now)
