"""How many messages an account may send and when, for any order in which workers ask."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.account_state.breaker import close_breaker, open_breaker, pause
from channels.account_state.rate_limit import (
    LONGEST_TURN,
    Bucket,
    Cause,
    Grant,
    Limits,
    Wait,
    take,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TOLERANCE = 1e-3  # tokens: a microsecond, and sums of floats

rates = st.floats(min_value=0.01, max_value=5_000)
reserves = st.integers(min_value=0, max_value=90)
limits_with_a_rate = st.builds(Limits, rate_per_second=rates, urgent_reserve_percent=reserves)
any_limits = st.builds(
    Limits,
    rate_per_second=st.none() | rates,
    daily_limit=st.none() | st.integers(min_value=1, max_value=5_000),
    urgent_reserve_percent=reserves,
)


@dataclass(frozen=True, slots=True)
class Asking:
    """One worker's request, some time after the last one. Its clock may be slightly behind."""

    after_seconds: float
    wanted: int
    is_urgent: bool


askings = st.lists(
    st.builds(
        Asking,
        after_seconds=st.floats(min_value=-0.05, max_value=20) | st.floats(min_value=0, max_value=40_000),
        wanted=st.integers(min_value=1, max_value=2_000),
        is_urgent=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def play(limits: Limits, questions: list[Asking]) -> list[tuple[datetime, Asking, Grant | Wait]]:
    """Make the requests one after the other, on the same bucket."""
    bucket, now, answers = Bucket(), NOW, []
    for question in questions:
        now += timedelta(seconds=question.after_seconds)
        answer = take(limits, bucket, question.wanted, is_urgent=question.is_urgent, now=now)
        bucket = answer.bucket
        answers.append((now, question, answer))
    return answers


def granted(limits: Limits, bucket: Bucket, wanted: int = 1, *, now: datetime = NOW, is_urgent: bool = False) -> int:
    answer = take(limits, bucket, wanted, is_urgent=is_urgent, now=now)
    return answer.count if isinstance(answer, Grant) else 0


@given(limits_with_a_rate, askings)
def test_in_no_stretch_of_time_more_leaves_than_the_rate_and_one_full_bucket(
    limits: Limits, questions: list[Asking]
) -> None:
    assert limits.rate_per_second is not None
    answers = play(limits, questions)
    for first in range(len(answers)):
        left, latest = 0, answers[first][0]
        for now, _, answer in answers[first:]:
            left += answer.count if isinstance(answer, Grant) else 0
            latest = max(latest, now)
            # The bucket was last refilled at the time of the clock that was furthest ahead.
            seconds = (latest - answers[first][0]).total_seconds() + 0.05
            assert left <= limits.burst + limits.rate_per_second * seconds + TOLERANCE


@given(any_limits, askings)
def test_nobody_gets_more_than_was_asked_for_and_whoever_waits_waits_for_something(
    limits: Limits, questions: list[Asking]
) -> None:
    for now, question, answer in play(limits, questions):
        if isinstance(answer, Grant):
            assert 1 <= answer.count <= question.wanted
        else:
            assert answer.until > now


@given(any_limits, askings, st.integers(min_value=1, max_value=2_000))
def test_whoever_comes_back_when_told_gets_something(limits: Limits, questions: list[Asking], wanted: int) -> None:
    now, _, answer = play(limits, questions)[-1]
    for _ in range(4):  # the day, then the rate, then (a slow account) the longest turn and its rest
        answer = take(limits, answer.bucket, wanted, is_urgent=False, now=now)
        if isinstance(answer, Grant):
            return
        now = answer.until
    raise AssertionError("four times in vain")


@given(limits_with_a_rate, askings)
def test_what_is_kept_for_the_urgent_lane_is_left_by_all_others(limits: Limits, questions: list[Asking]) -> None:
    kept = limits.burst * limits.urgent_reserve_percent / 100
    for _, question, answer in play(limits, questions):
        if isinstance(answer, Grant) and not question.is_urgent:
            assert answer.bucket.tokens >= kept - TOLERANCE


@given(
    st.integers(min_value=1, max_value=5_000),
    reserves,
    askings,
)
def test_no_utc_day_sees_more_than_its_limit_nor_its_reserve_used_by_others(
    daily_limit: int, reserve: int, questions: list[Asking]
) -> None:
    limits = Limits(daily_limit=daily_limit, urgent_reserve_percent=reserve)
    of_day: Counter[date] = Counter()
    for _, question, answer in play(limits, questions):
        if not isinstance(answer, Grant):
            continue
        assert answer.bucket.day is not None
        of_day[answer.bucket.day] += answer.count
        if not question.is_urgent:
            assert of_day[answer.bucket.day] <= daily_limit - daily_limit * reserve // 100
    assert all(count <= daily_limit for count in of_day.values())


def test_the_urgent_lane_goes_on_when_the_others_wait() -> None:
    limits = Limits(rate_per_second=10, urgent_reserve_percent=20)
    answer = take(limits, Bucket(), 100, is_urgent=False, now=NOW)
    assert isinstance(answer, Grant)
    assert answer.count == 24
    assert granted(limits, answer.bucket) == 0
    assert granted(limits, answer.bucket, 100, is_urgent=True) == 6


def test_an_account_without_limits_takes_everything_and_counts_nothing() -> None:
    answer = take(Limits(), Bucket(), 1_000, is_urgent=False, now=NOW)
    assert answer == Grant(1_000, Bucket(day=NOW.date()))


def test_a_new_utc_day_begins_at_zero() -> None:
    limits = Limits(daily_limit=100)
    late = NOW.replace(hour=23, minute=59)
    spent = Bucket(day=late.date(), sent_today=100)
    answer = take(limits, spent, 1, is_urgent=True, now=late)
    assert isinstance(answer, Wait)
    assert (answer.cause, answer.until) == (Cause.SPENT, late + MINUTE)
    assert granted(limits, spent, 500, now=late + MINUTE) == 100


def test_a_worker_whose_clock_is_still_in_the_old_day_does_not_bring_it_back() -> None:
    limits = Limits(daily_limit=100)
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    new = Bucket(day=midnight.date(), sent_today=99)
    answer = take(limits, new, 10, is_urgent=True, now=midnight - timedelta(milliseconds=1))
    assert answer == Grant(1, replace(new, sent_today=100))


def test_batches_that_find_the_bucket_empty_come_back_one_after_the_other() -> None:
    limits = Limits(rate_per_second=10)
    bucket = take(limits, Bucket(), 1_000, is_urgent=False, now=NOW).bucket
    turns = []
    for _ in range(5):
        answer = take(limits, bucket, 1_000, is_urgent=False, now=NOW)
        assert isinstance(answer, Wait)
        turns.append(answer.until - NOW)
        bucket = answer.bucket
    assert turns == [SECOND * number for number in (1, 2, 3, 4, 5)]


def test_no_turn_is_out_of_sight_and_none_outlives_the_queue() -> None:
    limits = Limits(rate_per_second=10)
    bucket = take(limits, Bucket(), 1_000, is_urgent=False, now=NOW).bucket
    for _ in range(5_000):
        answer = take(limits, bucket, 1_000, is_urgent=False, now=NOW)
        assert isinstance(answer, Wait)
        assert answer.until <= NOW + LONGEST_TURN
        bucket = answer.bucket
    # All of them were cancelled: the next one finds a full bucket and waits only for its own tokens.
    later = NOW + 5 * SECOND
    answer = take(limits, take(limits, bucket, 30, is_urgent=False, now=later).bucket, 30, is_urgent=False, now=later)
    assert isinstance(answer, Wait)
    assert answer.until == later + SECOND


def test_an_urgent_message_does_not_queue() -> None:
    limits = Limits(rate_per_second=10)
    bucket = take(limits, Bucket(), 1_000, is_urgent=False, now=NOW).bucket
    for _ in range(5):
        bucket = take(limits, bucket, 1_000, is_urgent=False, now=NOW).bucket
    answer = take(limits, bucket, 1, is_urgent=True, now=NOW)
    assert isinstance(answer, Wait)
    assert answer.until == NOW + SECOND / 10


@given(st.permutations([1, 5, 30, 600]))
def test_of_several_pauses_the_longest_holds(seconds: list[int]) -> None:
    bucket = Bucket()
    for pause_seconds in seconds:
        bucket = pause(bucket, NOW + pause_seconds * SECOND)
    answer = take(Limits(), bucket, 1, is_urgent=True, now=NOW)
    assert isinstance(answer, Wait)
    assert (answer.cause, answer.until) == (Cause.PAUSED, NOW + 600 * SECOND)
    assert granted(Limits(), bucket, 1_000, now=answer.until) == 1_000


def test_an_open_breaker_lets_one_message_through_as_a_probe() -> None:
    bucket = open_breaker(Bucket(), "401", NOW)
    assert bucket.probe_at == NOW + 15 * SECOND
    for number in range(3):
        # The next probe leaves when the last one's worker must have died, if nothing is known of it.
        now = NOW + 15 * SECOND + number * MINUTE
        assert granted(Limits(), bucket, 1_000, now=now - SECOND) == 0
        answer = take(Limits(), bucket, 1_000, is_urgent=False, now=now)
        assert isinstance(answer, Grant)
        assert (answer.count, answer.is_probe) == (1, True)
        bucket = answer.bucket
        assert granted(Limits(), bucket, 1_000, now=now) == 0
    assert granted(Limits(), close_breaker(bucket), 1_000, now=NOW) == 1_000


def test_a_breaker_always_has_a_reason() -> None:
    assert open_breaker(Bucket(), "", NOW).broken_because == "refused"


@pytest.mark.parametrize("shut", [pause(Bucket(), NOW + MINUTE), open_breaker(Bucket(), "401", NOW)])
def test_who_is_shut_is_told_so(shut: Bucket) -> None:
    assert shut.is_shut(NOW)
    assert not Bucket().is_shut(NOW)
