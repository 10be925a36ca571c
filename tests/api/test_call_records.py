"""Calls are remembered after they were answered: for the page of their key, and for monitoring."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from redis import Redis

from contacts.models import ApiKey
from distributor.engine.calls import record
from distributor.engine.calls.durations import ACCEPTED, DURATIONS, read_durations
from distributor.engine.calls.last_calls import LastCall, read_last_calls
from distributor.engine.calls.record import LAST_CALLS, Call, list_of_key, recorder
from distributor.engine.infrastructure import valkey

PATH = "/api/v1/contacts"


@pytest.fixture(autouse=True)
def empty_valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(valkey, "_paused_until", 0.0)
    recorder.write_now()
    stored = Redis.from_url(os.environ["REDIS_URL"])
    for name in (DURATIONS, ACCEPTED, *stored.scan_iter("distributor:calls:*")):
        stored.delete(name)
    yield
    recorder.write_now()


def last_calls(key: ApiKey) -> list[LastCall]:
    recorder.write_now()
    calls = read_last_calls(key.pk)
    assert calls is not None
    return calls


@pytest.fixture
def key(client: Client) -> ApiKey:
    return ApiKey.objects.get()


def test_a_key_has_its_last_calls_newest_first_without_what_they_were_about(client: Client, key: ApiKey) -> None:
    client.get(PATH, {"email": "ann@example.com"}, headers={"X-Request-Id": "first-1"})
    client.get(f"{PATH}/{key.pk}")
    client.post(PATH, "{", "application/json")
    calls = last_calls(key)
    assert [(call.method, call.path, call.status) for call in calls] == [
        ("POST", "api/v1/contacts", 400),
        ("GET", "api/v1/contacts/<str:contact_id>", 404),
        ("GET", "api/v1/contacts", 200),
    ]
    assert calls[2].request_id == "first-1"
    assert all(call.milliseconds > 0 for call in calls)
    stored = Redis.from_url(os.environ["REDIS_URL"]).lrange(list_of_key(key.pk), 0, -1)
    assert not any(b"ann" in line or str(key.pk).encode() in line for line in stored)


def test_no_more_than_a_hundred_are_kept(key: ApiKey) -> None:
    for number in range(LAST_CALLS + 20):
        recorder.add(Call(float(number), "native", "GET", "api/v1/contacts", 200, 0.01, "", key.pk))
        if number == 50:
            recorder.write_now()
    calls = last_calls(key)
    assert len(calls) == LAST_CALLS
    assert calls[0].at.timestamp() == LAST_CALLS + 19


def test_calls_are_counted_by_api_method_and_status(client: Client, key: ApiKey) -> None:
    for _ in range(3):
        client.get(PATH)
    Client().get(PATH)
    Client().get("/healthz")
    Client().generic("BREW", "/coffee")
    recorder.write_now()
    durations = read_durations()
    assert durations is not None
    counts = {labels: sum(found.classes) for labels, found in durations[DURATIONS].items()}
    made = {labels: count for labels, count in counts.items() if count}
    assert made == {("native", "GET", "2xx"): 3, ("native", "GET", "4xx"): 1, ("other", "OTHER", "4xx"): 1}
    assert durations[DURATIONS]["native", "GET", "2xx"].seconds > 0
    assert durations[ACCEPTED] == {}


def test_accepted_sends_are_counted_by_api(post: Any, body: dict[str, Any]) -> None:
    assert post(body).status_code == 201
    assert post({**body, "contacts": []}).status_code == 400
    recorder.write_now()
    durations = read_durations()
    assert durations is not None
    assert {labels: sum(found.classes) for labels, found in durations[ACCEPTED].items()} == {("quick",): 1}


def test_a_call_is_answered_while_valkey_is_away(
    client: Client, key: ApiKey, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://localhost:1/0"
    assert client.get(PATH).status_code == 200
    recorder.write_now()
    assert read_last_calls(key.pk) is None
    assert read_durations() is None


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "ask_valkey", lambda _: None)
    busy = record.CallRecorder()
    with busy._writing:
        for _ in range(3_000):
            busy.add(Call(0.0, "native", "GET", "", 200, 0.01, ""))
        assert len(busy._waiting) == 2_000
