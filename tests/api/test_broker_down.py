"""Calls are accepted without a broker: they are stored in PostgreSQL, and the sweep finds them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from distributor.engine.infrastructure import wakeups
from distributor.models import Batch, Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import rows_written
from tests.support.api.brokers import broker_at, count_abandoned_connections, silent_listener, socket_path

pytestmark = pytest.mark.django_db(transaction=True)
ONE_RECIPIENT = {
    "Contact": 1,
    "MailingList": 1,
    "Distribution": 1,
    "Step": 1,
    "Batch": 1,
    "Recipient": 1,
    "Decision": 0,
}


@pytest.fixture
def no_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket_path() as path, broker_at(f"unix://{path}", settings, monkeypatch):
        yield


@pytest.mark.usefixtures("no_broker")
def test_without_a_broker_a_call_is_accepted_and_its_rows_are_there(post: Post, body: dict[str, Any]) -> None:
    response = post(body)
    assert (response.status_code, response.json()["status"]) == (201, "sending")
    assert rows_written() == ONE_RECIPIENT
    assert Batch.objects.due(Recipient.objects.get().created_at).count() == 1


@pytest.mark.usefixtures("no_broker")
def test_after_a_lost_wake_up_the_broker_is_not_used_for_a_while(
    post: Post, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wakeups, "_PAUSE_SECONDS", 3_600)
    for _ in range(3):
        assert post(body).status_code == 201
        assert wakeups.wait_until_sent()
    assert str(caplog.messages).count("hint_lost") == 1
    assert Recipient.objects.count() == 3


def test_a_broker_that_never_answers_is_given_up_after_one_attempt(
    post: Post, body: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket_path() as path, silent_listener(path) as listener:
        with broker_at(f"unix://{path}", settings, monkeypatch):
            assert post(body).status_code == 201
            assert wakeups.wait_until_sent()
        assert count_abandoned_connections(listener) == 1
    assert rows_written() == ONE_RECIPIENT


def test_no_call_waits_for_a_broker_that_never_answers(
    post: Post, body: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wakeups._SHORT_TIMEOUTS, "socket_timeout", 3_600)
    with socket_path() as path, broker_at(f"unix://{path}", settings, monkeypatch):
        with silent_listener(path):
            assert post(body).status_code == 201
            assert not wakeups.wait_until_sent(0)
        assert wakeups.wait_until_sent()  # the broker is gone, so there is nothing more to wait for


def test_a_broker_that_recovers_gets_wake_ups_again(
    post: Post, body: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "_PAUSE_SECONDS", 0)
    with socket_path() as path, broker_at(f"unix://{path}", settings, monkeypatch):
        assert post(body).status_code == 201
        assert wakeups.wait_until_sent()
        with silent_listener(path) as listener:
            assert post(body).status_code == 201
            assert wakeups.wait_until_sent()
            assert count_abandoned_connections(listener) == 1


@pytest.mark.usefixtures("no_broker")
def test_a_refused_call_sends_no_wake_up(post: Post, body: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert post({**body, "channelMode": "both"}).status_code == 400
    assert wakeups.wait_until_sent()
    assert "hint_lost" not in str(caplog.messages)


def test_readiness_says_that_the_broker_is_gone(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket_path() as path, broker_at(f"unix://{path}", settings, monkeypatch):
        response = client.get("/readyz")
        with silent_listener(path):
            hanging = client.get("/readyz")
    assert response.status_code == hanging.status_code == 503
    assert response.json()["checks"]["broker"] == hanging.json()["checks"]["broker"] == "OperationalError"
    assert response.json()["checks"]["database"] == "ok"
