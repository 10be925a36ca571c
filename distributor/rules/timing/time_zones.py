"""Convert local times to UTC.

Where clocks are put forward there is a gap: local times that the clock skips. Where they are put back there is a fold:
local times that it shows twice (PEP 495). A `wall` is a naive local time.
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# Means “never”: Python's calendar ends here.
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=2_048)
def zone_named(*names: str) -> ZoneInfo:
    """Return the first of these names that is an IANA time zone (a contact's, then its organisation's), or UTC."""
    return ZoneInfo(next((name for name in names if name in _known_names()), "UTC"))


@cache
def _known_names() -> frozenset[str]:
    # ZoneInfo(name) is no test: it opens names that are not zones, and fails in half a dozen ways on others.
    return frozenset(available_timezones())


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock first shows `wall`, in UTC; for a time in a gap, the end of the gap."""
    return _instant(wall.replace(fold=0), zone)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock last shows `wall`, in UTC; for a time in a gap, the end of the gap."""
    return _instant(wall.replace(fold=1), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    is_shown = instant.astimezone(zone).replace(tzinfo=None) == wall
    return instant if is_shown else _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the gap around `wall` ends, found by bisection.

    In a gap, fold=1 applies the later offset and gives an instant before the change; fold=0 gives one after it.
    """
    start = wall.replace(tzinfo=zone, fold=1, microsecond=0).astimezone(UTC)
    end = wall.replace(tzinfo=zone, fold=0, microsecond=0).astimezone(UTC)
    offset_before = start.astimezone(zone).utcoffset()
    before, after = 0, int((end - start).total_seconds())
    while after - before > 1:
        middle = (before + after) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return start + timedelta(seconds=after)
