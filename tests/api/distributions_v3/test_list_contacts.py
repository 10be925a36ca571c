"""The contacts of mailing lists."""

from typing import Any

import pytest
from django.test import Client

from contacts.list_members import change_members
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists import contacts
from distributor.models import Recipient
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, milliseconds, result_of

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


def test_a_contact_is_made_and_put_on_the_list(client: Client, made: str) -> None:
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
        "mailingListUnsubscribed": False,
        "mailingListUnsubscribeDate": None,
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
def test_somebody_known_is_merged_into(client: Client, organization: Organization, made: str, known: Any) -> None:
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


def test_unsubscribed_opts_out_and_stops_what_waits(
    client: Client, made: str, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))
    result_of(call(client, "POST", f"{made}/contacts", {"extRef": "PAT-2", "unsubscribed": True}))
    crowd[2].refresh_from_db()
    assert crowd[2].opted_out_at is not None
    stopped = Recipient.objects.get(contact=crowd[2])
    assert (stopped.state, stopped.reason) == ("stopped", "opted_out")
    one = f"{made}/contacts/{public_id(Kind.CONTACT, crowd[2].pk)}"
    result_of(call(client, "POST", f"{made}/contacts", {"extRef": "PAT-2", "unsubscribed": False}))
    shown = result_of(call(client, "GET", one))
    assert (shown["unsubscribed"], shown["mailingListUnsubscribed"]) == (True, True)
    assert shown["mailingListUnsubscribeDate"] == milliseconds(crowd[2].opted_out_at)
    assert call(client, "PUT", one, {"unsubscribed": False}).status_code == 200
    assert result_of(call(client, "GET", one))["unsubscribed"] is True  # another system's default lifts nothing


def test_a_contact_is_changed_field_by_field_and_taken_off_the_list(client: Client, made: str) -> None:
    answer = result_of(call(client, "POST", f"{made}/contacts", PERSON))
    one = f"{made}/contacts/{answer['id']}"
    changes = {"lastName": None, "email": "", "language": "en-GB", "embeddedData": {"ward": "C"}}
    changed = call(client, "PUT", one, changes)
    assert (changed.status_code, set(changed.json())) == (200, {"meta"})
    shown = result_of(call(client, "GET", one))
    assert (shown["firstName"], shown["lastName"], shown["email"], shown["language"], shown["embeddedData"]) == (
        "Ann",
        None,
        None,
        "en-GB",
        {"ward": "C"},
    )
    assert faults_of(call(client, "PUT", one, {"extRef": "", "phone": ""})) == [("/extRef", "no_identifier")]
    assert call(client, "DELETE", one).status_code == 200
    error_of(call(client, "GET", one), "404 - Not Found")
    assert Contact.objects.get().external_id == "PAT-1"


def test_a_list_that_is_deleted_meanwhile_is_not_found(
    client: Client, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = f"{made}/contacts/{result_of(call(client, 'POST', f'{made}/contacts', {'extRef': 'PAT-1'}))['id']}"

    def delete_meanwhile(*given: Any) -> Any:
        MailingList.objects.all().delete()
        return change_members(*given)

    monkeypatch.setattr(contacts, "change_members", delete_meanwhile)
    error_of(call(client, "DELETE", one), "404 - Not Found")


def test_a_reference_of_another_contact_is_a_conflict(client: Client, made: str, crowd: list[Contact]) -> None:
    answer = result_of(call(client, "POST", f"{made}/contacts", {"extRef": "X"}))
    refused = call(client, "PUT", f"{made}/contacts/{answer['id']}", {"extRef": "PAT-1"})
    error = error_of(refused, "409 - Conflict")
    assert (error["errorCode"], error["errors"][0]["pointer"]) == ("ext_ref_taken", "/extRef")


@pytest.mark.parametrize("field", ["email", "phone"])
def test_an_address_of_another_contact_known_by_nothing_else_is_a_conflict(
    client: Client, made: str, field: str
) -> None:
    one, another = {"email": ("ann@example.com", "bob@example.com"), "phone": ("+48600000101", "+48600000102")}[field]
    answer = result_of(call(client, "POST", f"{made}/contacts", {field: one}))
    result_of(call(client, "POST", f"{made}/contacts", {field: another}))
    refused = call(client, "PUT", f"{made}/contacts/{answer['id']}", {field: another})
    error = error_of(refused, "409 - Conflict")
    assert (error["errorCode"], error["errors"][0]["pointer"]) == (f"{field}_taken", f"/{field}")


def test_every_fault_of_a_contact_is_named(client: Client, made: str) -> None:
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


def test_pages_of_contacts_hold_each_once(
    client: Client, path: str, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    address: str | None = f"{path}/{public_id(Kind.MAILING_LIST, mailing_list.pk)}/contacts?pageSize=2"
    seen = []
    while address:
        page = result_of(call(client, "GET", address))
        seen += [one["extRef"] for one in page["elements"]]
        address = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert seen == [f"PAT-{number}" for number in range(4, -1, -1)]


def test_a_page_has_fifty_contacts_by_default_and_at_most_five_hundred(
    client: Client, organization: Organization, made: str
) -> None:
    people = Contact.objects.bulk_create(
        Contact(organization=organization, external_id=f"X-{number}") for number in range(501)
    )
    mailing_list = MailingList.objects.get()
    Membership.objects.bulk_create(Membership(mailing_list=mailing_list, contact=person) for person in people)
    assert len(elements_of(call(client, "GET", f"{made}/contacts"))) == 50
    page = result_of(call(client, "GET", f"{made}/contacts?pageSize=1000"))
    assert (len(page["elements"]), page["nextPage"] is None) == (500, False)
    assert faults_of(call(client, "GET", f"{made}/contacts?pageSize=0")) == [("?pageSize", "out_of_range")]
