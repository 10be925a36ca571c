"""What follows an attempt, by its outcome and what the outcome is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import Outcome, Scope
from contacts.channel import Channel
from distributor.rules.journey.retry import (
    NEXT_BATCH,
    RETRY_SCHEDULES,
    Ending,
    Retry,
    after_attempt,
    backoff,
    should_resend,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WINDOW_AFTER_RESEND = {"evidence_window": 900 * SECOND, "unknown_before": 1}
WINDOW_ON_SMS = {"evidence_window": 900 * SECOND, "channel": Channel.SMS}
moments = st.datetimes(NOW.replace(year=2000, tzinfo=None), NOW.replace(year=2100, tzinfo=None), timezones=st.just(UTC))
jitters = st.floats(min_value=0, max_value=1, exclude_max=True)
numbers = st.integers(min_value=1, max_value=32_767)
channels = st.sampled_from(list(Channel))
NO_ATTEMPT: dict[str, Any] = {"is_attempt": False}


def after(outcome: str, **known: Any) -> Ending | Retry:
    usual = {
        "scope": Scope.RECIPIENT,
        "number": 1,
        "first_at": NOW,
        "begun_at": NOW,
        "unknown_before": 0,
        "channel": Channel.EMAIL,
        "evidence_window": timedelta(0),
        "repeat_until": None,
        "now": NOW,
        "jitter": 0.5,
    }
    return after_attempt(outcome, **{**usual, **known})


@pytest.mark.parametrize(
    ("channel", "minutes"),
    [
        ("email", [1, 2, 4, 8, 16, 32, 64, 128, 180, 180]),
        ("sms", [1, 2, 4, 8, 16, 30, 30]),
        ("whatsapp", [1, 2, 4, 8, 16, 30, 30]),
    ],
)
def test_the_backoff_doubles_up_to_hours(channel: str, minutes: list[int]) -> None:
    assert [backoff(channel, number) / MINUTE for number in range(1, len(minutes) + 1)] == minutes


@pytest.mark.parametrize(
    ("outcome", "known", "expected"),
    [
        ("accepted", {}, Ending.SENT),
        ("accepted", {"number": 20, "unknown_before": 1}, Ending.SENT),
        ("permanent", {}, Ending.FAILED),
        ("permanent", {"scope": None}, Ending.FAILED),
        ("permanent", {"scope": Scope.CONTENT}, Ending.FAILED),
        ("unknown", {"channel": Channel.SMS}, Ending.INDETERMINATE),
        ("unknown", {"channel": Channel.WHATSAPP}, Ending.INDETERMINATE),
        ("unknown", {"unknown_before": 1}, Ending.INDETERMINATE),
        ("unknown", {"unknown_before": 1, "scope": Scope.ACCOUNT}, Ending.INDETERMINATE),
        ("unknown", {}, Retry(NOW, "unknown_outcome", is_attempt=True)),
        ("unknown", {"evidence_window": 900 * SECOND}, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("unknown", WINDOW_AFTER_RESEND, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("unknown", WINDOW_ON_SMS, Retry(NOW + 900 * SECOND, "awaiting_evidence")),
        ("transient", {"jitter": 0.0}, Retry(NOW + 30 * SECOND, "transient_failure")),
        ("transient", {"scope": None}, Retry(NOW + 45 * SECOND, "transient_failure")),
        ("transient", {"number": 3}, Retry(NOW + 3 * MINUTE, "transient_failure")),
        ("transient", {"first_at": NOW - 24 * HOUR + 45 * SECOND}, Retry(NOW + 45 * SECOND, "transient_failure")),
        ("transient", {"first_at": NOW - 24 * HOUR + 44 * SECOND}, Ending.FAILED),
        ("transient", {"first_at": NOW - 4 * HOUR, "channel": Channel.SMS}, Ending.FAILED),
        ("transient", {"first_at": NOW - 4 * HOUR, "channel": Channel.WHATSAPP}, Ending.FAILED),
        # However late, trouble of the account never ends a step, and is no attempt of the person's.
        ("transient", {"scope": Scope.ROUTE}, Retry(NOW, "account_unavailable", **NO_ATTEMPT)),
        (
            "transient",
            {"scope": Scope.ACCOUNT, "first_at": NOW - 999 * HOUR},
            Retry(NOW, "account_unavailable", **NO_ATTEMPT),
        ),
        ("permanent", {"scope": Scope.ACCOUNT}, Retry(NOW, "provider_account_fault", **NO_ATTEMPT)),
        ("permanent", {"scope": Scope.SENDER}, Retry(NOW, "sender_refused", **NO_ATTEMPT)),
        ("transient", {"scope": Scope.SENDER}, Retry(NOW, "sender_refused", **NO_ATTEMPT)),
        ("throttled", {}, Retry(NOW + NEXT_BATCH, "throttled", **NO_ATTEMPT)),
        ("throttled", {"first_at": NOW - 999 * HOUR}, Retry(NOW + NEXT_BATCH, "throttled", **NO_ATTEMPT)),
    ],
)
def test_what_follows_an_attempt(outcome: str, known: dict[str, Any], expected: Ending | Retry) -> None:
    assert after(outcome, **known) == expected


def test_an_attempt_is_asked_for_again_while_its_key_lives_and_ever_more_rarely() -> None:
    until, now, waits = NOW + 24 * HOUR, NOW, []
    while (verdict := after("unknown", repeat_until=until, now=now)).reason == "asking_again":  # type: ignore[union-attr]
        assert isinstance(verdict, Retry)
        waits.append((verdict.due_at - now) / MINUTE)
        now = verdict.due_at
    assert waits[:8] == [1, 1, 2, 4, 8, 16, 32, 60]
    assert until - HOUR <= now < until
    assert verdict == Retry(now, "unknown_outcome")


def test_an_outcome_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such outcome: delivered"):
        after("delivered")


@given(
    outcome=st.sampled_from(list(Outcome)),
    scope=st.none() | st.sampled_from(list(Scope)),
    number=numbers,
    first_at=moments,
    unknown_before=st.integers(min_value=0, max_value=8),
    channel=channels,
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


@given(
    outcome=st.sampled_from(["permanent", "transient"]),
    scope=st.sampled_from([Scope.ACCOUNT, Scope.ROUTE, Scope.SENDER]),
    number=numbers,
    first_at=moments,
    channel=channels,
)
def test_nobody_fails_or_loses_an_attempt_because_of_an_account(outcome: str, **known: Any) -> None:
    verdict = after(outcome, **known)
    assert isinstance(verdict, Retry)
    assert not verdict.is_attempt


@given(channel=channels, jitter=jitters)
def test_retries_of_one_person_end_with_the_channels_limit(channel: Channel, jitter: float) -> None:
    now, number = NOW, 1
    while isinstance(verdict := after("transient", channel=channel, number=number, now=now, jitter=jitter), Retry):
        assert now + backoff(channel, number) / 2 <= verdict.due_at <= now + backoff(channel, number) + SECOND
        assert verdict.is_attempt
        now, number = verdict.due_at, number + 1
    schedule = RETRY_SCHEDULES[channel]
    assert schedule.limit - schedule.longest - SECOND <= now - NOW <= schedule.limit
    assert 10 <= number <= 30


@given(channel=channels, unknown_before=st.integers(min_value=0, max_value=8), number=numbers)
def test_only_an_email_of_unknown_outcome_is_sent_again_and_only_once(
    channel: Channel, unknown_before: int, number: int
) -> None:
    verdict = after("unknown", channel=channel, unknown_before=unknown_before, number=number)
    assert isinstance(verdict, Retry) == (channel == Channel.EMAIL and unknown_before == 0)
    assert should_resend(channel, unknown_before + 1) == isinstance(verdict, Retry)
