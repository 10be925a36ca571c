"""The memory of an answered call is free at once: nothing of it waits for Python's collector."""

import gc
import json
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest
from django.test import RequestFactory
from django.test.client import ClientHandler

from distributor.models import Survey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _collector_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def _call(method: str, path: str, body: Any, key: str) -> tuple[int, bool]:
    """Return the status of a call, and whether its request and its answer are gone."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = RequestFactory().generic(method, path, content, "application/json", headers={"X-API-Key": key})
    answer = ClientHandler()(request.environ)
    status, request_left, answer_left = answer.status_code, ref(answer.wsgi_request), ref(answer)
    del answer
    return status, request_left() is None and answer_left() is None


@pytest.mark.parametrize("count", [1, 100])
def test_a_send_leaves_nothing(count: int, api_key: str, survey: Survey, body: dict[str, Any]) -> None:
    body["contacts"] = [{"email": f"{number}@example.com"} for number in range(count)]
    assert _call("POST", f"/api/surveys/{survey.pk}/distributions/quick", body, api_key) == (201, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/surveys", 200),
        ("GET", "/API/v3/surveys", 200),
        ("GET", "/api/v1/contacts?limit=10", 200),
        ("GET", "/api/v1/surveys/01a22e6a-b686-73bd-844c-44931d4a42b5", 404),
        ("DELETE", "/api/v1/surveys", 405),
        ("GET", "/api/v1/nowhere", 404),
    ],
)
def test_other_calls_leave_nothing(method: str, path: str, status: int, api_key: str) -> None:
    assert _call(method, path, b"", api_key) == (status, True)


@pytest.mark.parametrize("body", [b"{", b"[]", {"contacts": [{}] * 20}])
@pytest.mark.parametrize("path", ["/api/surveys/{survey}/distributions/quick", "/v1/distributions/send"])
def test_a_refusal_leaves_nothing(path: str, body: Any, api_key: str, survey: Survey) -> None:
    assert _call("POST", path.format(survey=survey.pk), body, api_key) == (400, True)


def test_a_call_without_a_key_leaves_nothing() -> None:
    assert _call("GET", "/api/v1/surveys", b"", "") == (401, True)
