"""Requests a minute of a key and of its organisation: 429 in each face's shape, and what is left in headers."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings
from redis import Redis

from contacts.api_keys import create_api_key
from contacts.models import ApiKey, Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure import valkey
from tests.hunt.wire.conftest import faces
from tests.support.api.faces import Face

__all__ = ["faces"]
PATH = "/api/v1/surveys"


@pytest.fixture(autouse=True)
def one_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Twenty seconds of a minute have passed, and stay so. Nothing was counted."""
    monkeypatch.setattr(valkey, "_paused_until", 0.0)
    counts = Redis.from_url(settings.REDIS_URL)
    with time_machine.travel("2031-01-01T00:00:20Z", tick=False):
        yield
    for key in counts.scan_iter("distributor:requests:*"):
        counts.delete(key)


def test_a_key_is_told_what_is_left_and_then_refused(client: Client) -> None:
    ApiKey.objects.update(requests_per_minute=2)
    first, second, third = (client.get(PATH) for _ in range(3))
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert [answer["RateLimit"] for answer in (first, second, third)] == [f'"key";r={left};t=40' for left in (1, 0, 0)]
    assert third["RateLimit-Policy"] == '"key";q=2;w=60'
    assert (third["Retry-After"], third.json()["code"]) == ("40", "too_many_requests")


def test_the_next_minute_is_a_new_one(client: Client) -> None:
    ApiKey.objects.update(requests_per_minute=1)
    assert [client.get(PATH).status_code for _ in range(2)] == [200, 429]
    with time_machine.travel("2031-01-01T00:01:00Z", tick=False):
        assert client.get(PATH).status_code == 200


def test_all_keys_of_an_organisation_share_its_limit(client: Client, organization: Organization) -> None:
    Organization.objects.update(requests_per_minute=2)
    other = Client(headers={"x-api-key": create_api_key(organization, "other", list(Scope))[1]})
    foreign = Organization.objects.create(name="Other", slug="other")
    stranger = Client(headers={"x-api-key": create_api_key(foreign, "theirs", list(Scope))[1]})
    statuses = [caller.get(PATH).status_code for caller in (client, other, client, stranger)]
    assert statuses == [200, 200, 429, 200]


def test_keys_without_a_limit_have_the_installations(client: Client, settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    assert [client.get(PATH).status_code for _ in range(2)] == [200, 429]


def test_without_a_limit_nothing_is_counted(client: Client, settings: Settings) -> None:
    answer = client.get(PATH)
    assert "RateLimit" not in answer
    assert not Redis.from_url(settings.REDIS_URL).keys("distributor:requests:*")


def test_a_refusal_has_the_shape_of_its_face(client: Client, faces: dict[str, Face]) -> None:
    ApiKey.objects.update(requests_per_minute=1)
    assert client.get(PATH).status_code == 200
    for face in faces.values():
        answer = face.post(client)
        assert "Too many requests" in face.check_error(answer, 429)
        assert answer["Retry-After"] == "40"


def test_without_valkey_every_request_is_answered(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    ApiKey.objects.update(requests_per_minute=1)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [client.get(PATH).status_code for _ in range(3)] == [200] * 3
    assert str(caplog.messages).count("requests_not_counted") == 1
