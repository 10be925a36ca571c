"""Quiet hours by brute force: a clock on a wall, looked at every quarter of an hour.

Quiet begins when the clock first shows its start or later, and ends right after it last shows less than its end.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.simulation.known import Hours

LOOK = timedelta(minutes=15)
DAY = timedelta(days=1)
DAY_AND_NIGHT = timedelta(hours=40)


class Silences:
    """When nothing may be sent between two days, by hours and zone. All changes of clocks fall on full quarters."""

    def __init__(self, first_day: date, last_day: date) -> None:
        self._first_day, self._last_day = first_day - 3 * DAY, last_day + 3 * DAY
        self._walls: dict[str, list[datetime]] = {}
        self._stretches: dict[tuple[Hours, str], list[tuple[datetime, datetime]]] = {}
        self._start = datetime.combine(self._first_day, time(), UTC)

    def hold(self, hours: Hours, zone: str, at: datetime) -> bool:
        """Whether it is quiet at that moment. Raises ValueError outside the days."""
        if not self._first_day < at.date() < self._last_day:
            raise ValueError(f"{at} was not looked at")
        stretches = self._stretches.get((hours, zone))
        if stretches is None:
            stretches = self._stretches[hours, zone] = sorted(self._look(hours, zone))
        # A stretch is over after two days at most; those that begin later do not matter.
        place = bisect_right(stretches, (at, datetime.max.replace(tzinfo=UTC)))
        return any(starts_at <= at < ends_at for starts_at, ends_at in stretches[max(place - 6, 0) : place])

    def _look(self, hours: Hours, zone: str) -> list[tuple[datetime, datetime]]:
        found = []
        day = self._first_day
        while day < self._last_day:
            midnight = datetime.combine(day, time())
            if day.isoweekday() not in hours.weekdays:
                found.append(self._stretch(zone, midnight, midnight + DAY))
            if hours.quiet is not None:
                start, end = (datetime.combine(day, wall) for wall in hours.quiet)
                found.append(self._stretch(zone, start, end if start < end else end + DAY))
            day += DAY
        return found

    def _stretch(self, zone: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        walls = self._walls_of(zone)
        # No zone is further from UTC than 14 hours.
        low = max(int((start.replace(tzinfo=UTC) - self._start - DAY_AND_NIGHT) / LOOK), 0)
        high = int((end.replace(tzinfo=UTC) - self._start + DAY_AND_NIGHT) / LOOK)
        places = range(low, min(high, len(walls)))
        first = next((place for place in places if walls[place] >= start), high)
        last = next((place for place in reversed(places) if walls[place] < end), low)
        return self._start + first * LOOK, self._start + (last + 1) * LOOK

    def _walls_of(self, zone: str) -> list[datetime]:
        if zone not in self._walls:
            info = ZoneInfo(zone)
            looks = int((datetime.combine(self._last_day, time(), UTC) - self._start) / LOOK)
            moments = (self._start + place * LOOK for place in range(looks))
            self._walls[zone] = [moment.astimezone(info).replace(tzinfo=None) for moment in moments]
        return self._walls[zone]
