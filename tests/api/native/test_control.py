"""Pause, resume, cancel and PATCH over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Recipient
from tests.api.conftest import Post

BASE = "/api/v1/distributions"


@pytest.fixture
def scheduled(post: Post, body: dict[str, Any]) -> str:
    """The path of a distribution that waits for the year 2999."""
    return f"{BASE}/{post({**body, 'scheduledAt': '2999-01-01T10:00:00Z'}).json()['distributionId']}"


def test_pause_resume_and_cancel_answer_how_it_stands(client: Client, scheduled: str) -> None:
    assert client.post(f"{scheduled}/pause").json()["status"] == "paused"
    assert client.get(scheduled).json()["pausedAt"] is not None
    assert client.post(f"{scheduled}/resume").json()["status"] == "scheduled"
    cancelled = client.post(f"{scheduled}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert (cancelled["totals"]["waiting"], cancelled["totals"]["stopped"]) == (0, 1)
    assert client.post(f"{scheduled}/cancel").status_code == 200


def test_what_is_over_answers_409(client: Client, scheduled: str) -> None:
    client.post(f"{scheduled}/cancel")
    for answer in (
        client.post(f"{scheduled}/pause"),
        client.post(f"{scheduled}/resume"),
        client.patch(scheduled, {"scheduledAt": None}, content_type="application/json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "distribution_cancelled")


def test_a_cancelled_link_is_gone(client: Client, scheduled: str) -> None:
    code = Recipient.objects.get().code
    client.post(f"{scheduled}/cancel")
    assert client.get(f"/p/{code}").status_code == 410
    assert client.get(f"/api/v1/links/{code}").json()["state"] == "cancelled"
    story = client.get(f"{scheduled}/recipients").json()["items"][0]
    assert (story["state"], story["reason"], story["dueAt"]) == ("stopped", "cancelled", None)


def test_a_schedule_is_moved_and_moved_to_now(client: Client, scheduled: str) -> None:
    moved = client.patch(scheduled, {"scheduledAt": "2998-05-01T10:00:00+02:00"}, content_type="application/json")
    assert moved.json()["scheduledAt"] == "2998-05-01T08:00:00Z"
    assert Batch.objects.get().due_at.year == 2998
    assert client.patch(scheduled, {"scheduledAt": None}, content_type="application/json").json()["status"] == "sending"
    dispatch_lane("urgent", database_now)
    assert client.get(scheduled).json()["totals"]["sent"] == 1


@pytest.mark.parametrize(
    ("said", "pointer", "code"),
    [
        ({}, "/scheduledAt", "missing"),
        ({"scheduledAt": "2998-05-01T10:00:00"}, "/scheduledAt", "offset_missing"),
        ({"scheduledAt": "tomorrow"}, "/scheduledAt", "datetime_parsing"),
        ({"scheduledAt": 1}, "/scheduledAt", "datetime_parsing"),
        ({"scheduledAt": None, "expires": 1}, "/expires", "extra_forbidden"),
    ],
)
def test_a_wrong_schedule_is_named(client: Client, scheduled: str, said: Any, pointer: str, code: str) -> None:
    answer = client.patch(scheduled, said, content_type="application/json")
    assert answer.status_code == 400
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


def test_strangers_and_keys_that_only_read_steer_nothing(organization: Organization, scheduled: str) -> None:
    other = Organization.objects.create(name="Somebody else", slug="somebody-else")
    stranger = Client(headers={"x-api-key": create_api_key(other, "theirs", list(Scope))[1]})
    assert stranger.post(f"{scheduled}/cancel").status_code == 404
    reader = Client(headers={"x-api-key": create_api_key(organization, "reader", [Scope.READ])[1]})
    assert reader.post(f"{scheduled}/cancel").status_code == 403
    later = (database_now() + timedelta(days=1)).isoformat()
    assert reader.patch(scheduled, {"scheduledAt": later}, content_type="application/json").status_code == 403
