"""Errors of our own are 500 in the shape of their face, never a page; nothing is written."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from distributor.api import webhooks
from distributor.models import Distribution
from tests.support.api.faces import Face

ERRORS = [ZeroDivisionError("ours"), OperationalError("the connection is lost"), RecursionError(), KeyError("x")]


@pytest.fixture
def caller(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def raising(error: Exception) -> Any:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_view_that_fails_answers_in_its_faces_shape(
    caller: Client,
    faces: dict[str, Face],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("rest_framework.views.APIView.initial", raising(error))
    for face in faces.values():
        # Recipient add publishes no 5xx: it answers 400 with its own text.
        status = 400 if face.name == "recipient add" else 500
        assert face.check_error(face.post(caller), status)
    assert "unexpected_error" in caplog.text
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/contacts", "/v1/distributions/send", "/API/v3/surveys", "/base/x", "/api/x"])
def test_an_error_outside_a_view_is_json_too(caller: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rest_framework.views.APIView.dispatch", raising(ZeroDivisionError()))
    answer = caller.get(path)
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        500,
        "application/problem+json",
        "internal_error",
    )


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_webhook_that_fails_is_500_without_a_page(
    caller: Client, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "receive_webhook", raising(error))
    answer = caller.post(f"/webhooks/{uuid4()}", b"{}", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"], answer.content) == (500, "text/plain", b"")


def test_a_stopped_call_is_503_in_its_faces_shape(
    client: Client, faces: dict[str, Face], monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(*_: object, **__: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1")
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("rest_framework.views.APIView.initial", sleep)
    for face in faces.values():
        answer = face.post(client)
        assert "too long" in face.check_error(answer, 503)
        assert answer["Retry-After"] == "10"
