import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from distributor.rules.timing.recurrence import latest_occurrence, next_occurrence, parse_cron
from tests.support.zones import Change, every_change, every_different_change, wall_of

WARSAW, UTC_ZONE = ZoneInfo("Europe/Warsaw"), ZoneInfo("UTC")
A_MINUTE, A_QUARTER, AN_HOUR = (timedelta(minutes=size) for size in (1, 15, 60))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def occurrences(expression: str, after: str, count: int, zone: ZoneInfo = WARSAW) -> list[datetime]:
    found, last = [], utc(after)
    for _ in range(count):
        last = next_occurrence(parse_cron(expression), zone, last)
        found.append(last)
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 9 * * *", "2026-03-10 07:59", ["2026-03-10 08:00", "2026-03-11 08:00"]),
        ("0 9 * * *", "2026-03-10 08:00", ["2026-03-11 08:00"]),  # later than, not at
        ("0 9 * * *", "2026-03-10 07:59:59.999999", ["2026-03-10 08:00"]),
        ("*/20 8-9 * * *", "2026-03-10 07:15", ["2026-03-10 07:20", "2026-03-10 07:40", "2026-03-10 08:00"]),
        ("5,35 0 * * *", "2026-03-09 22:30", ["2026-03-09 23:05", "2026-03-09 23:35", "2026-03-10 23:05"]),
        ("30 8 1 * *", "2026-03-10 00:00", ["2026-04-01 06:30", "2026-05-01 06:30"]),
        ("30 8 31 * *", "2026-03-31 12:00", ["2026-05-31 06:30", "2026-07-31 06:30"]),
        ("0 9 * * 1-5", "2026-03-13 09:00", ["2026-03-16 08:00"]),
        ("0 9 * jan,JUL mon", "2026-03-13 09:00", ["2026-07-06 07:00"]),
        ("0 9 * * 0", "2026-03-10 00:00", ["2026-03-15 08:00"]),
        ("0 9 * * 7", "2026-03-10 00:00", ["2026-03-15 08:00"]),
        ("0 9 * * 5-7", "2026-03-14 09:00", ["2026-03-15 08:00", "2026-03-20 08:00"]),
        ("0 9 13 * fri", "2026-03-07 00:00", ["2026-03-13 08:00", "2026-03-20 08:00"]),  # either of them
        ("0 9 */12 * fri", "2026-03-01 09:00", ["2026-03-13 08:00", "2026-05-01 07:00"]),  # both: 1, 13, 25 and Friday
        ("0 9 13 * */5", "2026-03-01 09:00", ["2026-03-13 08:00", "2026-09-13 07:00"]),  # both: 13, Friday or Sunday
        ("0 9 29 2 *", "2026-03-01 09:00", ["2028-02-29 08:00", "2032-02-29 08:00"]),
        ("0 9 29 2 *", "2096-03-01 09:00", ["2104-02-29 08:00"]),
        ("0 9 29 2 */6", "2026-03-01 09:00", ["2032-02-29 08:00", "2048-02-29 08:00"]),  # on a Saturday or Sunday
        ("0 9 30 2 mon", "2026-03-01 09:00", ["2027-02-01 08:00"]),
        ("0 0 1 1 *", "2026-03-01 09:00", ["2026-12-31 23:00"]),
    ],
)
def test_the_next_occurrences(expression: str, after: str, expected: list[str]) -> None:
    assert occurrences(expression, after, len(expected)) == [utc(moment) for moment in expected]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("30 2 * * *", "2026-03-28 01:00", ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"]),
        ("*/15 2 * * *", "2026-03-28 02:00", ["2026-03-29 01:00", "2026-03-30 00:00"]),  # four times are one
        ("0,30 2,3 * * *", "2026-03-29 00:00", ["2026-03-29 01:00", "2026-03-29 01:30", "2026-03-30 00:00"]),
        ("30 * * * *", "2026-03-28 23:30", ["2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"]),
    ],
)
def test_skipped_times_occur_once_at_the_end_of_the_gap(expression: str, after: str, expected: list[str]) -> None:
    assert occurrences(expression, after, len(expected)) == [utc(moment) for moment in expected]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("30 2 * * *", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("30 2 * * *", "2026-10-25 01:00", ["2026-10-26 01:30"]),  # between the two
        ("30 * * * *", "2026-10-24 23:00", ["2026-10-24 23:30", "2026-10-25 00:30", "2026-10-25 02:30"]),
    ],
)
def test_a_time_shown_twice_occurs_the_first_time_only(expression: str, after: str, expected: list[str]) -> None:
    assert occurrences(expression, after, len(expected)) == [utc(moment) for moment in expected]


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("", "5 fields"),
        ("* * * *", "5 fields"),
        ("0 * * * * *", "5 fields"),
        ("@daily", "5 fields"),
        ("60 * * * *", "minute: “60”"),
        ("* 24 * * *", "hour: “24”"),
        ("* * 0 * *", "day of month: “0”"),
        ("* * 32 * *", "day of month: “32”"),
        ("* * * 13 *", "month: “13”"),
        ("* * * mon *", "month: “mon”"),
        ("* * * * 8", "day of week: “8”"),
        ("* * * * jan", "day of week: “jan”"),
        ("jan * * * *", "minute: “jan”"),
        ("-1 * * * *", "minute: “-1”"),
        ("5-1 * * * *", "minute: “5-1” matches nothing"),
        ("* * * * fri-mon", "matches nothing"),
        ("*/0 * * * *", "matches nothing"),
        ("5/15 * * * *", "minute: “5/15”"),  # from 5 on, or only 5? cron programs differ
        ("1,,2 * * * *", "minute: “”"),
        ("1, * * * *", "minute: “”"),
        ("1-2-3 * * * *", "1-2-3"),
        ("*5 * * * *", "*5"),
        ("٣ * * * *", "٣"),
        ("L * * * *", "“L”"),
        ("* * 30 2 *", "never occurs"),
        ("* * 31 2,4,6,9,11 *", "never occurs"),
        ("* * 30 2 */2", "never occurs"),
        ("9" * 5_000 + " * * * *", "not valid"),
    ],
)
def test_an_invalid_expression_is_refused_with_its_fault(expression: str, fault: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_cron(expression)
    assert fault in str(refusal.value)


def fields(lowest: int, highest: int) -> st.SearchStrategy[str]:
    """Draw a cron field of numbers, ranges and steps."""
    numbers = st.integers(lowest, highest)
    ranges = st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}")
    steps = st.integers(1, 99).map(lambda step: f"/{step}")
    item = numbers.map(str) | ranges | st.just("*") | st.builds(str.__add__, ranges | st.just("*"), steps)
    return st.lists(item, min_size=1, max_size=4).map(",".join)


