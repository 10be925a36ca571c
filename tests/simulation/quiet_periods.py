"""Quiet hours by brute force: the local clock is read every quarter of an hour.

A quiet period begins when the clock first shows its start or later, and ends right after the clock last shows less than
its end.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.simulation.world import Hours

READ_EVERY = timedelta(minutes=15)
DAY = timedelta(days=1)
DAY_AND_NIGHT = timedelta(hours=40)


class QuietPeriods:
    """When nothing may be sent between two days, by hours and zone. All clock changes fall on full quarters."""

    def __init__(self, first_day: date, last_day: date) -> None:
        self._first_day, self._last_day = first_day - 3 * DAY, last_day + 3 * DAY
        self._walls: dict[str, list[datetime]] = {}
        self._periods: dict[tuple[Hours, str], list[tuple[datetime, datetime]]] = {}
        self._start = datetime.combine(self._first_day, time(), UTC)

    def cover(self, hours: Hours, zone: str, at: datetime) -> bool:
        """Return whether it is quiet at a moment. Raises ValueError outside the days."""
        if not self._first_day < at.date() < self._last_day:
            raise ValueError(f"{at} is outside the days")
        periods = self._periods.get((hours, zone))
        if periods is None:
            periods = self._periods[hours, zone] = sorted(self._find_periods(hours, zone))
        # A period lasts two days at most; those that begin later do not matter.
        index = bisect_right(periods, (at, datetime.max.replace(tzinfo=UTC)))
        return any(starts_at <= at < ends_at for starts_at, ends_at in periods[max(index - 6, 0) : index])

    def _find_periods(self, hours: Hours, zone: str) -> list[tuple[datetime, datetime]]:
        found = []
        day = self._first_day
        while day < self._last_day:
            midnight = datetime.combine(day, time())
            if day.isoweekday() not in hours.weekdays:
                found.append(self._period(zone, midnight, midnight + DAY))
            if hours.quiet is not None:
                start, end = (datetime.combine(day, wall) for wall in hours.quiet)
                found.append(self._period(zone, start, end if start < end else end + DAY))
            day += DAY
        return found

    def _period(self, zone: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        walls = self._walls_of(zone)
        # No zone is further from UTC than 14 hours.
        low = max(int((start.replace(tzinfo=UTC) - self._start - DAY_AND_NIGHT) / READ_EVERY), 0)
        high = int((end.replace(tzinfo=UTC) - self._start + DAY_AND_NIGHT) / READ_EVERY)
        indexes = range(low, min(high, len(walls)))
        first = next((index for index in indexes if walls[index] >= start), high)
        last = next((index for index in reversed(indexes) if walls[index] < end), low)
        return self._start + first * READ_EVERY, self._start + (last + 1) * READ_EVERY

    def _walls_of(self, zone: str) -> list[datetime]:
        if zone not in self._walls:
            info = ZoneInfo(zone)
            reads = int((datetime.combine(self._last_day, time(), UTC) - self._start) / READ_EVERY)
            moments = (self._start + index * READ_EVERY for index in range(reads))
            self._walls[zone] = [moment.astimezone(info).replace(tzinfo=None) for moment in moments]
        return self._walls[zone]
