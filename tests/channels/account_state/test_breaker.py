"""When an account is broken, paused and tried again, for any order of trouble; judged by a small model."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from channels.account_state.breaker import (
    FAILURES_TO_OPEN,
    after_call,
    close_breaker,
    open_breaker,
    throttle,
    throttle_pause,
)
from channels.account_state.evidence import Evidence, Finding
from channels.account_state.rate_limit import ACCOUNT_PROBES, PROBE_LEASE, ROUTE_PROBES, Bucket, Grant, Limits, take

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WORKS = Evidence(Finding.WORKS, has_accepted=True)
REFUSED = Evidence(Finding.REFUSED, "535 no")
UNREACHABLE = Evidence(Finding.FAILED, "refused", is_unreachable=True)
IN_TROUBLE = Evidence(Finding.FAILED, "503")
TOO_FAST = Evidence(Finding.THROTTLED, "421")
DOUBTFUL = Evidence(Finding.DOUBTFUL, doubted=(7,))
NOTHING = Evidence(Finding.NOTHING)


def after(*calls: Evidence, bucket: Bucket | None = None, is_probe: bool = False, now: datetime = NOW) -> Bucket:
    bucket = bucket or Bucket()
    for evidence in calls:
        bucket = after_call(bucket, evidence, is_probe=is_probe, now=now, jitter=0.5)
    return bucket


@pytest.mark.parametrize(
    ("calls", "is_open", "failures", "pause_seconds"),
    [
        ([NOTHING], False, 0, None),
        ([UNREACHABLE], False, 1, 1),
        ([UNREACHABLE] * 2, False, 2, 2),
        ([UNREACHABLE] * 3, True, 3, 2),
        ([IN_TROUBLE, UNREACHABLE, IN_TROUBLE], True, 3, 2),
        ([UNREACHABLE, UNREACHABLE, WORKS, UNREACHABLE], False, 1, 2),
        ([UNREACHABLE, UNREACHABLE, NOTHING, UNREACHABLE], True, 3, 2),
        ([REFUSED], True, 0, None),
        ([DOUBTFUL], False, 1, None),
        ([DOUBTFUL] * 9, False, 1, None),
        ([DOUBTFUL, WORKS], False, 0, None),
        ([TOO_FAST], False, 0, 5),
        ([TOO_FAST, WORKS], False, 0, 5),
    ],
)
def test_one_failure_breaks_nothing_and_three_in_a_row_do(
    calls: list[Evidence], is_open: bool, failures: int, pause_seconds: int | None
) -> None:
    bucket = after(*calls)
    assert (bool(bucket.broken_because), bucket.failures) == (is_open, failures)
    pause = None if bucket.paused_until is None else (bucket.paused_until - NOW) / SECOND
    assert pause == pause_seconds


@pytest.mark.parametrize(
    ("opened_by", "seconds"),
    [
        ([REFUSED], [15, 30, 60, 120, 240, 480, 900, 900]),
        ([IN_TROUBLE] * 3, [15, 30, 60, 120, 240, 480, 900, 900]),
        ([UNREACHABLE] * 3, [5, 10, 20, 20, 20]),
    ],
)
def test_probes_in_vain_back_off(opened_by: list[Evidence], seconds: list[int]) -> None:
    bucket = after(*opened_by)
    waits = []
    for _ in seconds:
        assert bucket.probe_at is not None
        waits.append((bucket.probe_at - NOW) / SECOND)
        bucket = after(opened_by[0], bucket=bucket, is_probe=True)
    assert waits == seconds
    assert after(WORKS, bucket=bucket, is_probe=True).is_in_trouble is False


def test_only_a_probe_tells_of_an_open_breaker() -> None:
    bucket = after(REFUSED)
    assert after(WORKS, UNREACHABLE, TOO_FAST, REFUSED, bucket=bucket) == bucket


def test_a_probe_that_says_nothing_of_the_account_is_followed_by_another_at_once() -> None:
    bucket = after(NOTHING, bucket=after(REFUSED), is_probe=True)
    assert (bucket.probe_at, bucket.broken_because) == (NOW + SECOND, "535 no")


def test_a_day_of_refused_logins_is_about_a_hundred_of_them() -> None:
    bucket, now, logins = after(REFUSED), NOW, 1
    while now < NOW + timedelta(days=1):
        assert bucket.probe_at is not None
        now = bucket.probe_at
        bucket = after(REFUSED, bucket=bucket, is_probe=True, now=now)
        logins += 1
    assert 95 <= logins <= 110


def test_throttle_pauses_grow_while_nothing_is_accepted_and_shrink_again() -> None:
    bucket, now, pauses = Bucket(), NOW, []
    for call in [TOO_FAST] * 8 + [WORKS] * 4 + [TOO_FAST]:
        bucket = after(call, bucket=bucket, now=now)
        if call is TOO_FAST:
            assert bucket.paused_until is not None
            pauses.append((bucket.paused_until - now) / SECOND)
            now = bucket.paused_until
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 80]


def test_calls_that_are_throttled_at_the_same_time_count_as_one() -> None:
    assert after(*[TOO_FAST] * 4).paused_until == NOW + 5 * SECOND


@pytest.mark.parametrize(
    ("asked_for", "level", "seconds"),
    [
        (None, 0, 5),
        (None, 3, 40),
        (None, 99, 300),
        (0.99, 0, 1),
        (1.5, 0, 1.5),
        (1.5, 1, 5),
        (600.0, 3, 600),
        (3_600.0, 0, 3_600),
        (3_601.0, 0, 3_600),
        (1e300, 0, 3_600),
        (math.inf, 0, 3_600),
        (-1.0, 0, 5),
        (-math.inf, 0, 5),
        (math.nan, 0, 5),
    ],
)
def test_the_pause_a_provider_asks_for_is_bounded(asked_for: float | None, level: int, seconds: float) -> None:
    assert throttle_pause(asked_for, level) == timedelta(seconds=seconds)


def test_a_daily_limit_lasts_until_the_next_utc_day() -> None:
    assert throttle(Bucket(), None, NOW, until_next_day=True).paused_until == NOW + timedelta(hours=12)


@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_probes_of_many_accounts_spread(jitter: float) -> None:
    bucket = open_breaker(Bucket(), "503", NOW, jitter=jitter)
    assert bucket.probe_at is not None
    assert (bucket.probe_at - NOW) / SECOND == pytest.approx(15 * (0.8 if jitter == 0 else 1.2), rel=0.01)


class Account(RuleBasedStateMachine):
    """One account and its provider, whose trouble comes and goes. The model remembers only what calls returned."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.bucket = Bucket()
        self.provider = WORKS
        self.failed_in_a_row = 0
        self.was_refused = False
        self.flying: list[bool] = []
        self.probes: list[datetime] = []

    @rule(seconds=st.floats(0.1, 1_000))
    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(provider=st.sampled_from([WORKS, WORKS, REFUSED, UNREACHABLE, IN_TROUBLE, TOO_FAST]))
    def change(self, provider: Evidence) -> None:
        self.provider = provider

    @rule()
    def begin_a_call(self) -> None:
        answer = take(Limits(), self.bucket, 100, is_urgent=False, now=self.now)
        self.bucket = answer.bucket
        if isinstance(answer, Grant):
            assert answer.is_probe == bool(self.bucket.broken_because)
            assert answer.count == (1 if self.bucket.broken_because or self.bucket.failures else 100)
            self.flying.append(answer.is_probe)
            if answer.is_probe:
                self.probes.append(self.now)

    @precondition(lambda self: self.flying)
    @rule(place=st.integers(0, 9), jitter=st.floats(0, 1, exclude_max=True))
    def end_a_call(self, place: int, jitter: float) -> None:
        is_probe = self.flying.pop(place % len(self.flying))
        was_open = bool(self.bucket.broken_because)
        before = self.bucket
        self.bucket = after_call(before, self.provider, is_probe=is_probe, now=self.now, jitter=jitter)
        if was_open and not is_probe:
            assert self.bucket == before
            return
        if self.provider.finding is Finding.WORKS:
            self.failed_in_a_row = 0
            assert not self.bucket.broken_because
        elif self.provider.finding is Finding.FAILED:
            self.failed_in_a_row += 1
        if not was_open:
            should_open = self.provider is REFUSED or self.failed_in_a_row >= FAILURES_TO_OPEN
            assert bool(self.bucket.broken_because) == should_open

    @rule()
    def an_operator_saves_the_account(self) -> None:
        self.bucket = close_breaker(self.bucket)
        self.failed_in_a_row = 0
        assert not self.bucket.is_in_trouble

    @invariant()
    def an_open_breaker_has_a_reason_a_beginning_and_a_next_probe(self) -> None:
        if self.bucket.broken_because:
            assert self.bucket.failing_since is not None
            assert self.bucket.probe_at is not None
            longest = max(ROUTE_PROBES[1], ACCOUNT_PROBES[1], PROBE_LEASE) * 1.2
            assert self.bucket.probe_at <= self.now + longest

    @invariant()
    def probes_leave_one_at_a_time(self) -> None:
        for earlier, later in zip(self.probes, self.probes[1:], strict=False):
            assert later >= earlier

    def teardown(self) -> None:
        """Once the provider works, the account is back within the longest interval between two probes."""
        self.provider = WORKS
        limit = self.now + timedelta(days=1, hours=1)
        while (answer := take(Limits(), self.bucket, 1, is_urgent=True, now=self.now)) and self.now < limit:
            self.bucket = answer.bucket
            if isinstance(answer, Grant):
                self.bucket = after_call(self.bucket, WORKS, is_probe=answer.is_probe, now=self.now, jitter=0.5)
                if not self.bucket.is_in_trouble:
                    return
            else:
                self.now = answer.until
        assert not self.bucket.is_in_trouble


Account.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAccount = Account.TestCase
