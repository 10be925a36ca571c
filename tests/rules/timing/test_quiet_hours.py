from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributor.rules.timing.quiet_hours import EVERY_DAY, NO_QUIET_HOURS, QuietHours, earliest_allowed
from distributor.rules.timing.time_zones import LAST_MOMENT

WARSAW, NEW_YORK, HAVANA = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/New_York"), ZoneInfo("America/Havana")
NIGHT = QuietHours(time(22), time(8))
WEEKDAYS = frozenset({1, 2, 3, 4, 5})
TICK = timedelta(microseconds=1)

times = st.times().map(lambda at: at.replace(fold=0))
rules = (
    st.tuples(times, times, st.frozensets(st.integers(1, 7), min_size=1))
    .filter(lambda given: given[0] != given[1])
    .map(lambda given: QuietHours(*given))
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: ZoneInfo = WARSAW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("2026-03-10 21:59:59.999999", "2026-03-10 21:59:59.999999"),
        ("2026-03-10 22:00", "2026-03-11 08:00"),
        ("2026-03-10 23:30", "2026-03-11 08:00"),
        ("2026-03-11 00:00", "2026-03-11 08:00"),
        ("2026-03-11 07:59:59.999999", "2026-03-11 08:00"),
        ("2026-03-11 08:00", "2026-03-11 08:00"),
        ("2026-03-11 12:00", "2026-03-11 12:00"),
    ],
)
def test_a_night_is_quiet_across_midnight(asked: str, allowed: str) -> None:
    assert earliest_allowed(local(asked), WARSAW, NIGHT) == local(allowed)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("2026-03-10 11:59", "2026-03-10 11:59"),
        ("2026-03-10 12:00", "2026-03-10 14:00"),
        ("2026-03-10 13:59", "2026-03-10 14:00"),
    ],
)
def test_quiet_hours_may_lie_within_a_day(asked: str, allowed: str) -> None:
    assert earliest_allowed(local(asked), WARSAW, QuietHours(time(12), time(14))) == local(allowed)


@pytest.mark.parametrize(
    ("start", "end", "asked", "allowed"),
    [
        (time(0), time(6), "2026-03-10 00:00", "2026-03-10 06:00"),
        (time(20), time(0), "2026-03-10 20:00", "2026-03-11 00:00"),
        (time(0, 1), time(0), "2026-03-10 00:01", "2026-03-11 00:00"),  # a minute a day is left
    ],
)
def test_quiet_hours_may_end_or_begin_at_midnight(start: time, end: time, asked: str, allowed: str) -> None:
    assert earliest_allowed(local(asked), WARSAW, QuietHours(start, end)) == local(allowed)


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        (QuietHours(weekdays=WEEKDAYS), "2026-03-13 23:59", "2026-03-13 23:59"),  # a Friday
        (QuietHours(weekdays=WEEKDAYS), "2026-03-14 00:00", "2026-03-16 00:00"),
        (QuietHours(time(22), time(8), WEEKDAYS), "2026-03-13 22:00", "2026-03-16 08:00"),
        (QuietHours(time(22), time(8), WEEKDAYS), "2026-03-15 12:00", "2026-03-16 08:00"),
        (QuietHours(weekdays=frozenset({3})), "2026-03-12 00:00", "2026-03-18 00:00"),
        (QuietHours(time(0), time(23, 59), frozenset({3})), "2026-03-12 00:00", "2026-03-18 23:59"),
    ],
)
def test_days_that_are_not_allowed_are_quiet_from_midnight_to_midnight(
    rule: QuietHours, asked: str, allowed: str
) -> None:
    assert earliest_allowed(local(asked), WARSAW, rule) == local(allowed)


def test_the_day_is_that_of_the_zone() -> None:
    friday_evening = utc("2026-03-13 20:00")
    rule = QuietHours(weekdays=WEEKDAYS)
    assert earliest_allowed(friday_evening, WARSAW, rule) == friday_evening
    assert earliest_allowed(friday_evening, ZoneInfo("Asia/Tokyo"), rule) == utc("2026-03-15 15:00")


@pytest.mark.parametrize(
    ("start", "end", "asked", "allowed"),
    [
        (time(22), time(2, 30), "2026-03-29 00:30", "2026-03-29 01:00"),  # 03:00 is the first time after 01:59
        (time(2, 30), time(6), "2026-03-29 00:59:59", "2026-03-29 00:59:59"),
        (time(2, 30), time(6), "2026-03-29 01:00", "2026-03-29 04:00"),
        (time(2, 10), time(2, 50), "2026-03-29 01:00", "2026-03-29 01:00"),  # quiet hours that this night does not have
        (time(2, 50), time(2, 10), "2026-03-29 00:59", "2026-03-30 00:10"),  # nor what would have been allowed in it
    ],
)
def test_a_skipped_time_moves_forward_to_the_end_of_the_gap(start: time, end: time, asked: str, allowed: str) -> None:
    assert earliest_allowed(utc(asked), WARSAW, QuietHours(start, end)) == utc(allowed)


