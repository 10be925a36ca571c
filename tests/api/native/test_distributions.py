"""Reading back: distributions, their recipients and who was skipped."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.engine.route.step_context import as_account
from distributor.models import Distribution, Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import people

BASE = "/api/v1/distributions"
NO_TOTALS = dict.fromkeys(
    (
        *("accepted", "skipped", "registered", "waiting", "sent", "failed", "indeterminate", "stopped"),
        *("recipients", "reached", "opened", "responded", "duplicateRisk"),
    ),
    0,
)


@pytest.fixture
def stranger(db: None) -> Client:
    """Another organisation's backend."""
    organization = Organization.objects.create(name="Somebody else", slug="somebody-else")
    return Client(headers={"x-api-key": create_api_key(organization, "theirs", list(Scope))[1]})


def test_a_distribution_is_read_back_with_all_that_was_said(client: Client, post: Post, body: dict[str, Any]) -> None:
    said = {**body, "name": "CSAT", "channelMode": "multi", "scheduledAt": "2999-01-01T10:00:00+01:00"}
    distribution_id = post({**said, "contacts": [*people(2), {"externalId": "nowhere"}]}).json()["distributionId"]
    row = Distribution.objects.get()
    assert client.get(f"{BASE}/{distribution_id}").json() == {
        "id": distribution_id,
        "surveyId": body["surveyId"],
        "attributes": {},
        "mailingListId": str(row.mailing_list_id),
        "name": "CSAT",
        "keyKind": "live",
        "source": "quick",
        "channelMode": "multi",
        "stopsOn": "response",
        "status": "scheduled",
        "scheduledAt": "2999-01-01T09:00:00Z",
        "notAfter": None,
        "expiresAt": None,
        "pausedAt": None,
        "cancelledAt": None,
        "createdAt": row.created_at.isoformat().replace("+00:00", "Z"),
        "steps": [
            {
                "id": str(row.steps.get().pk),
                "kind": "invitation",
                "channel": "email",
                "priority": 1,
                "providerIds": [body["channels"][0]["providerId"]],
                "templateId": body["channels"][0]["templateId"],
                "fixedSplit": False,
                **dict.fromkeys(("weights", "fromEmail", "fromName", "replyToEmail", "subject")),
                **dict.fromkeys(("fallbackDelayMinutes", "delayMinutes", "scheduledAt", "contactId", "progress")),
            }
        ],
        "totals": {**NO_TOTALS, "accepted": 3, "skipped": 1, "recipients": 2, "waiting": 2},
    }


def test_what_is_scheduled_is_sending_when_its_moment_has_come(
    client: Client, post: Post, body: dict[str, Any]
) -> None:
    distribution_id = post({**body, "scheduledAt": "2999-01-01T10:00:00Z"}).json()["distributionId"]
    Distribution.objects.update(scheduled_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"{BASE}/{distribution_id}").json()["status"] == "sending"


def test_a_distribution_that_left_everybody_out_is_completed(client: Client, post: Post, body: dict[str, Any]) -> None:
    answer = post({**body, "contacts": [{"externalId": "nowhere"}], "scheduledAt": "2999-01-01T10:00:00Z"}).json()
    read = client.get(f"{BASE}/{answer['distributionId']}").json()
    assert (read["status"], read["totals"]) == ("completed", {**NO_TOTALS, "accepted": 1, "skipped": 1})


def test_the_totals_always_sum_to_what_was_accepted(client: Client, post: Post, body: dict[str, Any]) -> None:
    distribution_id = post({**body, "contacts": [*people(5), {"externalId": "nowhere"}]}).json()["distributionId"]
    for counts in ({}, {"sent_count": 2}, {"failed_count": 1}, {"indeterminate_count": 1}, {"stopped_count": 1}):
        Distribution.objects.update(**counts)
        totals = client.get(f"{BASE}/{distribution_id}").json()["totals"]
        ended = [totals[name] for name in ("sent", "failed", "indeterminate", "stopped")]
        assert totals["accepted"] == totals["skipped"] + totals["waiting"] + sum(ended) == 6
        assert totals["recipients"] == totals["waiting"] + sum(ended) == 5
    assert (totals["waiting"], client.get(f"{BASE}/{distribution_id}").json()["status"]) == (0, "completed")


def test_a_recipient_who_waits_says_until_when(client: Client, post: Post, body: dict[str, Any]) -> None:
    answer = post({**body, "contacts": people(1), "scheduledAt": "2999-01-01T10:00:00Z"}).json()
    [row] = client.get(f"{BASE}/{answer['distributionId']}/recipients").json()["items"]
    recipient = Recipient.objects.get()
    accepted_at = recipient.created_at.isoformat().replace("+00:00", "Z")
    assert row == {
        "code": recipient.code,
        "link": f"http://localhost:8000/p/{recipient.code}",
        "contactId": str(recipient.contact_id),
        "externalId": "PAT-0",
        "email": "p0@example.com",
        "emailUnicode": None,
        "phone": None,
        "state": "waiting",
        "reason": None,
        "stepKind": "invitation",
        "channel": "email",
        "dueAt": "2999-01-01T10:00:00Z",
        "acceptedAt": accepted_at,
        "attempts": [],
        "decisions": [],
        "story": [{"at": accepted_at, "event": "accepted", "about": ""}],
    }


