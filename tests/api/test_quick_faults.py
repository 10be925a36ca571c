"""What a quick call names that is not there, and that every fault is named at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.models import Survey
from tests.api.bodies import NOTHING, changed, faults_in, rows_written
from tests.api.conftest import Post


@pytest.fixture
def stranger(db: None) -> Organization:
    return Organization.objects.create(name="Somebody else", slug="somebody-else")


def test_a_problem_says_what_it_is_in_every_member(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "channelMode": "both"})
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "invalid_request",
        "detail": "The request has a fault.",
        "requestId": response["X-Request-Id"],
        "errors": [
            {"pointer": "/channelMode", "code": "literal_error", "detail": "Input should be 'single' or 'multi'"}
        ],
    }


def test_a_survey_that_there_is_not_is_404(client: Client, body: dict[str, Any]) -> None:
    unknown = str(new_id())
    path = f"/api/surveys/{unknown}/distributions/quick"
    response = client.post(path, {**body, "surveyId": unknown}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert faults_in(response) == [("/surveyId", "survey_not_found")]
    assert rows_written() == NOTHING


def test_another_organisations_survey_is_404(client: Client, body: dict[str, Any], stranger: Organization) -> None:
    theirs = Survey.objects.create(organization=stranger, name="Theirs")
    path = f"/api/surveys/{theirs.pk}/distributions/quick"
    response = client.post(path, {**body, "surveyId": str(theirs.pk)}, content_type="application/json")
    assert (response.status_code, faults_in(response)) == (404, [("/surveyId", "survey_not_found")])


@pytest.mark.parametrize("text", ["1", "not-a-uuid", "0195e3a1", "%00"])
def test_a_path_that_names_no_survey_is_404(client: Client, body: dict[str, Any], text: str) -> None:
    response = client.post(f"/api/surveys/{text}/distributions/quick", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"


def test_path_and_body_must_name_the_same_survey(post: Post, body: dict[str, Any], organization: Organization) -> None:
    other = Survey.objects.create(organization=organization, name="Another")
    response = post({**body, "surveyId": str(other.pk)})
    assert (response.status_code, faults_in(response)) == (400, [("/surveyId", "survey_mismatch")])
    assert rows_written() == NOTHING


def test_the_survey_may_be_written_in_capitals(post: Post, body: dict[str, Any]) -> None:
    assert post({**body, "surveyId": body["surveyId"].upper()}).status_code == 201


@pytest.mark.parametrize("name", ["providerId", "templateId"])
def test_a_provider_or_template_that_there_is_not_is_400(post: Post, body: dict[str, Any], name: str) -> None:
    response = post(changed(body, f"/channels/0/{name}", str(new_id())))
    what = name.removesuffix("Id")
    assert (response.status_code, faults_in(response)) == (400, [(f"/channels/0/{name}", f"{what}_not_found")])
    assert rows_written() == NOTHING


def test_another_organisations_provider_and_template_are_not_there(
    post: Post, body: dict[str, Any], stranger: Organization
) -> None:
    ProviderAccount.objects.update(organization=stranger)
    Template.objects.update(organization=stranger)
    response = post(body)
    assert response.status_code == 400
    assert faults_in(response) == [
        ("/channels/0/providerId", "provider_not_found"),
        ("/channels/0/templateId", "template_not_found"),
    ]
    assert rows_written() == NOTHING


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_provider_and_a_template_of_another_channel_are_refused(
    post: Post, body: dict[str, Any], channel: str
) -> None:
    response = post(changed(body, "/channels/0/channel", channel))
    assert response.status_code == 400
    assert faults_in(response) == [
        ("/channels/0/providerId", "provider_wrong_channel"),
        ("/channels/0/templateId", "template_wrong_channel"),
    ]


def test_a_provider_that_is_switched_off_is_refused(
    post: Post, body: dict[str, Any], accounts: dict[Channel, ProviderAccount]
) -> None:
    ProviderAccount.objects.filter(pk=accounts[Channel.EMAIL].pk).update(is_active=False)
    response = post(body)
    assert (response.status_code, faults_in(response)) == (400, [("/channels/0/providerId", "provider_inactive")])


def test_a_template_without_a_text_is_not_there(
    post: Post, body: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    templates[Channel.EMAIL].variants.all().delete()
    assert faults_in(post(body)) == [("/channels/0/templateId", "template_not_found")]


def test_unknown_contacts_are_404_and_each_is_named(
    post: Post, body: dict[str, Any], organization: Organization, stranger: Organization
) -> None:
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    theirs = Contact.objects.create(organization=stranger, external_id="PAT-2", email="bob@example.com")
    before = Contact.objects.filter(pk__in=[known.pk, theirs.pk]).order_by("pk").values()
    stored = list(before)
    contacts = [
        {"contactId": str(new_id())},
        {"contactId": str(known.pk), "firstName": "Changed"},
        {"externalId": "PAT-3", "email": "new@example.com"},
        {"contactId": str(theirs.pk), "externalId": "PAT-1", "firstName": "Changed"},
    ]
    response = post({**body, "contacts": contacts})
    assert (response.status_code, response.json()["code"]) == (404, "contact_not_found")
    assert faults_in(response) == [
        ("/contacts/0/contactId", "contact_not_found"),
        ("/contacts/3/contactId", "contact_not_found"),
    ]
    assert list(before.all()) == stored
    assert rows_written() == {**NOTHING, "Contact": 2}


def test_an_email_that_is_another_contacts_only_name_is_409(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    ann, bob = (
        Contact.objects.create(organization=organization, email=f"{name}@example.com") for name in ("ann", "bob")
    )
    contacts = [
        {"externalId": "PAT-1", "email": "new@example.com"},
        {"contactId": str(bob.pk), "firstName": "Bob"},
        {"contactId": str(ann.pk), "email": "BOB@example.com"},
    ]
    response = post({**body, "contacts": contacts})
    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert faults_in(response) == [("/contacts/2/email", "email_taken")]
    assert set(Contact.objects.values_list("email", "first_name")) == {("ann@example.com", ""), ("bob@example.com", "")}
    assert rows_written() == {**NOTHING, "Contact": 2}


def test_a_taken_email_is_told_together_with_unknown_contacts(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    ann, _bob = (
        Contact.objects.create(organization=organization, email=f"{name}@example.com") for name in ("ann", "bob")
    )
    contacts = [{"contactId": str(new_id())}, {"contactId": str(ann.pk), "email": "bob@example.com"}]
    assert set(faults_in(post({**body, "contacts": contacts}))) == {
        ("/contacts/0/contactId", "contact_not_found"),
        ("/contacts/1/email", "email_taken"),
    }


def test_every_fault_of_every_kind_is_named_at_once(
    client: Client,
    body: dict[str, Any],
    channel_of: Callable[..., dict[str, Any]],
    accounts: dict[Channel, ProviderAccount],
) -> None:
    wrong = {
        "surveyId": str(new_id()),
        "contacts": [
            {},
            {"email": "nobody", "firstName": "a\nb", "phone": "12", "embeddedData": {"k": [0, 2**63], "a/b": "\0"}},
            {"contactId": str(new_id())},
            {"externalId": "PAT-1"},
            "ann",
        ],
        "channels": [
            channel_of("email", priority=11),
            channel_of("sms", providerId=str(accounts[Channel.EMAIL].pk), templateId=str(new_id())),
            channel_of("email"),
        ],
        "channelMode": "both",
        "scheduledAt": "tomorrow",
        "settings": {"recentContactDays": 0, "excludeOptedOut": "no"},
        "name": "x" * 256,
    }
    path = f"/api/surveys/{new_id()}/distributions/quick"
    response = client.post(path, json.dumps(wrong), content_type="application/json")
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/surveyId", "survey_mismatch"),
        ("/contacts/0", "no_identifier"),
        ("/contacts/1/email", "invalid_email"),
        ("/contacts/1/firstName", "not_one_line"),
        ("/contacts/1/phone", "invalid_phone"),
        ("/contacts/1/embeddedData/k/1", "number_range"),
        ("/contacts/1/embeddedData/a~1b", "nul_character"),
        ("/contacts/2/contactId", "contact_not_found"),
        ("/contacts/4", "model_type"),
        ("/channels/0/priority", "less_than_equal"),
        ("/channels/1/providerId", "provider_wrong_channel"),
        ("/channels/1/templateId", "template_not_found"),
        ("/channelMode", "literal_error"),
        ("/scheduledAt", "datetime_parsing"),
        ("/settings/recentContactDays", "greater_than_equal"),
        ("/settings/excludeOptedOut", "bool_type"),
        ("/name", "string_too_long"),
    }
    assert len(faults_in(response)) == len(set(faults_in(response)))
    assert response.json()["detail"] == f"The request has {len(faults_in(response))} faults."
    assert rows_written() == NOTHING


def test_wrong_references_are_named_with_unknown_contacts(post: Post, body: dict[str, Any]) -> None:
    wrong = changed(changed(body, "/channels/0/providerId", str(new_id())), "/contacts/0/contactId", str(new_id()))
    response = post(wrong)
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/channels/0/providerId", "provider_not_found"),
        ("/contacts/0/contactId", "contact_not_found"),
    }


def test_a_survey_mismatch_is_named_with_everything_else(post: Post, body: dict[str, Any]) -> None:
    wrong = changed({**body, "surveyId": str(new_id())}, "/channels/0/templateId", str(new_id()))
    assert set(faults_in(post(wrong))) == {
        ("/surveyId", "survey_mismatch"),
        ("/channels/0/templateId", "template_not_found"),
    }


def test_a_thousand_nameless_contacts_are_a_thousand_faults(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "contacts": [{}] * 1_000})
    assert [pointer for pointer, _code in faults_in(response)] == [f"/contacts/{number}" for number in range(1_000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"surveyId": ',
        "{'surveyId': 1}",
        "null",
        "[]",
        "1",
        '"text"',
        b"\xff\xfe",
        b'{"name": "\xff"}',
        '{"name": "\\ud800"}',
        '\ufeff{"name": "x"}',
        "{} {}",
        "[" * 100_000,
        '{"a":' * 10_000,
        "surveyId=1&contacts=2",
    ],
)
def test_what_is_no_json_object_is_one_fault_of_the_whole_body(post: Post, text: str | bytes) -> None:
    response = post(text)
    assert response.status_code == 400
    assert [pointer for pointer, _code in faults_in(response)] == [""]


def test_what_was_given_is_not_repeated_in_the_answer(post: Post, body: dict[str, Any]) -> None:
    response = post(changed(body, "/contacts/0/email", "ann.private"))
    assert response.status_code == 400
    assert b"ann.private" not in response.content