@pytest.mark.parametrize(
    ("start", "end", "asked", "allowed"),
    [
        (time(22), time(2, 30), "2026-10-25 00:29", "2026-10-25 01:30"),
        (time(22), time(2, 30), "2026-10-25 00:45", "2026-10-25 01:30"),  # 02:45 for the first time
        (time(22), time(2), "2026-10-25 00:00", "2026-10-25 01:00"),
        (time(22), time(3), "2026-10-25 00:00", "2026-10-25 02:00"),
        (time(2, 30), time(6), "2026-10-25 00:29", "2026-10-25 00:29"),
        (time(2, 30), time(6), "2026-10-25 00:30", "2026-10-25 05:00"),
        (time(2, 30), time(6), "2026-10-25 01:15", "2026-10-25 05:00"),  # 02:15 for the second time
        (time(2, 10), time(2, 50), "2026-10-25 00:10", "2026-10-25 01:50"),
    ],
)
def test_where_the_clock_is_put_back_the_longer_quiet_holds(start: time, end: time, asked: str, allowed: str) -> None:
    assert earliest_allowed(utc(asked), WARSAW, QuietHours(start, end)) == utc(allowed)


def test_around_a_midnight_that_comes_twice_the_longer_quiet_holds() -> None:
    sunday = utc("2026-11-01 04:00")  # 00:00 in Havana, and again an hour later
    assert earliest_allowed(sunday - TICK, HAVANA, QuietHours(weekdays=EVERY_DAY - {7})) == sunday - TICK
    assert earliest_allowed(sunday, HAVANA, QuietHours(weekdays=EVERY_DAY - {7})) == utc("2026-11-02 05:00")
    assert earliest_allowed(sunday, HAVANA, QuietHours(weekdays=EVERY_DAY - {6})) == utc("2026-11-01 05:00")


def test_nothing_leaves_on_a_day_that_a_zone_skipped() -> None:
    apia = ZoneInfo("Pacific/Apia")
    thursday_noon = utc("2011-12-29 22:00")
    only_friday = QuietHours(weekdays=frozenset({5}))
    assert earliest_allowed(thursday_noon, apia, only_friday) == local("2012-01-06 00:00", apia)


def test_the_same_night_ends_at_another_instant_in_another_zone() -> None:
    asked = utc("2026-03-11 03:00")
    assert earliest_allowed(asked, WARSAW, NIGHT) == utc("2026-03-11 07:00")
    assert earliest_allowed(asked, NEW_YORK, NIGHT) == utc("2026-03-11 12:00")


@pytest.mark.parametrize(
    ("start", "end", "weekdays"),
    [
        (time(22), None, EVERY_DAY),
        (None, time(8), EVERY_DAY),
        (time(8), time(8), EVERY_DAY),
        (None, None, frozenset()),
        (None, None, frozenset({0, 1})),
        (None, None, frozenset({8})),
    ],
)
def test_invalid_hours_are_refused(start: time | None, end: time | None, weekdays: frozenset[int]) -> None:
    with pytest.raises(ValueError, match=r"quiet hours|weekdays"):
        QuietHours(start, end, weekdays)


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_without_quiet_hours_every_instant_is_allowed(moment: datetime) -> None:
    assert earliest_allowed(moment, WARSAW, NO_QUIET_HOURS) == moment


@settings(deadline=None)
@given(rules, st.timedeltas(timedelta(0), timedelta(days=370)))
def test_the_end_of_the_calendar_has_an_answer(rule: QuietHours, before: timedelta) -> None:
    allowed = earliest_allowed(LAST_MOMENT - before, NEW_YORK, rule)
    assert allowed >= LAST_MOMENT - before
    assert earliest_allowed(allowed, NEW_YORK, rule) == allowed


@settings(deadline=None)
@given(rules, st.datetimes(utc("0002-01-01").replace(tzinfo=None), timezones=st.just(UTC)))
def test_an_answer_comes_within_fifteen_days_and_may_be_asked_in_any_zone(rule: QuietHours, moment: datetime) -> None:
    allowed = earliest_allowed(moment, NEW_YORK, rule)
    assert timedelta(0) <= allowed - moment
    assert allowed - moment <= timedelta(days=15) or allowed == LAST_MOMENT
    assert earliest_allowed(moment.astimezone(WARSAW), NEW_YORK, rule) == allowed
