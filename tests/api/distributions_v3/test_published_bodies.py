"""Bodies and queries as published clients write them: every field of the documents, most of them null."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Distribution, Recipient
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, lists_path, result_of


@pytest.fixture
def directory_id(organization: Organization) -> str:
    return public_id(Kind.DIRECTORY, organization.pk)


def test_a_send_may_name_the_directory_and_have_nulls(
    client: Client, send_body: dict[str, Any], directory_id: str, organization: Organization
) -> None:
    unused = dict.fromkeys(("sampleId", "transactionId", "transactionBatchId"))
    recipients = {
        **send_body["recipients"],
        **unused,
        "directoryId": directory_id,
        "libraryId": public_id(Kind.LIBRARY, organization.pk),
    }
    body = {**send_body, "recipients": recipients, "directoryId": directory_id}
    assert result_of(call(client, "POST", "distributions", body))["id"]


def test_links_texts_and_reminders_may_name_the_directory(
    client: Client, links_body: dict[str, Any], sms_body: dict[str, Any], send_body: dict[str, Any], directory_id: str
) -> None:
    for path, body in (("distributions", links_body), ("distributions/sms", sms_body), ("distributions", send_body)):
        made = result_of(call(client, "POST", path, {**body, "directoryId": directory_id}))
    reminder = {"message": send_body["message"], "header": send_body["header"], "directoryId": directory_id}
    assert result_of(call(client, "POST", f"distributions/{made['id']}/reminders", reminder))


@pytest.mark.parametrize("pointer", ["/directoryId", "/recipients/directoryId"])
def test_the_directory_of_another_organization_is_not_found(
    client: Client, send_body: dict[str, Any], pointer: str
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    body = changed(send_body, pointer, public_id(Kind.DIRECTORY, other.pk))
    assert error_of(call(client, "POST", "distributions", body), "404 - Not Found")["errorCode"] == "not_found"
    body = changed(body, "/surveyLink/type", "Sometimes")
    assert faults_of(call(client, "POST", "distributions", body)) == [
        ("/surveyLink/type", "literal_error"),
        (pointer, "directory_not_found"),
    ]
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("name", ["sampleId", "transactionId", "transactionBatchId"])
def test_people_who_are_named_in_another_way_are_not_ignored(
    client: Client, send_body: dict[str, Any], name: str
) -> None:
    body = changed(send_body, f"/recipients/{name}", "CTR_0MtUzZ3kQhJw1xY")
    assert faults_of(call(client, "POST", "distributions", body)) == [(f"/recipients/{name}", "not_supported")]


def test_the_second_id_of_a_contact_means_the_contact(
    client: Client, send_body: dict[str, Any], crowd: list[Contact], organization: Organization
) -> None:
    lookup = public_id(Kind.CONTACT_LOOKUP, crowd[1].pk)
    result_of(call(client, "POST", "distributions", changed(send_body, "/recipients/contactId", lookup)))
    assert Recipient.objects.get().contact_id == crowd[1].pk
    path = f"{lists_path(organization)}/{send_body['recipients']['mailingListId']}/contacts/{lookup}"
    assert result_of(call(client, "GET", path))["contactId"] == public_id(Kind.CONTACT, crowd[1].pk)


@pytest.mark.parametrize("kind", ["Email", "Portal", "PortalInvite"])
def test_published_types_that_are_never_made_are_an_empty_page(
    client: Client, links_body: dict[str, Any], kind: str
) -> None:
    result_of(call(client, "POST", "distributions", links_body))
    assert elements_of(call(client, "GET", f"distributions?distributionRequestType={kind}")) == []
    assert faults_of(call(client, "GET", "distributions?distributionRequestType=Pigeon")) == [
        ("?distributionRequestType", "enum")
    ]


def test_a_page_larger_than_the_limit_is_as_large_as_the_limit(client: Client, links_body: dict[str, Any]) -> None:
    result_of(call(client, "POST", "distributions", links_body))
    assert len(elements_of(call(client, "GET", "distributions?pageSize=1000"))) == 1
    for size in ("0", "-1", "many", "1e3"):
        assert faults_of(call(client, "GET", f"distributions?pageSize={size}")) == [("?pageSize", "out_of_range")]


@pytest.mark.parametrize(
    ("category", "channels"), [("invite", ["email"]), ("smsInvite", ["whatsapp", "sms"]), ("reminder", [])]
)
def test_messages_are_filtered_by_category(
    client: Client, organization: Organization, send_body: dict[str, Any], category: str, channels: list[str]
) -> None:
    path = f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages?category={category}"
    assert [message["channel"] for message in elements_of(call(client, "GET", path))] == channels


@pytest.mark.parametrize(
    ("host", "address"), [("inside:8080", "http://inside:8080"), ("localhost:8000", "http://localhost:8000")]
)
def test_the_next_page_is_at_the_host_that_was_asked(
    client: Client, links_body: dict[str, Any], host: str, address: str
) -> None:
    for _ in range(2):
        result_of(call(client, "POST", "distributions", links_body))
    for path in ("/API/v3/distributions?pageSize=1", "/API/v3/surveys?pageSize=1"):
        page = client.get(path, headers={"host": host}).json()["result"]
        assert page["nextPage"] is None or page["nextPage"].startswith(f"{address}/API/v3/distributions?")
    link = client.get("/api/v1/distributions?limit=1", headers={"host": host})["Link"]
    assert link.startswith(f"<{address}/api/v1/distributions?")


@pytest.mark.parametrize("host", ["surveys.example.com", "surveys.example.com:443", "Surveys.Example.com"])
def test_the_next_page_at_the_public_host_keeps_its_scheme(
    client: Client, links_body: dict[str, Any], settings: LazySettings, host: str
) -> None:
    settings.PUBLIC_BASE_URL = "https://surveys.example.com"
    for _ in range(2):
        result_of(call(client, "POST", "distributions", links_body))
    page = client.get("/API/v3/distributions?pageSize=1", headers={"host": host}).json()["result"]
    assert page["nextPage"].startswith("https://surveys.example.com/API/v3/distributions?")
