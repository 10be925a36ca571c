import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import Outcome
from contacts.channel import Channel
from distributor.rules.journey.retry import (
    ACCOUNT_PAUSE,
    BACKOFF_BASE,
    BACKOFF_LIMIT,
    MAX_ATTEMPTS,
    THROTTLE_PAUSE,
    Ending,
    Retry,
    after_attempt,
    backoff,
    should_resend,
    throttle_pause,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WINDOW_AFTER_RESEND = {"evidence_window": 900 * SECOND, "unknown_before": 1}
WINDOW_ON_SMS = {"evidence_window": 900 * SECOND, "channel": Channel.SMS}
moments = st.datetimes(NOW.replace(year=2000, tzinfo=None), NOW.replace(year=2100, tzinfo=None), timezones=st.just(UTC))
jitters = st.floats(min_value=0, max_value=1, exclude_max=True)
numbers = st.integers(min_value=1, max_value=32_767)
channels = st.sampled_from(list(Channel))


def after(outcome: str, **known: Any) -> Ending | Retry:
    usual = {
        "about_account": False,
        "number": 1,
        "unknown_before": 0,
        "channel": Channel.EMAIL,
        "retry_after_seconds": None,
        "evidence_window": timedelta(0),
        "now": NOW,
        "jitter": 0.5,
    }
    return after_attempt(outcome, **{**usual, **known})


@pytest.mark.parametrize(
    ("number", "seconds"),
    [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1_920), (8, 3_600), (9, 3_600), (32_767, 3_600)],
)
def test_the_backoff_doubles_up_to_an_hour(number: int, seconds: int) -> None:
    assert backoff(number) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("outcome", "known", "expected"),
    [
        ("accepted", {}, Ending.SENT),
        ("accepted", {"number": MAX_ATTEMPTS, "unknown_before": 1}, Ending.SENT),
        ("permanent", {}, Ending.FAILED),
        ("transient", {"number": MAX_ATTEMPTS}, Ending.FAILED),
        ("unknown", {"channel": Channel.SMS}, Ending.INDETERMINATE),
        ("unknown", {"channel": Channel.WHATSAPP}, Ending.INDETERMINATE),
        ("unknown", {"unknown_before": 1}, Ending.INDETERMINATE),
        ("unknown", {}, Retry(NOW, "unknown_outcome", is_attempt=True)),
        ("unknown", {"evidence_window": 900 * SECOND}, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("unknown", WINDOW_AFTER_RESEND, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("unknown", WINDOW_ON_SMS, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("transient", {"jitter": 0.0}, Retry(NOW, "transient_failure")),
        ("transient", {"number": 3}, Retry(NOW + 60 * SECOND, "transient_failure")),
        ("transient", {"number": MAX_ATTEMPTS - 1}, Retry(NOW + 960 * SECOND, "transient_failure")),
        ("throttled", {}, Retry(NOW + THROTTLE_PAUSE, "throttled", is_attempt=False)),
        ("throttled", {"number": MAX_ATTEMPTS}, Retry(NOW + THROTTLE_PAUSE, "throttled", is_attempt=False)),
        ("throttled", {"retry_after_seconds": 90.0}, Retry(NOW + 90 * SECOND, "throttled", is_attempt=False)),
        ("throttled", {"retry_after_seconds": 0.2}, Retry(NOW + SECOND, "throttled", is_attempt=False)),
        ("permanent", {"about_account": True}, Retry(NOW + ACCOUNT_PAUSE, "provider_account_fault", is_attempt=False)),
        ("transient", {"about_account": True, "jitter": 0.0}, Retry(NOW, "transient_failure")),
    ],
)
def test_what_follows_an_attempt(outcome: str, known: dict[str, Any], expected: Ending | Retry) -> None:
    assert after(outcome, **known) == expected


@pytest.mark.parametrize(
    ("asked_for", "pause"),
    [
        (None, THROTTLE_PAUSE),
        (0.0, SECOND),
        (0.99, SECOND),
        (1.5, 1.5 * SECOND),
        (3_600.0, 3_600 * SECOND),
        (3_601.0, 3_600 * SECOND),
        (1e300, 3_600 * SECOND),
        (math.inf, 3_600 * SECOND),
        (-1.0, THROTTLE_PAUSE),
        (-math.inf, THROTTLE_PAUSE),
        (math.nan, THROTTLE_PAUSE),
    ],
)
def test_the_pause_a_provider_asks_for_is_bounded(asked_for: float | None, pause: timedelta) -> None:
    assert throttle_pause(asked_for) == pause


def test_an_outcome_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such outcome: delivered"):
        after("delivered")


@given(
    outcome=st.sampled_from(list(Outcome)),
    about_account=st.booleans(),
    number=numbers,
    unknown_before=st.integers(min_value=0, max_value=8),
    channel=channels,
    retry_after_seconds=st.none() | st.floats(),
    evidence_window=st.timedeltas(timedelta(0), timedelta(hours=1)),
    now=moments,
    jitter=jitters,
)
def test_every_outcome_ends_the_step_or_is_retried_in_the_future(now: datetime, **known: Any) -> None:
    verdict = after(now=now, **known)
    if isinstance(verdict, Retry):
        assert verdict.due_at >= now
        assert verdict.reason
    else:
        assert verdict in Ending


@given(number=numbers, channel=channels, now=moments, jitter=jitters)
def test_transient_failures_end_after_the_last_attempt(
    number: int, channel: Channel, now: datetime, jitter: float
) -> None:
    verdict = after("transient", number=number, channel=channel, now=now, jitter=jitter)
    assert (verdict is Ending.FAILED) == (number >= MAX_ATTEMPTS)


@given(number=st.integers(min_value=1, max_value=MAX_ATTEMPTS - 1), now=moments, jitter=jitters)
def test_a_retry_lies_between_none_and_the_whole_backoff(number: int, now: datetime, jitter: float) -> None:
    verdict = after("transient", number=number, now=now, jitter=jitter)
    assert isinstance(verdict, Retry)
    assert now <= verdict.due_at < now + backoff(number) + SECOND
    assert verdict.is_attempt


@given(numbers)
def test_the_backoff_stays_within_its_bounds_and_never_shrinks(number: int) -> None:
    assert BACKOFF_BASE <= backoff(number) <= backoff(number + 1) <= BACKOFF_LIMIT


@given(channel=channels, unknown_before=st.integers(min_value=0, max_value=8), number=numbers)
def test_only_an_email_of_unknown_outcome_is_sent_again_and_only_once(
    channel: Channel, unknown_before: int, number: int
) -> None:
    verdict = after("unknown", channel=channel, unknown_before=unknown_before, number=number)
    assert isinstance(verdict, Retry) == (channel == Channel.EMAIL and unknown_before == 0)
    assert should_resend(channel, unknown_before + 1) == isinstance(verdict, Retry)
