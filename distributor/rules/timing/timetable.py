"""The earliest moment at which a message may leave, from its schedule, deferral, quiet hours and end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.quiet_hours import QuietHours, earliest_allowed
from distributor.rules.timing.time_zones import LAST_MOMENT

A_SECOND: Final = timedelta(seconds=1)
A_MINUTE: Final = timedelta(minutes=1)
# After a wait this long, up to a minute more does not matter, and messages due in the same minute share a batch.
LONG_WAIT: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The times that a call asked for; all aware, None if not asked for.

    A message leaves neither before `scheduled_at`, the distribution's, nor before `when`, the recipient's own.
    `not_after` is the last moment at which it may leave. At `expires_at` its link has expired.
    """

    scheduled_at: datetime | None = None
    when: datetime | None = None
    not_after: datetime | None = None
    expires_at: datetime | None = None


def earliest_departure(
    timetable: Timetable, zone: ZoneInfo, hours: QuietHours, now: datetime, *, deferred_until: datetime | None = None
) -> datetime | Refusal:
    """Return the first instant from `now` on at which the message may leave, or a refusal (too_late, expired).

    `deferred_until` is the end of a throttle, retry, fallback or reminder delay. The instant is rounded up, so that
    messages share batches: to the full second, or after a long deferral to the full minute. It is never rounded into
    quiet hours or past the end, and `scheduled_at` is not rounded at all.
    """
    not_before = (now, timetable.scheduled_at, timetable.when, deferred_until)
    moment = earliest_allowed(max(instant for instant in not_before if instant is not None), zone, hours)
    refusal = refuse_late(moment, timetable)
    if refusal is not None:
        return refusal
    if moment in (now, timetable.scheduled_at):
        return moment
    is_long = moment == deferred_until and moment - now >= LONG_WAIT
    for grain in (A_MINUTE, A_SECOND) if is_long else (A_SECOND,):
        rounded = round_up(moment, grain)
        if refuse_late(rounded, timetable) is None and earliest_allowed(rounded, zone, hours) == rounded:
            return rounded
    return moment


def refuse_late(moment: datetime, timetable: Timetable) -> Refusal | None:
    """Return why nothing may leave at `moment` any more, or None. An expired link outweighs a passed `not_after`."""
    for reason, name, last_at, is_over in (
        (Reason.EXPIRED, "expiresAt", timetable.expires_at, moment.__ge__),
        (Reason.TOO_LATE, "notAfter", timetable.not_after, moment.__gt__),
    ):
        if last_at is not None and is_over(last_at):
            return Refusal(reason, {name: last_at.isoformat(), "earliestAt": moment.isoformat()})
    return None


def round_up(moment: datetime, grain: timedelta = A_SECOND) -> datetime:
    """Round up to the full second, or to another grain that divides a day."""
    excess = (moment - _EPOCH) % grain
    if not excess:
        return moment
    return moment + (grain - excess) if grain - excess <= LAST_MOMENT - moment else LAST_MOMENT
