from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.quiet_hours import NO_QUIET_HOURS, QuietHours, earliest_allowed
from distributor.rules.timing.time_zones import LAST_MOMENT
from distributor.rules.timing.timetable import (
    A_MINUTE,
    A_SECOND,
    LONG_WAIT,
    Timetable,
    earliest_departure,
    refuse_late,
    round_up,
)

NOW = datetime(2026, 3, 10, 11, 0, 0, 250_000, tzinfo=UTC)
NOON, EVENING = NOW.replace(microsecond=0), NOW.replace(hour=20, minute=59, microsecond=0)  # 21:59 in Warsaw
AN_HOUR, A_DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
WARSAW = ZoneInfo("Europe/Warsaw")
NIGHT = QuietHours(time(22), time(8))
MORNING = NOON.replace(day=11, hour=7)

near = st.datetimes(
    NOW.replace(tzinfo=None) - 3 * A_DAY, NOW.replace(tzinfo=None) + 3 * A_DAY, timezones=st.just(UTC)
) | st.sampled_from([NOW, EVENING, EVENING + A_MINUTE, MORNING])
timetables = st.builds(
    Timetable, scheduled_at=st.none() | near, when=st.none() | near, not_after=st.none() | near, expires_at=near
)
moments = st.datetimes(timezones=st.just(UTC))


def leave(
    hours: QuietHours = NO_QUIET_HOURS, *, now: datetime = NOW, deferred_until: datetime | None = None, **asked: Any
) -> datetime | Refusal:
    return earliest_departure(Timetable(**asked), WARSAW, hours, now, deferred_until=deferred_until)


def reason_of(verdict: datetime | Refusal | None) -> Reason:
    assert isinstance(verdict, Refusal)
    return verdict.reason


def test_a_message_with_nothing_to_wait_for_leaves_at_once() -> None:
    assert leave() == NOW
    assert leave(NIGHT) == NOW


@pytest.mark.parametrize(
    ("scheduled_at", "when", "expected"),
    [
        (NOW + AN_HOUR, None, NOW + AN_HOUR),
        (NOW - AN_HOUR, None, NOW),  # a late schedule still goes out
        (None, NOON + AN_HOUR, NOON + AN_HOUR),
        (None, NOON - AN_HOUR, NOW),
        (NOON + AN_HOUR, NOON + 2 * AN_HOUR, NOON + 2 * AN_HOUR),
        (NOON + 2 * AN_HOUR, NOON + AN_HOUR, NOON + 2 * AN_HOUR),  # nobody goes before the distribution does
    ],
)
def test_it_leaves_when_both_the_schedule_and_the_recipients_own_time_have_come(
    scheduled_at: datetime | None, when: datetime | None, expected: datetime
) -> None:
    assert leave(scheduled_at=scheduled_at, when=when) == expected


def test_a_deferral_holds_back_what_is_due() -> None:
    assert leave(scheduled_at=NOON + AN_HOUR, deferred_until=NOON + A_DAY) == NOON + A_DAY
    assert leave(scheduled_at=NOON + AN_HOUR, deferred_until=NOON - A_DAY) == NOON + AN_HOUR


@pytest.mark.parametrize("asked", ["scheduled_at", "when", "deferred_until"])
def test_a_message_due_in_quiet_hours_leaves_after_them(asked: str) -> None:
    at_night: dict[str, Any] = {asked: EVENING + A_MINUTE}
    assert leave(NIGHT, **at_night) == MORNING
    assert leave(NIGHT, now=EVENING + A_MINUTE) == MORNING


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (timedelta(microseconds=1), NOON + A_SECOND),
        (timedelta(seconds=30), NOON + timedelta(seconds=31)),
        (LONG_WAIT - A_SECOND, NOON + LONG_WAIT),
        (LONG_WAIT, NOON + LONG_WAIT + A_MINUTE),
        (timedelta(days=30, seconds=7), NOON + timedelta(days=30) + A_MINUTE),
    ],
)
def test_a_deferral_is_rounded_up_to_the_second_and_a_long_one_to_the_minute(
    wait: timedelta, expected: datetime
) -> None:
    assert leave(deferred_until=NOW + wait) == expected


def test_a_recipients_own_time_is_rounded_to_the_second_and_a_schedule_not_at_all() -> None:
    assert leave(when=NOW + AN_HOUR) == NOON + AN_HOUR + A_SECOND
    assert leave(scheduled_at=NOW + AN_HOUR) == NOW + AN_HOUR


@pytest.mark.parametrize("end", ["not_after", "expires_at"])
@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (2 * A_MINUTE, timedelta(minutes=61)),
        (timedelta(seconds=30), timedelta(minutes=60, seconds=1)),
        (timedelta(milliseconds=500), timedelta(minutes=60, milliseconds=250)),
    ],
)
def test_rounding_never_reaches_past_the_end(end: str, room: timedelta, expected: timedelta) -> None:
    asked: dict[str, Any] = {end: NOW + AN_HOUR + room}
    assert leave(deferred_until=NOW + AN_HOUR, **asked) == NOON + expected