def test_a_story_is_told_in_the_order_in_which_it_happened(client: Client, post: Post, body: dict[str, Any]) -> None:
    answer = post({**body, "contacts": people(1)}).json()
    dispatch_lane("urgent", database_now)
    recipient = Recipient.objects.get()
    record_open(recipient, database_now())
    record_response(recipient.code, {"score": 9}, database_now())
    [row] = client.get(f"{BASE}/{answer['distributionId']}/recipients").json()["items"]
    assert [event["event"] for event in row["story"]] == ["accepted", "sent", "opened", "responded"]
    moments = [datetime.fromisoformat(event["at"]) for event in row["story"]]
    assert moments == sorted(moments)
    assert (row["state"], row["dueAt"]) == ("sent", None)
    [attempt] = row["attempts"]
    assert (attempt["number"], attempt["channel"], attempt["state"]) == (1, "email", "sent")
    assert (row["stepKind"], attempt["stepKind"]) == ("invitation", "invitation")
    assert attempt["providerId"] == body["channels"][0]["providerId"]
    totals = client.get(f"{BASE}/{answer['distributionId']}").json()["totals"]
    assert totals == NO_TOTALS | dict.fromkeys(("accepted", "recipients", "sent", "reached", "opened", "responded"), 1)


def test_what_the_provider_told_is_read_back_with_its_time(
    client: Client, post: Post, body: dict[str, Any], accounts: dict[Channel, ProviderAccount]
) -> None:
    answer = post({**body, "contacts": people(1)}).json()
    dispatch_lane("urgent", database_now)
    recipient, now = Recipient.objects.get(), database_now()
    told = Event("their-event", EventKind.HARD_BOUNCED, now, attempt_id(recipient.pk, 1), code="5.1.1")
    ingest_events(as_account(accounts[Channel.EMAIL]), [told], now)
    [row] = client.get(f"{BASE}/{answer['distributionId']}/recipients").json()["items"]
    assert (row["state"], row["reason"]) == ("failed", "bounced")
    assert [event["event"] for event in row["story"]] == ["accepted", "sent", "hard_bounced"]
    assert datetime.fromisoformat(row["story"][-1]["at"]) == now
    assert row["story"][-1]["about"] == "email 5.1.1"
    [attempt] = row["attempts"]
    assert (attempt["state"], attempt["progress"], attempt["trouble"]) == ("sent", "sent", "bounced")


def test_an_answer_before_the_send_stops_the_journey_and_is_told(
    client: Client, post: Post, body: dict[str, Any]
) -> None:
    answer = post({**body, "contacts": people(1), "scheduledAt": "2999-01-01T10:00:00Z"}).json()
    record_response(Recipient.objects.get().code, {"score": 9}, database_now())
    [row] = client.get(f"{BASE}/{answer['distributionId']}/recipients").json()["items"]
    assert (row["state"], row["reason"], row["dueAt"]) == ("stopped", "responded", None)
    assert [(decision["kind"], decision["reason"]) for decision in row["decisions"]] == [("stopped", "responded")]
    assert row["decisions"][0]["text"] == "stopped: the contact responded"
    assert {event["event"] for event in row["story"]} == {"accepted", "stopped", "opened", "responded"}


@pytest.mark.parametrize("below", ["", "/recipients", "/skipped"])
def test_another_organisations_distribution_is_404(
    client: Client, stranger: Client, post: Post, body: dict[str, Any], below: str
) -> None:
    path = f"{BASE}/{post(body).json()['distributionId']}{below}"
    assert client.get(path).status_code == 200
    response = stranger.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"
    assert stranger.get(BASE).json() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("below", ["", "/recipients", "/skipped"])
@pytest.mark.parametrize("name", ["unknown", "1", "%00", "0195e3a1-0000-7000-8000-000000000001"])
def test_what_names_no_distribution_is_404(client: Client, below: str, name: str) -> None:
    response = client.get(f"{BASE}/{name}{below}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("below", ["", "/{}", "/{}/recipients", "/{}/skipped"])
def test_reading_needs_the_scope_to_read(
    organization: Organization, post: Post, body: dict[str, Any], below: str
) -> None:
    path = BASE + below.format(post(body).json()["distributionId"])
    sender = Client(headers={"x-api-key": create_api_key(organization, "sender", [Scope.SEND])[1]})
    reader = Client(headers={"x-api-key": create_api_key(organization, "reader", [Scope.READ])[1]})
    assert Client().get(path).status_code == 401
    assert sender.get(path).status_code == 403
    assert reader.get(path).status_code == 200
