"""When a request with events is tried again, and when an endpoint rests or is switched off."""

from datetime import UTC, datetime, timedelta

from distributor.rules.event_delivery import GIVES_UP_AFTER, WORKS, health_after, next_try

NOW = datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_pauses_grow_for_24_hours_and_then_a_request_has_failed() -> None:
    moments: list[timedelta] = []
    now = NOW
    while (due := next_try(NOW, len(moments) + 1, now, 0.0, now + timedelta(seconds=1))) is not None:
        moments.append(due - now)
        now = due
    assert [pause.total_seconds() for pause in moments[:4]] == [5, 30, 120, 600]
    assert now == NOW + GIVES_UP_AFTER
    assert 8 < len(moments) < 16


def test_a_request_is_not_given_up_while_its_endpoint_takes_nothing() -> None:
    assert next_try(NOW, 20, NOW + timedelta(days=3), 0.0, NOW - timedelta(hours=1)) is not None
    assert next_try(NOW, 20, NOW + timedelta(days=3), 0.0, NOW + timedelta(hours=1)) is None


def test_an_endpoint_rests_after_five_failures_in_a_row_ever_longer_until_one_success() -> None:
    health = health_after(WORKS, 0, 4, NOW)
    assert health.retry_at is None
    rests = []
    for _ in range(9):
        health = health_after(health, 0, 1, NOW)
        assert health.retry_at is not None
        rests.append((health.retry_at - NOW).total_seconds())
    assert rests == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert health_after(health, 1, 3, NOW) == WORKS


def test_an_endpoint_is_disabled_after_24_hours_or_when_it_is_gone() -> None:
    failing = health_after(WORKS, 0, 5, NOW)
    assert not health_after(failing, 0, 1, NOW + timedelta(hours=23)).disabled_because
    assert health_after(failing, 0, 1, NOW + timedelta(hours=24)).disabled_because
    assert health_after(WORKS, 3, 1, NOW, is_gone=True).disabled_because


def test_retry_after_is_heeded_for_an_hour_at_most() -> None:
    assert health_after(WORKS, 0, 1, NOW, asked_seconds=180).retry_at == NOW + timedelta(minutes=3)
    assert health_after(WORKS, 2, 1, NOW, asked_seconds=float("inf")).retry_at == NOW + timedelta(hours=1)