def test_rounding_never_reaches_into_quiet_hours() -> None:
    assert leave(NIGHT, deferred_until=EVENING + 40 * A_SECOND) == EVENING + 40 * A_SECOND
    assert leave(NIGHT, deferred_until=EVENING + A_MINUTE - TICK) == EVENING + A_MINUTE - TICK


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"expires_at": NOW}, Reason.EXPIRED),
        ({"expires_at": NOW + TICK}, None),
        ({"not_after": NOW}, None),
        ({"not_after": NOW - TICK}, Reason.TOO_LATE),
        ({"scheduled_at": NOW - A_DAY, "not_after": NOW - AN_HOUR}, Reason.TOO_LATE),  # after downtime
        ({"scheduled_at": NOW + A_DAY, "not_after": NOW + AN_HOUR}, Reason.TOO_LATE),
        ({"when": NOW + A_DAY, "expires_at": NOW + A_DAY}, Reason.EXPIRED),
        ({"deferred_until": NOW + A_DAY, "expires_at": NOW + AN_HOUR}, Reason.EXPIRED),
        ({"not_after": NOW - AN_HOUR, "expires_at": NOW - TICK}, Reason.EXPIRED),
    ],
)
def test_a_message_that_is_too_late_is_refused(asked: dict[str, Any], reason: Reason | None) -> None:
    verdict = leave(**asked)
    assert (verdict if reason is None else reason_of(verdict)) == (NOW if reason is None else reason)


def test_quiet_hours_that_outlast_the_end_refuse_and_say_when_it_could_have_left() -> None:
    expires_at = MORNING - AN_HOUR
    assert leave(NIGHT, scheduled_at=EVENING + A_MINUTE, expires_at=expires_at) == Refusal(
        Reason.EXPIRED, {"expiresAt": expires_at.isoformat(), "earliestAt": MORNING.isoformat()}
    )
    assert leave(NIGHT, scheduled_at=EVENING + A_MINUTE, not_after=MORNING) == MORNING
    assert leave(NIGHT, scheduled_at=EVENING + A_MINUTE, not_after=MORNING - TICK) == Refusal(
        Reason.TOO_LATE, {"notAfter": (MORNING - TICK).isoformat(), "earliestAt": MORNING.isoformat()}
    )


def test_a_wait_until_the_end_of_the_calendar_has_an_answer() -> None:
    assert leave(NIGHT, scheduled_at=LAST_MOMENT) == LAST_MOMENT
    assert leave(deferred_until=LAST_MOMENT - TICK) == LAST_MOMENT


@settings(deadline=None)
@given(timetables, near, st.none() | near)
def test_every_departure_keeps_every_rule(timetable: Timetable, now: datetime, deferred_until: datetime | None) -> None:
    verdict = earliest_departure(timetable, WARSAW, NIGHT, now, deferred_until=deferred_until)
    asked = max(moment for moment in (now, timetable.scheduled_at, timetable.when, deferred_until) if moment)
    possible = earliest_allowed(asked, WARSAW, NIGHT)
    if isinstance(verdict, Refusal):
        assert verdict == refuse_late(possible, timetable)
    else:
        assert possible <= verdict < possible + A_MINUTE
        assert earliest_allowed(verdict, WARSAW, NIGHT) == verdict
        assert timetable.expires_at is None or verdict < timetable.expires_at
        assert timetable.not_after is None or verdict <= timetable.not_after


@settings(deadline=None)
@given(timetables, near, st.none() | near)
def test_a_planned_departure_still_holds_when_its_time_comes(
    timetable: Timetable, now: datetime, deferred_until: datetime | None
) -> None:
    verdict = earliest_departure(timetable, WARSAW, NIGHT, now, deferred_until=deferred_until)
    if not isinstance(verdict, Refusal):
        assert earliest_departure(timetable, WARSAW, NIGHT, verdict, deferred_until=deferred_until) == verdict


@settings(deadline=None)
@given(near, st.lists(near, min_size=2, max_size=2).map(sorted))
def test_a_later_deferral_never_leaves_earlier(now: datetime, deferrals: list[datetime]) -> None:
    earlier, later = (
        earliest_departure(Timetable(), WARSAW, NIGHT, now, deferred_until=deferred_until)
        for deferred_until in deferrals
    )
    assert isinstance(earlier, datetime)
    assert isinstance(later, datetime)
    assert earlier <= later


@pytest.mark.parametrize("grain", [A_SECOND, A_MINUTE])
@given(moment=moments)
def test_rounding_up_gives_the_next_full_second_or_minute_and_leaves_full_ones(
    grain: timedelta, moment: datetime
) -> None:
    rounded = round_up(moment, grain)
    assert timedelta(0) <= rounded - moment < grain
    assert rounded == LAST_MOMENT or (rounded.microsecond == 0 and (grain == A_SECOND or rounded.second == 0))
    assert round_up(rounded, grain) == rounded


@pytest.mark.parametrize("microsecond", [1, 500_000, 999_999])
def test_any_fraction_of_a_second_counts_as_a_whole_one(microsecond: int) -> None:
    assert round_up(NOON.replace(microsecond=microsecond)) == NOON + A_SECOND
    assert round_up(NOON) == NOON