@settings(deadline=None)
@given(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6))
def test_fields_are_read_as_celery_reads_them(minute: str, hour: str, day: str, month: str, weekday: str) -> None:
    try:
        recurrence = parse_cron(f"{minute} {hour} {day} {month} {weekday}")
    except ValueError:
        assert not any(
            number <= calendar.monthrange(2028, month_number)[1]
            for number in crontab_parser(31, 1).parse(day)
            for month_number in crontab_parser(12, 1).parse(month)
        )
        return
    assert recurrence.minutes == tuple(sorted(crontab_parser(60).parse(minute)))
    assert recurrence.hours == tuple(sorted(crontab_parser(24).parse(hour)))
    assert recurrence.days == crontab_parser(31, 1).parse(day)
    assert recurrence.months == crontab_parser(12, 1).parse(month)
    assert recurrence.weekdays == crontab_parser(7).parse(weekday)
    assert recurrence.needs_both_days == (day.startswith("*") or weekday.startswith("*"))


def watch(expression: str, change: Change, step: timedelta) -> list[datetime]:
    """Return when an expression is due from 30 hours before a change to 30 hours after it, by watching the clock.

    The clock is read every `step`; every local time that the expression names must be a multiple of it.
    """
    recurrence = parse_cron(expression)

    def is_named(wall: datetime) -> bool:
        return wall.hour in recurrence.hours and wall.minute in recurrence.minutes and recurrence.falls_on(wall.date())

    due: list[datetime] = []
    instant = change.at - 30 * AN_HOUR
    latest = wall_of(instant, change.zone)  # the latest local time that the clock has shown so far
    while instant < change.at + 30 * AN_HOUR:
        instant += step
        wall = wall_of(instant, change.zone)
        if any(is_named(latest + number * step) for number in range(1, (wall - latest) // step + 1)):
            due.append(instant)
        latest = max(latest, wall)
    return due


def assert_occurs_as_watched(expression: str, change: Change, step: timedelta) -> None:
    recurrence, found = parse_cron(expression), []
    last = change.at - 30 * AN_HOUR
    while (last := next_occurrence(recurrence, change.zone, last)) <= change.at + 30 * AN_HOUR:
        found.append(last)
    assert found == watch(expression, change, step), (str(change), expression)


def test_around_every_change_of_every_zone_it_occurs_as_watching_the_clock_says() -> None:
    for change in every_different_change():
        inside = change.wall + change.length / 2
        assert_occurs_as_watched(f"{inside.minute} {inside.hour} * * *", change, A_QUARTER)
        assert_occurs_as_watched(f"*/15 {inside.hour},{(inside.hour + 1) % 24} * * 0,6", change, A_QUARTER)


# Deferred: finding all changes takes 2.5 s, which each test process would spend when it imports this module.
changes = st.deferred(lambda: st.sampled_from(every_change()))


@settings(max_examples=50, deadline=None)
@given(changes, fields(0, 59), fields(0, 23), st.sampled_from(["*", "0", "6", "1-5"]))
def test_any_expression_occurs_as_watching_the_clock_says(change: Change, minute: str, hour: str, weekday: str) -> None:
    assert_occurs_as_watched(f"{minute} {hour} * * {weekday}", change, A_MINUTE)


@settings(deadline=None)
@given(st.dates(date(1, 1, 1), date(9_900, 1, 1)), fields(1, 31), fields(1, 12), fields(0, 6))
def test_from_any_day_the_next_occurrence_is_the_first_day_that_matches(
    day: date, days: str, months: str, weekdays: str
) -> None:
    try:
        recurrence = parse_cron(f"0 0 {days} {months} {weekdays}")
    except ValueError:
        return
    occurs_at = next_occurrence(recurrence, UTC_ZONE, datetime.combine(day, datetime.min.time(), UTC))
    days_skipped = (occurs_at.date() - day).days
    assert recurrence.falls_on(occurs_at.date())
    assert not any(recurrence.falls_on(day + timedelta(days=number)) for number in range(1, min(days_skipped, 1_500)))


@pytest.mark.parametrize("expression", ["* * * * *", "*/7 3 * * *", "0 9 * * mon", "30 2 1 * *", "0 0 29 2 *"])
@pytest.mark.parametrize("days", [0, 0.5, 3, 40])
def test_the_latest_occurrence_is_found(expression: str, days: float) -> None:
    recurrence, zone = parse_cron(expression), ZoneInfo("Europe/Warsaw")
    first = next_occurrence(recurrence, zone, datetime(2026, 3, 27, 12, tzinfo=UTC))
    now = first + timedelta(days=days)
    walked = first
    while (later := next_occurrence(recurrence, zone, walked)) <= now:
        walked = later
    assert latest_occurrence(recurrence, zone, first, now) == walked


def test_the_latest_occurrence_after_years_is_found() -> None:
    recurrence, zone = parse_cron("0 0 29 2 *"), ZoneInfo("UTC")
    first, now = datetime(2004, 2, 29, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert latest_occurrence(recurrence, zone, first, now) == datetime(2024, 2, 29, tzinfo=UTC)
