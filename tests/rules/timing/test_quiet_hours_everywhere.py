"""Quiet hours around every change of every zone's clock, against an oracle that only watches the clock."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from distributor.rules.timing.quiet_hours import EVERY_DAY, QuietHours, earliest_allowed
from distributor.rules.timing.time_zones import zone_named
from tests.support.zones import FIRST, LAST, Change, every_change, every_different_change, wall_of

A_MINUTE, A_QUARTER, AN_HOUR, A_DAY = (timedelta(minutes=size) for size in (1, 15, 60, 1_440))
NIGHT = QuietHours(time(22), time(8))


class Watch:
    """A zone's clock, read at equal steps. Which steps are quiet follows from those readings alone."""

    def __init__(self, zone_key: str, start: datetime, steps: int, step: timedelta) -> None:
        self.zone = zone_named(zone_key)
        self.instants = [start + number * step for number in range(steps)]
        self.walls = [wall_of(instant, self.zone) for instant in self.instants]

    def next_allowed(self, rule: QuietHours) -> list[datetime | None]:
        """Return for each step the first step from there on that is not quiet, or None if the watch ends before."""
        quiet = [False] * len(self.instants)
        first_day = min(self.walls).date() - A_DAY
        for number in range((max(self.walls).date() - first_day).days + 1):
            for start, end in _asked_quiet(first_day + number * A_DAY, rule):
                for index in range(*self._span(start, end)):
                    quiet[index] = True
        allowed: list[datetime | None] = []
        following = None
        for instant, is_quiet in zip(reversed(self.instants), reversed(quiet), strict=True):
            following = following if is_quiet else instant
            allowed.append(following)
        return allowed[::-1]

    def _span(self, start: datetime, end: datetime) -> tuple[int, int]:
        """Return the steps from the first at or after `start` to the last that shows `end`, or the first past it."""
        begins = next((index for index, wall in enumerate(self.walls) if wall >= start), len(self.walls))
        shows_end = [index for index, wall in enumerate(self.walls) if wall == end]
        past_end = next((index for index, wall in enumerate(self.walls) if wall > end), len(self.walls))
        return begins, shows_end[-1] if shows_end else past_end


def _asked_quiet(day: date, rule: QuietHours) -> list[tuple[datetime, datetime]]:
    midnight = datetime.combine(day, time())
    found = [] if day.isoweekday() in rule.weekdays else [(midnight, midnight + A_DAY)]
    if rule.quiet_from is not None and rule.quiet_until is not None:
        start, end = datetime.combine(day, rule.quiet_from), datetime.combine(day, rule.quiet_until)
        found.append((start, end if end > start else end + A_DAY))
    return found


def is_quiet_on_the_wall(wall: datetime, rule: QuietHours) -> bool:
    """Return whether the time on the clock is quiet, whatever changes the clock makes."""
    if wall.isoweekday() not in rule.weekdays:
        return True
    if rule.quiet_from is None or rule.quiet_until is None:
        return False
    if rule.quiet_from < rule.quiet_until:
        return rule.quiet_from <= wall.time() < rule.quiet_until
    return not rule.quiet_until <= wall.time() < rule.quiet_from


def rules_around(change: Change) -> list[QuietHours]:
    """Return quiet hours that begin or end before, in and after the local times that a change skips or repeats."""
    inside, after = change.wall + change.length / 2, change.wall + change.length
    another_day = EVERY_DAY - {change.wall.isoweekday()}
    return [
        QuietHours((change.wall - 4 * AN_HOUR).time(), inside.time()),
        QuietHours(inside.time(), (after + 4 * AN_HOUR).time(), another_day),
        QuietHours(change.wall.time(), after.time()),
        QuietHours(after.time(), change.wall.time(), another_day),
        QuietHours(inside.time(), (inside + A_QUARTER).time(), EVERY_DAY - {after.isoweekday()}),
    ]


def test_around_every_change_the_answers_are_those_of_watching_the_clock() -> None:
    for change in every_different_change():
        watch = Watch(change.zone.key, change.at - 36 * AN_HOUR, 4 * 24 * 4, A_QUARTER)
        for rule in rules_around(change):
            expected = watch.next_allowed(rule)
            for instant, allowed in list(zip(watch.instants, expected, strict=True))[: 2 * 24 * 4]:
                assert allowed is not None, (str(change), rule)
                assert earliest_allowed(instant, change.zone, rule) == allowed, (str(change), rule, instant)


def test_in_every_zone_the_night_stays_quiet_when_clocks_change() -> None:
    for change in every_change():
        for hours in range(-24, 24, 5):
            asked = change.at + hours * AN_HOUR
            allowed = earliest_allowed(asked, change.zone, NIGHT)
            assert not is_quiet_on_the_wall(wall_of(allowed, change.zone), NIGHT), (str(change), asked)
            assert asked <= allowed <= asked + 10 * AN_HOUR + change.length, (str(change), asked)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Change, QuietHours, Sequence[datetime]]:
    """Draw a change, any quiet hours to the minute, and ordered instants around the change."""
    change = draw(st.sampled_from(every_change()))
    minutes = st.integers(0, 1_439).map(lambda minute: time(minute // 60, minute % 60))
    near = st.integers(-90, 150).map(lambda minute: (change.wall + minute * A_MINUTE).time())
    start, end = draw(st.tuples(minutes | near, minutes | near).filter(lambda both: both[0] != both[1]))
    weekdays = draw(st.just(EVERY_DAY) | st.frozensets(st.integers(1, 7), min_size=1))
    offsets = draw(st.lists(st.integers(-1_440, 1_440), min_size=2, max_size=8))
    return change, QuietHours(start, end, weekdays), [change.at + offset * A_MINUTE for offset in sorted(offsets)]


@settings(max_examples=150, deadline=None)
@given(situations())
def test_answers_are_not_quiet_not_early_final_and_in_order(
    situation: tuple[Change, QuietHours, Sequence[datetime]],
) -> None:
    change, rule, asked = situation
    answers = [earliest_allowed(moment, change.zone, rule) for moment in asked]
    assert not any(is_quiet_on_the_wall(wall_of(answer, change.zone), rule) for answer in answers)
    assert all(moment <= answer for moment, answer in zip(asked, answers, strict=True))
    assert [earliest_allowed(answer, change.zone, rule) for answer in answers] == answers
    assert all(earlier <= later for earlier, later in pairwise(answers))


@settings(max_examples=50, deadline=None)
@given(situations())
def test_to_the_minute_the_answers_are_those_of_watching_the_clock(
    situation: tuple[Change, QuietHours, Sequence[datetime]],
) -> None:
    change, rule, asked = situation
    watch = Watch(change.zone.key, change.at - 2 * A_DAY, 6 * 1_440, A_MINUTE)
    expected = watch.next_allowed(rule)
    for moment in asked:
        allowed = expected[(moment - watch.instants[0]) // A_MINUTE]
        answer = earliest_allowed(moment, change.zone, rule)
        assert answer == allowed or (allowed is None and answer > watch.instants[-1])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)),
)
def test_in_any_zone_messages_wait_for_the_morning(zone_key: str, moment: datetime) -> None:
    zone = zone_named(zone_key)
    allowed = earliest_allowed(moment, zone, NIGHT)
    if is_quiet_on_the_wall(wall_of(moment, zone), NIGHT):
        assert wall_of(allowed, zone).time() == time(8)
        assert timedelta(0) < allowed - moment <= 12 * AN_HOUR
    else:
        assert allowed == moment
