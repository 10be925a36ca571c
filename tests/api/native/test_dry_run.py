"""`dryRun` in single send and in the native calls: the plan that every face answers with, and nothing done."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.models import Expansion, IdempotencyKey, Survey
from tests.support.api import single_send
from tests.support.api.bodies import NOTHING, faults_in, people, rows_written

SINGLE, NATIVE, LINKS = single_send.PATH, "/api/v1/distributions", "/api/v1/links"
NOWHERE = "01960000-0000-7000-8000-000000000000"
Call = Callable[..., Any]
everywhere = pytest.mark.parametrize("path", [SINGLE, NATIVE, LINKS])


@pytest.fixture
def bodies(
    survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> dict[str, dict[str, Any]]:
    """A call to one person by each path."""
    single_send.set_defaults(accounts, templates)
    step = {
        "channel": "email",
        "providerIds": [str(accounts[Channel.EMAIL].pk)],
        "templateId": str(templates[Channel.EMAIL].pk),
    }
    [ann] = people(1)
    return {
        SINGLE: {"form_id": str(survey.pk), "recipients": [{"email": ann["email"]}]},
        NATIVE: {"surveyId": str(survey.pk), "steps": [step], "audience": {"contacts": [ann]}},
        LINKS: {"surveyId": str(survey.pk), "contact": ann},
    }


@pytest.fixture
def call(client: Client) -> Call:
    def call(path: str, body: dict[str, Any], **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(path, json.dumps(body), content_type="application/json", headers=named)

    return call


@everywhere
def test_the_plan_is_answered_and_nothing_written(call: Call, bodies: dict[str, Any], path: str) -> None:
    response = call(path, {**bodies[path], "dryRun": True})
    assert response.status_code == 200, response.content
    answer = response.json()
    [one] = answer["recipients"]
    assert (answer["dryRun"], answer["contactCount"], answer["recipientCount"]) == (True, 1, 1)
    assert (one["email"], one["contactId"], one["decision"]) == ("p0@example.com", None, "recipient")
    assert [step["channel"] for step in one["steps"]] == ([] if path == LINKS else ["email"])
    assert rows_written() == NOTHING
    assert call(path, {**bodies[path], "dryRun": False}).status_code in (201, 202)
    assert rows_written()["Recipient"] == 1


@everywhere
def test_a_key_is_not_used_up(call: Call, bodies: dict[str, Any], path: str) -> None:
    for _ in range(2):
        planned = call(path, {**bodies[path], "dryRun": True}, idempotency_key="k")
        assert (planned.status_code, "Idempotent-Replayed" in planned) == (200, False)
    assert not IdempotencyKey.objects.exists()
    assert call(path, bodies[path], idempotency_key="k").status_code in (201, 202)
    assert rows_written()["Recipient"] == 1


@everywhere
@pytest.mark.parametrize("said", ["true", 1])
def test_what_is_no_yes_or_no_is_refused_rather_than_sent(
    call: Call, bodies: dict[str, Any], path: str, said: Any
) -> None:
    response = call(path, {**bodies[path], "dryRun": said})
    assert [pointer for pointer, _code in faults_in(response)] == ["/dryRun"]
    assert rows_written() == NOTHING


@everywhere
def test_its_errors_are_those_of_the_call(call: Call, bodies: dict[str, Any], path: str) -> None:
    wrong = {**bodies[path], ("form_id" if path == SINGLE else "surveyId"): NOWHERE}
    dry, real = call(path, {**wrong, "dryRun": True}), call(path, wrong)
    assert (dry.status_code, faults_in(dry)) == (real.status_code, faults_in(real))
    assert dry.status_code in (400, 404)


def test_a_single_send_understands_its_own_spelling_as_well(call: Call, bodies: dict[str, Any]) -> None:
    assert call(SINGLE, {**bodies[SINGLE], "dry_run": True}).status_code == 200
    assert rows_written() == NOTHING


def test_a_single_send_by_phone_is_planned_with_its_throttle(
    call: Call, bodies: dict[str, Any], survey: Survey
) -> None:
    survey.throttle_minutes = 60
    survey.save()
    last_sent_at = timezone.now() - timedelta(minutes=10)
    recipients = [
        {"phone_number": "+48600000001", "last_sent_at": last_sent_at.isoformat()},
        {"phone_number": "+48600000002"},
    ]
    body = {**bodies[SINGLE], "channel": "sms", "recipients": recipients, "dryRun": True}
    planned = call(SINGLE, body).json()["recipients"]
    assert [(one["phone"], one["steps"][0]["waitsFor"]) for one in planned] == [
        ("+48600000001", "throttled"),
        ("+48600000002", None),
    ]


def test_a_single_send_that_only_registers_or_has_expired_is_sent_nothing(call: Call, bodies: dict[str, Any]) -> None:
    for said in ({"send": False}, {"expires_at": "2024-09-15T23:59:59Z"}):
        [one] = call(SINGLE, {**bodies[SINGLE], **said, "dryRun": True}).json()["recipients"]
        assert (one["decision"], one["reason"], one["steps"]) == ("recipient", None, [])


@pytest.mark.parametrize("kind", ["listId", "contactIds", "filter"])
def test_an_audience_is_planned_and_not_expanded(
    call: Call, bodies: dict[str, Any], organization: Organization, kind: str
) -> None:
    ward = {"ward": "B"}
    ann, bob = (
        Contact.objects.create(
            organization=organization, external_id=name, email=f"{name}@example.com", opted_out_at=since,
            embedded_data=ward,
        )
        for name, since in (("ann", None), ("bob", timezone.now()))
    )  # fmt: skip
    mailing_list = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.bulk_create(Membership(mailing_list=mailing_list, contact=one) for one in (ann, bob))
    before = rows_written()
    audience = {
        "listId": str(mailing_list.pk),
        "contactIds": [str(ann.pk), str(bob.pk)],
        "filter": {"embeddedData": ward},
    }[kind]
    answer = call(NATIVE, {**bodies[NATIVE], "audience": {kind: audience}, "dryRun": True}).json()
    assert (answer["contactCount"], answer["recipientCount"]) == (2, 1)
    assert [one["contactId"] for one in answer["recipients"]] == [str(ann.pk)]
    assert [(one["contactId"], one["reason"]) for one in answer["skipped"]] == [(str(bob.pk), "opted_out")]
    assert (rows_written(), Expansion.objects.exists()) == (before, False)


def test_an_audience_that_is_not_there_is_named(call: Call, bodies: dict[str, Any]) -> None:
    wrong = {**bodies[NATIVE], "audience": {"listId": NOWHERE}, "dryRun": True}
    response = call(NATIVE, wrong)
    assert (response.status_code, faults_in(response)) == (400, [("/audience/listId", "list_not_found")])
