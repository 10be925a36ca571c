"""Every clock change of every time zone from 2024 to 2030, found independently of the rules.

Only conversions from UTC to local time are used, which are never ambiguous.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from distributor.rules.timing.time_zones import zone_named

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2030, 1, 1, tzinfo=UTC)
# Changes of one zone are at least five weeks apart. Steps of four days take a third of the time of daily steps.
A_STEP = timedelta(days=4)
A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Change:
    """A change of a zone's UTC offset at the instant `at`."""

    zone: ZoneInfo
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_gap(self) -> bool:
        return self.after > self.before

    @property
    def length(self) -> timedelta:
        return abs(self.after - self.before)

    @property
    def wall(self) -> datetime:
        """The earliest local time that is skipped or shown twice."""
        return (self.at + min(self.before, self.after)).replace(tzinfo=None)

    def __str__(self) -> str:
        return f"{self.zone.key} {self.at:%Y-%m-%dT%H:%MZ}"


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def offset_of(instant: datetime, zone: ZoneInfo) -> timedelta:
    return wall_of(instant, zone) - instant.replace(tzinfo=None)


@cache
def every_change() -> Sequence[Change]:
    """All changes of all zones, each located by bisection."""
    return [change for name in sorted(available_timezones()) for change in _changes(zone_named(name))]


@cache
def every_different_change() -> Sequence[Change]:
    """Distinct changes: one of those with the same instant and offsets, such as Paris and Berlin."""
    return list({(change.at, change.before, change.after): change for change in every_change()}.values())


def _changes(zone: ZoneInfo) -> list[Change]:
    found = []
    day, offset = FIRST, offset_of(FIRST, zone)
    while day < LAST:
        day += A_STEP
        later = offset_of(day, zone)
        if later != offset:
            found.append(_locate(zone, day - A_STEP, offset, later))
            offset = later
    return found


def _locate(zone: ZoneInfo, start: datetime, before: timedelta, after: timedelta) -> Change:
    not_yet, over = 0, int(A_STEP.total_seconds())
    while over - not_yet > 1:
        middle = (not_yet + over) // 2
        if offset_of(start + middle * A_SECOND, zone) == before:
            not_yet = middle
        else:
            over = middle
    return Change(zone, start + over * A_SECOND, before, after)
