"""Event subscriptions: made, shown, deleted, and told of responses in the published form."""

import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha512
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.conf import LazySettings
from django.test import Client

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.events import deliver
from distributor.engine.events.deliver import deliver_due
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import EventEndpoint, EventReplay, Recipient
from tests.support.api.bodies import faults_in
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.standins.receiver import Receiver

URL = "https://example.com/hooks"


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    settings.ALLOWED_PROVIDER_HOSTS = ["127.0.0.1"]
    with Receiver().running() as running:
        yield running
    for lines in deliver._lines.values():
        for line in lines:
            line.close()
    deliver._lines.clear()


def subscribe(client: Client, topic: str, url: str = URL, **values: Any) -> str:
    made: str = result_of(
        call(client, "POST", "eventsubscriptions/", {"topics": topic, "publicationUrl": url, **values})
    )
    return made["id"]  # type: ignore[index]


def test_a_subscription_is_made_shown_and_deleted(
    client: Client, organization: Organization, send_body: dict[str, Any]
) -> None:
    topic = f"surveyengine.completedResponse.{send_body['surveyLink']['surveyId']}"
    made = subscribe(client, topic, encrypt=True, sharedKey="k5Tn0qRw")
    assert is_id("SUB", made)
    shown = result_of(call(client, "GET", f"eventsubscriptions/{made}"))
    assert shown == {
        "id": made,
        "scope": organization.slug,
        "topics": topic,
        "publicationUrl": URL,
        "encrypted": True,
        "successfulCalls": 0,
    }
    assert elements_of(call(client, "GET", "eventsubscriptions")) == [shown]
    assert call(client, "DELETE", f"eventsubscriptions/{made}").status_code == 200
    error = error_of(call(client, "GET", f"eventsubscriptions/{made}"), "404 - Not Found")
    assert error["errorCode"] == "ESSG_2"


def test_all_are_deleted_or_those_of_a_topic_and_a_url(client: Client, organization: Organization) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    values = {"name": "CRM", "url": URL, "secrets": {}, "headers": {}, "starts_at": database_now()}
    theirs = EventEndpoint.objects.create(organization=other, format="lists_and_links", **values)
    ours = EventEndpoint.objects.create(organization=organization, **values)
    for url in (URL, f"{URL}/2"):
        subscribe(client, "*", url)
    assert call(client, "DELETE", "eventsubscriptions", {"topics": "*", "publicationUrl": URL}).status_code == 200
    assert [one["publicationUrl"] for one in elements_of(call(client, "GET", "eventsubscriptions"))] == [f"{URL}/2"]
    assert call(client, "DELETE", "eventsubscriptions").status_code == 200
    assert set(EventEndpoint.objects.all()) == {theirs, ours}
    error_of(call(client, "DELETE", f"eventsubscriptions/{public_id(Kind.SUBSCRIPTION, theirs.pk)}"), "404 - Not Found")


def test_every_fault_of_a_subscription_is_named(client: Client) -> None:
    body = {"topics": "weather.rain", "publicationUrl": "https://a:b@example.com/", "encrypt": True}
    assert faults_of(call(client, "POST", "eventsubscriptions", body)) == [
        ("/topics", "unknown_topic"),
        ("/publicationUrl", "address_refused"),
        ("/sharedKey", "missing"),
    ]
    unknown = {"topics": f"surveyengine.completedResponse.{Kind.SURVEY.example}", "publicationUrl": URL}
    assert faults_of(call(client, "POST", "eventsubscriptions", unknown)) == [("/topics", "survey_not_found")]
    assert not EventEndpoint.objects.exists()


def test_a_topic_without_events_is_kept_and_says_so(client: Client) -> None:
    body = {"topics": "controlpanel.activateSurvey", "publicationUrl": URL}
    answer = call(client, "POST", "eventsubscriptions", body).json()
    assert [warning["code"] for warning in answer["meta"]["warnings"]] == ["no_events"]
    assert elements_of(call(client, "GET", "eventsubscriptions"))[0]["topics"] == "controlpanel.activateSurvey"
    assert not EventEndpoint.objects.get().is_active


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["", "k5Tn0qRw"])
def test_a_response_is_told_in_the_published_form(
    client: Client, send_body: dict[str, Any], organization: Organization, receiver: Receiver, key: str
) -> None:
    survey_id = send_body["surveyLink"]["surveyId"]
    for topic in (f"surveyengine.completedResponse.{survey_id}", "*"):
        subscribe(client, topic, receiver.url, **({"sharedKey": key} if key else {}))
    result_of(call(client, "POST", "distributions", send_body))
    response = record_response(Recipient.objects.order_by("id")[0].code, {"score": 9}, database_now())
    deliver_due(database_now)
    requests = receiver.taken
    assert len(requests) == 2
    told = {name: value for name, [value] in parse_qs(requests[0].body.decode()).items()}
    assert requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert told.pop("Topic") == f"{organization.slug}.surveyengine.completedResponse.{survey_id}"
    if key:
        assert told["HMAC"] == hmac.digest(key.encode(), told["MSG"].encode(), sha512).hex()
        assert len(told["HMAC"]) == 128
        told = json.loads(told["MSG"])
    assert told == {
        "Status": "Complete",
        "SurveyID": survey_id,
        "ResponseID": public_id(Kind.RESPONSE, response.pk),
        "CompletedDate": told["CompletedDate"],
        "BrandID": organization.slug,
    }
    assert [one["successfulCalls"] for one in elements_of(call(client, "GET", "eventsubscriptions"))] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_subscription_is_told_of_responses_only_whatever_types_its_endpoint_has(
    client: Client, send_body: dict[str, Any], receiver: Receiver
) -> None:
    subscribe(client, "*", receiver.url)
    EventEndpoint.objects.update(types=[])
    result_of(call(client, "POST", "distributions", send_body))
    record_response(Recipient.objects.order_by("id")[0].code, {"score": 9}, database_now())
    deliver_due(database_now)
    endpoint = EventEndpoint.objects.get()
    assert (len(receiver.taken), endpoint.claimed_until) == (1, None)
    now = database_now()
    EventReplay.objects.create(
        endpoint=endpoint, since=now - timedelta(hours=1), before=now, types=["recipient.accepted"], created_at=now
    )
    deliver_due(database_now)
    assert len(receiver.taken) == 2
    assert EventReplay.objects.get().finished_at


def test_the_types_of_a_subscription_cannot_be_chosen(client: Client) -> None:
    subscribe(client, "*")
    path = f"/api/v1/event-endpoints/{EventEndpoint.objects.get().pk}"
    period = {"from": "2026-03-05T08:00:00Z", "to": "2026-03-05T12:00:00Z"}
    for types, statuses in ((["recipient.sent"], [400, 400]), (["recipient.responded"], [200, 202])):
        patched = client.patch(path, {"types": types}, content_type="application/json")
        replayed = client.post(f"{path}/replay", {**period, "types": types}, content_type="application/json")
        assert [patched.status_code, replayed.status_code] == statuses
    assert faults_in(client.patch(path, {"types": []}, content_type="application/json")) == [
        ("/types", "not_supported")
    ]
    assert EventEndpoint.objects.get().types == ["recipient.responded"]
