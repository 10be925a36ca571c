import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.models import Recipient, Response, Survey
from tests.support.journeys import (
    counts_of,
    make_contact,
    make_journey,
    make_organization,
    make_sent_journey,
    make_survey,
)

pytestmark = pytest.mark.django_db
ANSWERS = {"nps": 9, "why": "Zażółć", "rooms": {"a": [1, 2.5, None, True]}}


def post_answers(client: Client, code: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/api/v1/links/{code}/responses", text, content_type="application/json")


def test_a_link_returns_all_that_the_survey_tool_needs(client: Client, organization: Organization) -> None:
    survey = make_survey(
        organization,
        thank_you_message="Thank you!",
        thank_you_link_text="Home",
        thank_you_link_url="https://acme.example/",
    )
    contact = make_contact(
        organization, first_name="Anna", last_name="Nowak", locale="pl", embedded_data={"ward": "B", "floor": 2}
    )
    recipient = make_sent_journey(
        survey, contact, attributes={"ward": "C"}, expires_at=timezone.now() + timedelta(days=1)
    )
    answer = client.get(f"/api/v1/links/{recipient.code}")
    assert answer.status_code == 200
    expires_at = recipient.distribution.expires_at
    assert expires_at is not None
    assert answer.json() == {
        "code": recipient.code,
        "state": "open",
        "locale": "pl",
        "attributes": {"ward": "C", "floor": 2},
        "contact": {
            "id": str(contact.pk),
            "externalId": contact.external_id,
            "email": contact.email,
            "emailUnicode": None,
            "firstName": "Anna",
            "lastName": "Nowak",
        },
        "surveyId": str(survey.pk),
        "distributionId": str(recipient.distribution_id),
        "expiresAt": expires_at.isoformat().replace("+00:00", "Z"),
        "thankYou": {"message": "Thank you!", "linkText": "Home", "linkUrl": "https://acme.example/"},
        "respondedAt": None,
    }


def test_reading_a_link_changes_nothing(client: Client, survey: Survey) -> None:
    recipient = make_sent_journey(survey)
    before = Recipient.objects.filter(pk=recipient.pk).values().get()
    client.get(f"/api/v1/links/{recipient.code}")
    assert Recipient.objects.filter(pk=recipient.pk).values().get() == before
    assert counts_of(recipient) == {"sent": 1}


@pytest.mark.parametrize(
    ("fields", "state", "status", "code"),
    [
        ({"responded_at": timezone.now()}, "used", 409, "link_used"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired", 410, "link_expired"),
        (
            {"state": "stopped", "reason": "cancelled", "counts": {"stopped_count": 1}},
            "cancelled",
            410,
            "link_cancelled",
        ),
    ],
)
def test_a_closed_link_can_be_read_but_not_answered(
    client: Client, survey: Survey, fields: dict[str, Any], state: str, status: int, code: str
) -> None:
    recipient = make_journey(survey, **fields)
    assert client.get(f"/api/v1/links/{recipient.code}").json()["state"] == state
    answer = post_answers(client, recipient.code, {"answers": ANSWERS})
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code
    assert not Response.objects.exists()


def test_answers_are_stored_and_use_the_link_up(client: Client, survey: Survey) -> None:
    recipient = make_sent_journey(survey)
    answer = post_answers(client, recipient.code, {"answers": ANSWERS})
    stored = Response.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(stored.pk),
        "submittedAt": stored.submitted_at.isoformat().replace("+00:00", "Z"),
    }
    assert stored.answers == ANSWERS
    read = client.get(f"/api/v1/links/{recipient.code}").json()
    assert (read["state"], read["respondedAt"]) == ("used", answer.json()["submittedAt"])
    assert post_answers(client, recipient.code, {"answers": ANSWERS}).status_code == 409


@pytest.mark.parametrize("code", ["abcdefghijkl", "abc", "abc%00efghijkl", "a" * 500])
def test_unknown_codes_are_404(client: Client, code: str) -> None:
    for answer in (client.get(f"/api/v1/links/{code}"), post_answers(client, code, {"answers": {}})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_another_organisations_link_is_404(client: Client) -> None:
    recipient = make_sent_journey(make_survey(make_organization()))
    assert client.get(f"/api/v1/links/{recipient.code}").status_code == 404
    assert post_answers(client, recipient.code, {"answers": {}}).status_code == 404
    assert not Response.objects.exists()


def test_reading_and_answering_need_their_scopes(organization: Organization, survey: Survey) -> None:
    recipient = make_sent_journey(survey)
    only = {
        scope: Client(headers={"x-api-key": create_api_key(organization, scope, [scope])[1]})
        for scope in (Scope.SEND, Scope.READ)
    }
    path = f"/api/v1/links/{recipient.code}"
    assert Client().get(path).status_code == 401
    assert only[Scope.SEND].get(path).status_code == 403
    assert only[Scope.SEND].head(path).status_code == 403
    assert post_answers(Client(), recipient.code, {"answers": {}}).status_code == 401
    assert post_answers(only[Scope.READ], recipient.code, {"answers": {}}).status_code == 403
    assert only[Scope.READ].get(path).status_code == 200
    assert post_answers(only[Scope.SEND], recipient.code, {"answers": {}}).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("", {""}),
        ("{", {""}),
        ("[]", {""}),
        ("null", {""}),
        ("{}", {"/answers"}),
        ({"answers": None}, {"/answers"}),
        ({"answers": []}, {"/answers"}),
        ({"answers": "9"}, {"/answers"}),
        ({"answers": {"a": "x\0"}}, {"/answers/a"}),
        ({"answers": {"a\0": 1}}, {"/answers"}),
        ('{"answers": {"a": NaN}}', {"/answers/a"}),
        ('{"answers": {"a": 1e999}}', {"/answers/a"}),
        ('{"answers": {"a": 1e300}}', {"/answers/a"}),
        ({"answers": {"a": 2**63}}, {"/answers/a"}),
        ({"answers": {str(number): 1 for number in range(101)}}, {"/answers"}),
        ({"answers": [], "extra": 1}, {"/answers", "/extra"}),
        ('{"answers": {"a": ' + "[" * 500 + "]" * 500 + "}}", {""}),
        ('{"answers": {"a": "\\ud800"}}', {""}),
    ],
)
def test_every_fault_of_a_body_is_named_with_its_pointer(
    client: Client, survey: Survey, body: Any, pointers: set[str]
) -> None:
    recipient = make_sent_journey(survey)
    answer = post_answers(client, recipient.code, body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    assert not Response.objects.exists()


def test_a_hundred_answers_are_taken(client: Client, survey: Survey) -> None:
    answers = {f"question {number}": number for number in range(100)}
    assert post_answers(client, make_sent_journey(survey).code, {"answers": answers}).status_code == 201
    assert Response.objects.get().answers == answers
