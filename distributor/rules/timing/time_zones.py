"""Between the clock on a wall and the instants of UTC.

Where clocks are put forward there is a gap: local times that no clock shows. Where they are put back there is a fold:
local times that it shows twice (PEP 495).
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# Stands for “never”: Python's calendar ends there.
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=2_048)
def zone_named(*names: str) -> ZoneInfo:
    """The first of these names that is an IANA time zone: a contact's, then its organisation's; UTC when none is."""
    return ZoneInfo(next((name for name in names if name in _known_names()), "UTC"))


@cache
def _known_names() -> frozenset[str]:
    # Not by trying: ZoneInfo also opens names that are no zones, and fails in half a dozen ways on texts and folders.
    return frozenset(available_timezones())


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock first shows `wall` (naive), in UTC; for a time in a gap: the instant at which the gap is over."""
    return _instant(wall.replace(fold=0), zone)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock last shows `wall` (naive), in UTC; for a time in a gap: the instant at which the gap is over."""
    return _instant(wall.replace(fold=1), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    is_shown = instant.astimezone(zone).replace(tzinfo=None) == wall
    return instant if is_shown else _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """For a time in a gap, fold=1 reads it by the later offset, which lies before the change, and fold=0 after it."""
    start = wall.replace(tzinfo=zone, fold=1, microsecond=0).astimezone(UTC)
    end = wall.replace(tzinfo=zone, fold=0, microsecond=0).astimezone(UTC)
    offset_before = start.astimezone(zone).utcoffset()
    not_yet, over = 0, int((end - start).total_seconds())
    while over - not_yet > 1:
        middle = (not_yet + over) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset_before:
            not_yet = middle
        else:
            over = middle
    return start + timedelta(seconds=over)
