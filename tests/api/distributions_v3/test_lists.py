"""Mailing lists and their contacts, and the discovery calls."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Recipient, RecurringDistribution, Survey
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, lists_path, result_of

PERSON = {
    "firstName": "Ann",
    "lastName": "Ono",
    "email": "Ann@Example.com",
    "phone": "600 000 001",
    "extRef": "PAT-1",
    "embeddedData": {"ward": "B"},
    "language": "PL",
    "unsubscribed": False,
}


@pytest.fixture
def path(organization: Organization) -> str:
    return lists_path(organization)


@pytest.fixture
def made(client: Client, path: str) -> str:
    """The path of a new list."""
    return f"{path}/{result_of(call(client, 'POST', path, {'name': 'Ward B'}))['id']}"


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def test_a_list_is_created_read_renamed_and_deleted(client: Client, organization: Organization, path: str) -> None:
    owner = public_id(Kind.LIBRARY, organization.pk)
    list_body = {"name": " Ward B ", "ownerId": owner, "prioritizeListMetadata": True}
    answer = result_of(call(client, "POST", path, list_body))
    assert set(answer) == {"id"}
    assert is_id("CG", answer["id"])
    row = MailingList.objects.get()
    expected = {
        "mailingListId": answer["id"],
        "name": "Ward B",
        "contactCount": 0,
        "ownerId": owner,
        "creationDate": milliseconds(row.created_at),
        "lastModifiedDate": milliseconds(row.updated_at),
    }
    list_path = f"{path}/{answer['id']}"
    assert result_of(call(client, "GET", list_path)) == expected
    assert elements_of(call(client, "GET", path)) == [expected]
    renamed = call(client, "PUT", list_path, {"name": "Ward C"})
    assert (renamed.status_code, set(renamed.json())) == (200, {"meta"})
    row.refresh_from_db()
    assert row.updated_at > row.created_at
    assert result_of(call(client, "GET", list_path)) == {
        **expected,
        "name": "Ward C",
        "lastModifiedDate": milliseconds(row.updated_at),
    }
    assert call(client, "DELETE", list_path).status_code == 200
    for method in ("GET", "DELETE"):
        error_of(call(client, method, list_path), "404 - Not Found")


def test_renaming_a_list_over_the_native_api_changes_its_modification_date(client: Client, made: str) -> None:
    row = MailingList.objects.get()
    client.patch(f"/api/v1/lists/{row.pk}", {"name": "Ward C"}, content_type="application/json")
    assert MailingList.objects.get().updated_at > row.updated_at


def test_pages_of_lists_have_each_once_newest_first(client: Client, path: str) -> None:
    ids = [result_of(call(client, "POST", path, {"name": f"Number {number}"}))["id"] for number in range(5)][::-1]
    address: str | None = f"{path}/?pageSize=2"
    seen = []
    while address:
        page = result_of(call(client, "GET", address))
        seen += [element["mailingListId"] for element in page["elements"]]
        address = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert seen == ids
    assert [
        element["mailingListId"] for element in elements_of(call(client, "GET", f"{path}?pageSize=2&offset=3"))
    ] == ids[3:]


def test_a_page_of_lists_takes_a_fixed_number_of_queries(
    client: Client, path: str, made: str, mailing_list: MailingList, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):  # including those for the API key and the time
        assert [element["contactCount"] for element in elements_of(call(client, "GET", path))] == [5, 0]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/name", "missing")),
        ({"name": " "}, ("/name", "string_too_short")),
        ({"name": "a\nb"}, ("/name", "not_one_line")),
        ({"name": "a" * 256}, ("/name", "string_too_long")),
        ({"name": "a", "ownerId": "UR_000000000000000"}, ("/ownerId", "library_not_found")),
        ({"name": "a", "colour": "red"}, ("/colour", "extra_forbidden")),
        ([], ("", "model_type")),
        ("{", ("", "json_invalid")),
    ],
)
def test_an_invalid_list_is_refused(client: Client, path: str, made: str, body: Any, fault: tuple[str, str]) -> None:
    for method, address in (("POST", path), ("PUT", made)):
        assert faults_of(call(client, method, address, body)) == [fault]
    assert MailingList.objects.get().name == "Ward B"


def test_a_list_of_a_recurring_distribution_cannot_be_deleted(
    client: Client, organization: Organization, survey: Survey, made: str
) -> None:
    RecurringDistribution.objects.create(
        organization=organization,
        name="Weekly",
        survey=survey,
        mailing_list=MailingList.objects.get(),
        cron="0 9 * * mon",
        next_at=database_now(),
    )
    error = error_of(call(client, "DELETE", made), "409 - Conflict")
    assert error["errorCode"] == "mailing_list_in_use"
    assert MailingList.objects.exists()


def test_another_organisations_directory_and_lists_are_404(client: Client, path: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = MailingList.objects.create(organization=other, name="Theirs")
    list_id = public_id(Kind.MAILING_LIST, foreign.pk)
    for address in (f"{lists_path(other)}", f"{lists_path(other)}/{list_id}", f"{path}/{list_id}"):
        error_of(call(client, "GET", address), "404 - Not Found")
    error_of(call(client, "DELETE", f"{path}/{list_id}/contacts/CID_000000000000000"), "404 - Not Found")


def test_a_contact_is_created_and_put_on_the_list(client: Client, made: str) -> None:
    answer = result_of(call(client, "POST", f"{made}/contacts", PERSON))
    assert set(answer) == {"id", "contactLookupId"}
    assert is_id("CID", answer["id"])
    assert is_id("CGC", answer["contactLookupId"])
    row = Contact.objects.get()
    expected = {
        "contactId": answer["id"],
        "contactLookupId": answer["contactLookupId"],
        **PERSON,
        "phone": "+48600000001",
        "creationDate": milliseconds(row.created_at),
        "lastModified": milliseconds(row.updated_at),
    }
    assert elements_of(call(client, "GET", f"{made}/contacts")) == [expected]
    assert result_of(call(client, "GET", f"{made}/contacts/{answer['id']}")) == expected
    assert result_of(call(client, "GET", made))["contactCount"] == 1


@pytest.mark.parametrize(
    "known",
    [{"extRef": "PAT-1"}, {"email": "ann@example.com"}, {"phone": "+48600000001"}],
    ids=["extRef", "email", "phone"],
)
def test_a_known_contact_is_changed(client: Client, organization: Organization, made: str, known: Any) -> None:
    columns = {"extRef": "external_id", "email": "email", "phone": "phone"}
    [(name, value)] = known.items()
    row = Contact.objects.create(
        organization=organization, first_name="Ann", embedded_data={"a": 1}, **{columns[name]: value}
    )
    for _ in range(2):
        body = {**known, "lastName": "Ono", "embeddedData": {"b": 2}, "firstName": ""}
        answer = result_of(call(client, "POST", f"{made}/contacts", body))
        assert answer["id"] == public_id(Kind.CONTACT, row.pk)
    row.refresh_from_db()
    assert (row.first_name, row.last_name, row.embedded_data) == ("Ann", "Ono", {"a": 1, "b": 2})
    assert Membership.objects.count() == 1


def test_unsubscribed_opts_out_and_stops_waiting_messages(
    client: Client, made: str, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))
    result_of(call(client, "POST", f"{made}/contacts", {"extRef": "PAT-2", "unsubscribed": True}))
    crowd[2].refresh_from_db()
    assert crowd[2].opted_out_at is not None
    stopped = Recipient.objects.get(contact=crowd[2])
    assert (stopped.state, stopped.reason) == ("stopped", "opted_out")
    contact_path = f"{made}/contacts/{public_id(Kind.CONTACT, crowd[2].pk)}"
    result_of(call(client, "POST", f"{made}/contacts", {"extRef": "PAT-2", "unsubscribed": False}))
    assert result_of(call(client, "GET", contact_path))["unsubscribed"] is True
    assert call(client, "PUT", contact_path, {"unsubscribed": False}).status_code == 200
    assert result_of(call(client, "GET", contact_path))["unsubscribed"] is False


def test_a_contact_is_changed_field_by_field_and_removed_from_the_list(client: Client, made: str) -> None:
    answer = result_of(call(client, "POST", f"{made}/contacts", PERSON))
    contact_path = f"{made}/contacts/{answer['id']}"
    changes = {"lastName": None, "email": "", "language": "en-GB", "embeddedData": {"ward": "C"}}
    changed = call(client, "PUT", contact_path, changes)
    assert (changed.status_code, set(changed.json())) == (200, {"meta"})
    shown = result_of(call(client, "GET", contact_path))
    assert (shown["firstName"], shown["lastName"], shown["email"], shown["language"], shown["embeddedData"]) == (
        "Ann",
        None,
        None,
        "en-GB",
        {"ward": "C"},
    )
    assert faults_of(call(client, "PUT", contact_path, {"extRef": "", "phone": ""})) == [("/extRef", "no_identifier")]
    assert call(client, "DELETE", contact_path).status_code == 200
    error_of(call(client, "GET", contact_path), "404 - Not Found")
    assert Contact.objects.get().external_id == "PAT-1"


def test_a_reference_of_another_contact_is_a_conflict(client: Client, made: str, crowd: list[Contact]) -> None:
    answer = result_of(call(client, "POST", f"{made}/contacts", {"extRef": "X"}))
    refused = call(client, "PUT", f"{made}/contacts/{answer['id']}", {"extRef": "PAT-1"})
    error = error_of(refused, "409 - Conflict")
    assert (error["errorCode"], error["errors"][0]["pointer"]) == ("ext_ref_taken", "/extRef")


@pytest.mark.parametrize("field", ["email", "phone"])
def test_an_address_that_is_another_contacts_only_identifier_is_a_conflict(
    client: Client, made: str, field: str
) -> None:
    address, another = {"email": ("ann@example.com", "bob@example.com"), "phone": ("+48600000101", "+48600000102")}[
        field
    ]
    answer = result_of(call(client, "POST", f"{made}/contacts", {field: address}))
    result_of(call(client, "POST", f"{made}/contacts", {field: another}))
    refused = call(client, "PUT", f"{made}/contacts/{answer['id']}", {field: another})
    error = error_of(refused, "409 - Conflict")
    assert (error["errorCode"], error["errors"][0]["pointer"]) == (f"{field}_taken", f"/{field}")


def test_every_fault_of_a_contact_is_reported(client: Client, made: str) -> None:
    wrong = {
        "firstName": "a\nb",
        "email": "x",
        "phone": "y",
        "language": "!",
        "embeddedData": {"a": "\0"},
        "unsubscribed": "no",
        "extRef": 1,
        "nickname": "z",
    }
    assert sorted(faults_of(call(client, "POST", f"{made}/contacts", wrong))) == [
        ("/email", "invalid_email"),
        ("/embeddedData/a", "nul_character"),
        ("/extRef", "string_type"),
        ("/firstName", "not_one_line"),
        ("/language", "string_pattern_mismatch"),
        ("/nickname", "extra_forbidden"),
        ("/phone", "invalid_phone"),
        ("/unsubscribed", "bool_type"),
    ]
    assert faults_of(call(client, "POST", f"{made}/contacts", {"firstName": "Ann", "extRef": " "})) == [
        ("/extRef", "no_identifier")
    ]
    assert not Contact.objects.exists()


def test_pages_of_contacts_have_each_once(
    client: Client, path: str, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    address: str | None = f"{path}/{public_id(Kind.MAILING_LIST, mailing_list.pk)}/contacts?pageSize=2"
    seen = []
    while address:
        page = result_of(call(client, "GET", address))
        seen += [element["extRef"] for element in page["elements"]]
        address = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert seen == [f"PAT-{number}" for number in range(4, -1, -1)]


def test_discovery_has_all_ids_that_a_client_needs(
    client: Client, organization: Organization, survey: Survey, templates: dict[Channel, Template], crowd: list[Contact]
) -> None:
    library_id = public_id(Kind.LIBRARY, organization.pk)
    assert result_of(call(client, "GET", "whoami")) == {
        "brandId": "acme",
        "userId": library_id,
        "userName": "tests",
        "timeZone": "Europe/Warsaw",
    }
    made_at = survey.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert elements_of(call(client, "GET", "surveys")) == [
        {
            "id": public_id(Kind.SURVEY, survey.pk),
            "name": "Your stay",
            "ownerId": library_id,
            "isActive": True,
            "lastModified": made_at,
            "creationDate": made_at,
        }
    ]
    assert elements_of(call(client, "GET", "directories")) == [
        {
            "directoryId": public_id(Kind.DIRECTORY, organization.pk),
            "name": "ACME",
            "contactCount": 5,
            "isDefault": True,
        }
    ]
    assert elements_of(call(client, "GET", "libraries")) == [{"libraryId": library_id, "libraryName": "ACME"}]
    messages = elements_of(call(client, "GET", f"libraries/{library_id}/messages"))
    assert {
        (message["id"], message["description"], message["category"], message["channel"]) for message in messages
    } == {
        (
            public_id(Kind.MESSAGE, template.pk),
            "Invitation",
            "invite" if channel == Channel.EMAIL else "smsInvite",
            channel.value,
        )
        for channel, template in templates.items()
    }
    for prefix, text in (("SV", public_id(Kind.SURVEY, survey.pk)), ("UR", library_id), ("MS", messages[0]["id"])):
        assert is_id(prefix, text)
    assert is_id("POOL", public_id(Kind.DIRECTORY, organization.pk))


def test_pages_of_surveys_and_messages(
    client: Client, organization: Organization, survey: Survey, templates: dict[Channel, Template]
) -> None:
    Survey.objects.create(organization=organization, name="Another")
    page = result_of(call(client, "GET", "surveys?pageSize=1"))
    assert [element["name"] for element in page["elements"]] == ["Another"]
    rest = result_of(call(client, "GET", page["nextPage"].partition("/API/v3/")[2]))
    assert ([element["name"] for element in rest["elements"]], rest["nextPage"]) == (["Your stay"], None)
    messages = f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages"
    assert len(elements_of(call(client, "GET", f"{messages}?offset=1"))) == 2
    error_of(call(client, "GET", "libraries/UR_000000000000000/messages"), "404 - Not Found")
