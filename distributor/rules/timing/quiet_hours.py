"""Quiet hours and allowed weekdays, by the clock on the contact's wall."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from distributor.rules.timing.time_zones import LAST_MOMENT, first_instant, last_instant

EVERY_DAY: Final = frozenset(range(1, 8))
A_DAY: Final = timedelta(days=1)
# Python's calendar ends with this year, and finding the next allowed day needs some days of room.
_END_OF_CALENDAR: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is sent: daily from `quiet_from` to `quiet_until`, local times, and on all days but `weekdays`.

    `quiet_until` at or before `quiet_from` in the day is on the next day. Both None: no hours are quiet. `weekdays`
    are ISO (1 is Monday). Quiet begins when the clock first shows its start and ends when it last shows its end, so
    that where clocks are put back it is the longer of the two; a start or end that is skipped moves forward to the end
    of the gap. Days begin and end likewise. Raises ValueError for hours or weekdays that would never let anything out.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    weekdays: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours need both a start and an end")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet hours that end when they start would be all day or none of it")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError("weekdays are at least one of 1 (Monday) to 7 (Sunday)")

    @property
    def any(self) -> bool:
        return self.quiet_from is not None or self.weekdays != EVERY_DAY


NO_QUIET_HOURS: Final = QuietHours()


def earliest_allowed(moment: datetime, zone: ZoneInfo, hours: QuietHours) -> datetime:
    """The first instant, not before `moment` (aware, from the year 2 on), at which something may be sent; in UTC.

    What is known of a zone's day is kept, so that contacts of one zone share one answer. LAST_MOMENT for what is asked
    for the very end of the calendar.
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
    for starts_at, ends_at in _silences(moment.toordinal(), zone, hours):
        if starts_at <= moment < ends_at:
            return ends_at
    return None


@lru_cache(maxsize=4_096)
def _silences(utc_day: int, zone: ZoneInfo, hours: QuietHours) -> tuple[tuple[datetime, datetime], ...]:
    """The quiet stretches that touch a day of UTC (as date.toordinal counts), each whole; they may overlap."""
    day_starts_at = datetime.fromordinal(utc_day).replace(tzinfo=UTC)
    found = []
    # Local dates are a day off at most, a night belongs to the date before, and a zone may repeat or skip a whole day.
    for local_day in range(utc_day - 3, utc_day + 3):
        found += _silences_of(date.fromordinal(local_day), zone, hours)
    return tuple(
        (starts_at, ends_at)
        for starts_at, ends_at in found
        if starts_at < day_starts_at + A_DAY and day_starts_at < ends_at
    )


def _silences_of(day: date, zone: ZoneInfo, hours: QuietHours) -> list[tuple[datetime, datetime]]:
    """The quiet stretches that begin on a local date."""
    walls = []
    midnight = datetime.combine(day, time())
    if day.isoweekday() not in hours.weekdays:
        walls.append((midnight, midnight + A_DAY))
    if hours.quiet_from is not None and hours.quiet_until is not None:
        last_day = day if hours.quiet_from < hours.quiet_until else day + A_DAY
        walls.append((datetime.combine(day, hours.quiet_from), datetime.combine(last_day, hours.quiet_until)))
    return [(first_instant(start, zone), last_instant(end, zone)) for start, end in walls]
