"""Recurring schedules: when a cron expression in a time zone is due."""

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
    """A parsed cron expression. `minutes` and `hours` ascend; `weekdays` run from 0 (Sunday) to 6.

    `needs_both_days`: a day must be in `days` and in `weekdays`; otherwise one of the two is enough.
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
    """Parse “minute hour day-of-month month day-of-week”, as Debian's crontab(5) defines it.

    Each field is `*`, or numbers and ranges separated by commas. `*` and ranges may have a step (`*/15`, `1-5/2`).
    Months and weekdays may be English names (`jan`, `mon`); Sunday is 0 or 7. If neither day field starts with `*`, a
    day needs to match only one of them. Raises ValueError naming the fault, also for a date that never occurs, such as
    30 February.
    """
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError("a cron expression has 5 fields: minute, hour, day of month, month, day of week")
    minute, hour, day, month, weekday = fields
    needs_both_days = day.startswith("*") or weekday.startswith("*")
    days = _read("day of month", day, 1, 31)
    months = _read("month", month, 1, 12, _MONTHS)
    if needs_both_days and all(min(days) > _LONGEST_MONTHS[number - 1] for number in months):
        raise ValueError("this date never occurs")
    return Recurrence(
        minutes=tuple(sorted(_read("minute", minute, 0, 59))),
        hours=tuple(sorted(_read("hour", hour, 0, 23))),
        days=days,
        months=months,
        weekdays=frozenset(number % 7 for number in _read("day of week", weekday, 0, 7, _WEEKDAYS)),
        needs_both_days=needs_both_days,
    )


def next_occurrence(recurrence: Recurrence, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first occurrence after `after` (aware), in UTC.

    Each local time that the expression names occurs once. A time that the clock skips occurs at the end of the gap;
    several times in one gap are one occurrence. A time that the clock shows twice occurs the first time. Raises
    OverflowError past the year 9999.
    """
    wall = after.astimezone(zone).replace(tzinfo=None, fold=0)
    # Where the clock is put back, a candidate may lie before `after`: it has occurred already and is left out.
    for candidate in _walls_after(recurrence, wall):
        occurs_at = first_instant(candidate, zone)
        if occurs_at > after:
            return occurs_at
    raise AssertionError("unreachable: parse_cron() accepts only dates that occur")


def latest_occurrence(recurrence: Recurrence, zone: ZoneInfo, first: datetime, now: datetime) -> datetime:
    """Return the last occurrence at or before `now`. `first` is an occurrence at or before `now`.

    The search goes back from `now` in a span that doubles, so that a year of downtime is not walked minute by minute.
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
    """Yield the local times after `wall` that the expression names, without end."""
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
    """Return the numbers that a field names. `words` are names for the numbers from `lowest` on."""
    numbers: set[int] = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None or (match["step"] and not match["all"] and not match["last"]):
            raise ValueError(f"{name}: “{item}” is not valid")
        first = lowest if match["all"] else _number(name, match["first"], lowest, highest, words)
        if match["all"]:
            last = highest
        else:
            last = _number(name, match["last"], lowest, highest, words) if match["last"] else first
        step = int(match["step"] or 1)
        if first > last or step == 0:
            raise ValueError(f"{name}: “{item}” matches nothing")
        numbers.update(range(first, last + 1, step))
    return frozenset(numbers)


def _number(name: str, text: str, lowest: int, highest: int, words: tuple[str, ...]) -> int:
    if text.lower() in words:
        return words.index(text.lower()) + lowest
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise ValueError(f"{name}: “{text}” is not between {lowest} and {highest}")
    return int(text)
