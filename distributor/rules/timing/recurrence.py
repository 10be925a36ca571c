"""Recurring schedules: a cron expression in a named zone, and when it is due next."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from distributor.rules.timing.time_zones import first_instant

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM: Final = re.compile(
    r"(?:(?P<all>\*)|(?P<first>\w{1,3})(?:-(?P<last>\w{1,3}))?)(?:/(?P<step>[0-9]{1,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A cron expression, read: `minutes` and `hours` ascending, `weekdays` from 0 (Sunday) to 6.

    `needs_both_days`: the day must be in `days` and in `weekdays`, else in either of them.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    needs_both_days: bool

    def falls_on(self, day: date) -> bool:
        in_days, in_weekdays = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        in_both = in_days and in_weekdays if self.needs_both_days else in_days or in_weekdays
        return day.month in self.months and in_both


def parse_cron(expression: str) -> Recurrence:
    """Read “minute hour day-of-month month day-of-week”, as crontab(5) of Debian has it.

    Each is `*`, or numbers and ranges parted by commas; `*` and ranges may have a step (`*/15`, `1-5/2`). Months and
    weekdays have English names too (`jan`, `mon`); Sunday is 0 or 7. When day of month and day of week both do not
    start with `*`, a day needs to match only one of them. Raises ValueError naming the fault, also for a date that
    never comes, such as 30 February.
    """
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError("a cron expression has 5 fields: minute, hour, day of month, month, day of week")
    minute, hour, day, month, weekday = fields
    needs_both_days = day.startswith("*") or weekday.startswith("*")
    days = _read("day of month", day, 1, 31)
    months = _read("month", month, 1, 12, _MONTHS)
    if needs_both_days and all(min(days) > _LONGEST_MONTHS[number - 1] for number in months):
        raise ValueError("no such date ever comes")
    return Recurrence(
        minutes=tuple(sorted(_read("minute", minute, 0, 59))),
        hours=tuple(sorted(_read("hour", hour, 0, 23))),
        days=days,
        months=months,
        weekdays=frozenset(number % 7 for number in _read("day of week", weekday, 0, 7, _WEEKDAYS)),
        needs_both_days=needs_both_days,
    )


def next_occurrence(recurrence: Recurrence, zone: ZoneInfo, after: datetime) -> datetime:
    """The first occurrence later than `after` (aware), in UTC.

    Each local time that the expression names occurs once: in a gap at the instant when the gap is over (several times
    that one gap swallows are one occurrence), in a fold the first time that the clock shows it. Raises OverflowError
    past the year 9999.
    """
    wall = after.astimezone(zone).replace(tzinfo=None, fold=0)
    # A later instant may show the same or an earlier time, in a fold: those have occurred already, or are skipped here.
    for candidate in _walls_after(recurrence, wall):
        occurs_at = first_instant(candidate, zone)
        if occurs_at > after:
            return occurs_at
    raise AssertionError("unreachable: parse_cron lets only dates through that come")


def latest_occurrence(recurrence: Recurrence, zone: ZoneInfo, first: datetime, now: datetime) -> datetime:
    """The last occurrence that is not after `now`; `first` is one that is not.

    Found from its end, in a span that doubles: after a year of downtime not every minute of it is walked.
    """
    span = timedelta(days=1)
    while now - span > first:
        found = _last_within(recurrence, zone, now - span, now)
        if found is not None:
            return found
        span *= 2
    return _last_within(recurrence, zone, first, now) or first


def _last_within(recurrence: Recurrence, zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    last = None
    while (after := next_occurrence(recurrence, zone, after)) <= until:
        last = after
    return last


def _walls_after(recurrence: Recurrence, wall: datetime) -> Iterator[datetime]:
    """The local times that the expression names, later than `wall`, without end."""
    day = wall.date()
    while True:
        if day.month not in recurrence.months:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            continue
        if recurrence.falls_on(day):
            for hour in recurrence.hours:
                if day == wall.date() and hour < wall.hour:
                    continue
                for minute in recurrence.minutes:
                    candidate = datetime.combine(day, time(hour, minute))
                    if candidate > wall:
                        yield candidate
        day += timedelta(days=1)


def _read(name: str, field: str, lowest: int, highest: int, words: tuple[str, ...] = ()) -> frozenset[int]:
    """The numbers that one field names. `words` stand for the numbers from `lowest` on."""
    numbers: set[int] = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None or (match["step"] and not match["all"] and not match["last"]):
            raise ValueError(f"{name}: “{item}” is not understood")
        first = lowest if match["all"] else _number(name, match["first"], lowest, highest, words)
        if match["all"]:
            last = highest
        else:
            last = _number(name, match["last"], lowest, highest, words) if match["last"] else first
        step = int(match["step"] or 1)
        if first > last or step == 0:
            raise ValueError(f"{name}: “{item}” names nothing")
        numbers.update(range(first, last + 1, step))
    return frozenset(numbers)


def _number(name: str, text: str, lowest: int, highest: int, words: tuple[str, ...]) -> int:
    if text.lower() in words:
        return words.index(text.lower()) + lowest
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise ValueError(f"{name}: “{text}” is not between {lowest} and {highest}")
    return int(text)
