"""When a message may leave: one instant out of all that is asked and demanded."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.quiet_hours import QuietHours, earliest_allowed
from distributor.rules.timing.time_zones import LAST_MOMENT

A_SECOND: Final = timedelta(seconds=1)
A_MINUTE: Final = timedelta(minutes=1)
# From here on nobody misses up to a minute, and those who wait alike share a batch.
LONG_WAIT: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timetable:
    """What was asked for the moment of sending; all aware, None: nothing was.

    `scheduled_at` is the distribution's and `when` the recipient's own: neither leaves before both. `not_after` is the
    last instant at which it is still worth sending; at `expires_at` itself the link is dead.
    """

    scheduled_at: datetime | None = None
    when: datetime | None = None
    not_after: datetime | None = None
    expires_at: datetime | None = None


def leave_at(
    timetable: Timetable, zone: ZoneInfo, hours: QuietHours, now: datetime, *, deferred_until: datetime | None = None
) -> datetime | Refusal:
    """The first instant, not before `now`, at which the message may leave; or why there is none (too_late, expired).

    `deferred_until` is what throttling, a retry, a fallback or a reminder waits for. `when` is rounded up to the full
    second and so is a deferral, or a long one to the full minute; never into quiet hours or past the end, and a
    schedule not at all.
    """
    asked = (now, timetable.scheduled_at, timetable.when, deferred_until)
    moment = earliest_allowed(max(instant for instant in asked if instant is not None), zone, hours)
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
    """Why nothing leaves at `moment` any more, or None. A dead link says more than a date that has passed."""
    for reason, name, last_at, is_over in (
        (Reason.EXPIRED, "expiresAt", timetable.expires_at, moment.__ge__),
        (Reason.TOO_LATE, "notAfter", timetable.not_after, moment.__gt__),
    ):
        if last_at is not None and is_over(last_at):
            return Refusal(reason, {name: last_at.isoformat(), "earliestAt": moment.isoformat()})
    return None


def round_up(moment: datetime, grain: timedelta = A_SECOND) -> datetime:
    """To the full second, or another grain that divides a day, so that those who wait alike share a batch."""
    excess = (moment - _EPOCH) % grain
    if not excess:
        return moment
    return moment + (grain - excess) if grain - excess <= LAST_MOMENT - moment else LAST_MOMENT
