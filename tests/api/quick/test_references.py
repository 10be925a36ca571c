"""The ids of a quick call: survey, providers, templates and contacts must be the caller's."""

from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.models import Survey
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, changed, faults_in, rows_written


@pytest.fixture
def stranger(db: None) -> Organization:
    return Organization.objects.create(name="Somebody else", slug="somebody-else")


def test_an_unknown_survey_is_404(client: Client, body: dict[str, Any]) -> None:
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
def test_a_path_without_a_valid_survey_id_is_404(client: Client, body: dict[str, Any], text: str) -> None:
    response = client.post(f"/api/surveys/{text}/distributions/quick", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"


def test_path_and_body_must_have_the_same_survey(post: Post, body: dict[str, Any], organization: Organization) -> None:
    other = Survey.objects.create(organization=organization, name="Another")
    response = post({**body, "surveyId": str(other.pk)})
    assert (response.status_code, faults_in(response)) == (400, [("/surveyId", "survey_mismatch")])
    assert rows_written() == NOTHING


def test_the_survey_may_be_written_in_capitals(post: Post, body: dict[str, Any]) -> None:
    assert post({**body, "surveyId": body["surveyId"].upper()}).status_code == 201


@pytest.mark.parametrize("name", ["providerId", "templateId"])
def test_an_unknown_provider_or_template_is_400(post: Post, body: dict[str, Any], name: str) -> None:
    response = post(changed(body, f"/channels/0/{name}", str(new_id())))
    what = name.removesuffix("Id")
    assert (response.status_code, faults_in(response)) == (400, [(f"/channels/0/{name}", f"{what}_not_found")])
    assert rows_written() == NOTHING


def test_another_organisations_provider_and_template_are_not_found(
    post: Post, body: dict[str, Any], stranger: Organization
) -> None:
    account = ProviderAccount.objects.create(organization=stranger, name="Foreign", kind="sandbox", channel="email")
    template = Template.objects.create(organization=stranger, name="Foreign", channel="email")
    TemplateVariant.objects.create(template=template, locale="en", text="${link}")
    named = changed(body, "/channels/0/providerId", str(account.pk))
    response = post(changed(named, "/channels/0/templateId", str(template.pk)))
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


def test_a_template_without_a_text_is_not_found(
    post: Post, body: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    templates[Channel.EMAIL].variants.all().delete()
    assert faults_in(post(body)) == [("/channels/0/templateId", "template_not_found")]


def test_unknown_contacts_are_404_and_each_is_reported(
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


def test_an_email_that_is_another_contacts_only_identifier_is_409(
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


def test_a_phone_that_is_another_contacts_only_identifier_is_409(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    ann, bob = (
        Contact.objects.create(organization=organization, phone=f"+4860000000{number}", email="") for number in (1, 2)
    )
    contacts = [{"contactId": str(bob.pk), "firstName": "Bob"}, {"contactId": str(ann.pk), "phone": bob.phone}]
    response = post({**body, "contacts": contacts})
    assert (response.status_code, response.json()["code"]) == (409, "phone_taken")
    assert faults_in(response) == [("/contacts/1/phone", "phone_taken")]
    assert set(Contact.objects.values_list("phone", "first_name")) == {("+48600000001", ""), ("+48600000002", "")}
    assert rows_written() == {**NOTHING, "Contact": 2}


def test_a_taken_email_is_reported_with_unknown_contacts(
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
