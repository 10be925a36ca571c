"""Quiet hours and allowed weekdays, in the contact's local time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from distributor.rules.timing.time_zones import LAST_MOMENT, first_instant, last_instant

EVERY_DAY: Final = frozenset(range(1, 8))
A_DAY: Final = timedelta(days=1)
# Python's calendar ends with the year 9999, and finding the next allowed day needs some days of room.
_END_OF_CALENDAR: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is sent: daily from `quiet_from` to `quiet_until` in local time, and on days not in `weekdays`.

    If `quiet_until` is earlier in the day than `quiet_from`, it means the next day. Both None: no quiet hours.
    `weekdays` are ISO numbers (1 is Monday).

    Where clocks change, quiet hours begin when the clock first shows their start and end when it last shows their end:
    the longer reading holds. A start or end that the clock skips moves forward to the end of the gap. Days begin and
    end in the same way.

    Raises ValueError for hours or weekdays that would never let anything out.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    weekdays: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours need both a start and an end")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet hours must not end when they start")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError("weekdays must be one or more of 1 (Monday) to 7 (Sunday)")

    @property
    def any(self) -> bool:
        return self.quiet_from is not None or self.weekdays != EVERY_DAY


NO_QUIET_HOURS: Final = QuietHours()


def earliest_allowed(moment: datetime, zone: ZoneInfo, hours: QuietHours) -> datetime:
    """Return the first instant from `moment` on at which a message may be sent, in UTC.

    `moment` is aware and not before the year 2. At the very end of the calendar the answer is LAST_MOMENT. The quiet
    periods of a zone's day are cached, so that contacts in the same zone share them.
    """
    moment = moment.astimezone(UTC)
    if not hours.any:
        return moment
    while moment < _END_OF_CALENDAR:
        over_at = _quiet_until(moment, zone, hours)
        if over_at is None:
            return moment
        moment = over_at
    return LAST_MOMENT


def _quiet_until(moment: datetime, zone: ZoneInfo, hours: QuietHours) -> datetime | None:
    for starts_at, ends_at in _quiet_periods(moment.toordinal(), zone, hours):
        if starts_at <= moment < ends_at:
            return ends_at
    return None


@lru_cache(maxsize=4_096)
def _quiet_periods(utc_day: int, zone: ZoneInfo, hours: QuietHours) -> tuple[tuple[datetime, datetime], ...]:
    """Return the quiet periods that touch a UTC day (a date.toordinal()), each in full. They may overlap."""
    day_starts_at = datetime.fromordinal(utc_day).replace(tzinfo=UTC)
    found = []
    # A local date is at most a day off, a night belongs to the date before, and a zone may repeat or skip a whole day.
    for local_day in range(utc_day - 3, utc_day + 3):
        found += _periods_from(date.fromordinal(local_day), zone, hours)
    return tuple(
        (starts_at, ends_at)
        for starts_at, ends_at in found
        if starts_at < day_starts_at + A_DAY and day_starts_at < ends_at
    )


def _periods_from(day: date, zone: ZoneInfo, hours: QuietHours) -> list[tuple[datetime, datetime]]:
    """Return the quiet periods that begin on a local date."""
    walls = []
    midnight = datetime.combine(day, time())
    if day.isoweekday() not in hours.weekdays:
        walls.append((midnight, midnight + A_DAY))
    if hours.quiet_from is not None and hours.quiet_until is not None:
        last_day = day if hours.quiet_from < hours.quiet_until else day + A_DAY
        walls.append((datetime.combine(day, hours.quiet_from), datetime.combine(last_day, hours.quiet_until)))
    return [(first_instant(start, zone), last_instant(end, zone)) for start, end in walls]
