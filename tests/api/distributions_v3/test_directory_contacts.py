"""Contacts of the directory: read, written, deleted, searched, and their history."""

from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries import contact_search, page
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, AuditEntry, Recipient
from distributor.rules.journey.delivery_events import Trouble
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, milliseconds, result_of
from tests.support.engine.people import dispatch

PERSON = {"firstName": "Ann", "lastName": "Ono", "email": "Ann@Example.com", "extRef": "PAT-9", "language": "pl"}


@pytest.fixture
def directory(organization: Organization) -> str:
    return f"directories/{public_id(Kind.DIRECTORY, organization.pk)}"


def test_a_contact_is_made_shown_changed_and_deleted(
    client: Client, directory: str, made: str, organization: Organization
) -> None:
    answer = result_of(call(client, "POST", f"{directory}/contacts/", {**PERSON, "embeddedData": {"ward": "B"}}))
    assert set(answer) == {"id"}
    assert is_id("CID", answer["id"])
    one = f"{directory}/contacts/{answer['id']}"
    result_of(call(client, "POST", f"{made}/contacts", {"extRef": "PAT-9"}))
    row = Contact.objects.get()
    assert result_of(call(client, "GET", f"{one}/")) == {
        "contactId": answer["id"],
        "creationDate": milliseconds(row.created_at),
        "lastModified": milliseconds(row.updated_at),
        **PERSON,
        "emailDomain": "Example.com",
        "phone": None,
        "writeBlanks": None,
        "skipped": None,
        "directoryUnsubscribed": False,
        "directoryUnsubscribeDate": None,
        "embeddedData": {"ward": "B"},
        "stats": {},
        "transactionData": {},
        "mailingListMembership": {
            made.rpartition("/")[2]: {
                "contactLookupId": answer["id"].replace("CID", "CGC"),
                "name": "Ward B",
                "unsubscribed": False,
                "unsubscribeDate": None,
                "ownerId": public_id(Kind.LIBRARY, organization.pk),
            }
        },
        "segmentMembership": {},
    }
    changed = call(client, "PUT", one, {"lastName": None, "unsubscribed": True})
    assert (changed.status_code, set(changed.json())) == (200, {"meta"})
    shown = result_of(call(client, "GET", one))
    row.refresh_from_db()
    assert row.opted_out_at is not None
    assert (shown["lastName"], shown["directoryUnsubscribed"]) == (None, True)
    assert shown["directoryUnsubscribeDate"] == milliseconds(row.opted_out_at)
    assert [entry["unsubscribed"] for entry in shown["mailingListMembership"].values()] == [True]
    deleted = call(client, "DELETE", one)
    assert (deleted.status_code, set(deleted.json())) == (200, {"meta"})
    for method in ("GET", "PUT", "DELETE"):
        error_of(call(client, method, one, {}), "404 - Not Found")
    assert elements_of(call(client, "GET", f"{directory}/contacts")) == []
    audited = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("pk").values_list("action", flat=True)
    assert list(audited) == ["created", "changed", "erased"]


def test_deleting_stops_what_waits_and_an_opt_out_outlives_it(
    client: Client, directory: str, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    email = crowd[0].email
    opt_out(crowd[0].pk, database_now(), source="a test")
    result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))
    for person in crowd[:2]:
        assert call(client, "DELETE", f"{directory}/contacts/{public_id(Kind.CONTACT, person.pk)}").status_code == 200
    assert Recipient.objects.get(contact=crowd[1]).reason == "erased"
    again = result_of(call(client, "POST", f"{directory}/contacts", {"email": email}))
    body = {**send_body, "recipients": {"contactId": again["id"]}}
    sent = result_of(call(client, "POST", "distributions", body))
    dispatch()
    assert not SandboxMessage.objects.filter(to=email).exists()
    assert result_of(call(client, "GET", f"distributions/{sent['id']}"))["stats"]["skipped"] == 1


def test_every_fault_of_a_contact_is_named(client: Client, directory: str, crowd: list[Contact]) -> None:
    wrong = {"email": "x", "phone": "y", "nickname": "z"}
    assert sorted(faults_of(call(client, "POST", f"{directory}/contacts", wrong))) == [
        ("/email", "invalid_email"),
        ("/nickname", "extra_forbidden"),
        ("/phone", "invalid_phone"),
    ]
    assert faults_of(call(client, "POST", f"{directory}/contacts", {})) == [("/extRef", "no_identifier")]
    one = f"{directory}/contacts/{public_id(Kind.CONTACT, crowd[1].pk)}"
    assert error_of(call(client, "PUT", one, {"extRef": "PAT-0"}), "409 - Conflict")["errorCode"] == "ext_ref_taken"


def test_pages_of_contacts_hold_each_once(client: Client, directory: str, crowd: list[Contact]) -> None:
    address: str | None = f"{directory}/contacts/?pageSize=2&useNewPaginationScheme=true"
    seen = []
    while address:
        shown = result_of(call(client, "GET", address))
        seen += shown["elements"]
        address = shown["nextPage"] and shown["nextPage"].partition("/API/v3/")[2]
    assert [one["extRef"] for one in seen] == [f"PAT-{number}" for number in range(4, -1, -1)]
    keys = {"contactId", "firstName", "lastName", "email", "phone", "extRef", "language", "unsubscribed"}
    assert set(seen[0]) == keys


def is_(name: str, value: str) -> dict[str, Any]:
    return {"filterType": name, "comparison": "eq", "value": value}


def test_a_search_finds_contacts_by_their_fields(client: Client, directory: str, organization: Organization) -> None:
    people = {
        "ann": Contact(external_id="A-1", email="Ann@example.com", first_name="Ann", last_name="Ng", locale="pl"),
        "bea": Contact(external_id="B-1", phone="+48600000001", first_name="Bea", last_name="Nowak", locale="en"),
        "cid": Contact(external_id="C-1", email="cid@example.com", first_name="Ann", last_name="Nowak", locale="pl"),
    }
    names = {}
    for name, person in people.items():
        person.organization = organization
        person.save()
        names[public_id(Kind.CONTACT, person.pk)] = name
    other = Organization.objects.create(name="Other", slug="other")
    Contact.objects.create(organization=other, email="ann@example.com", first_name="Ann", last_name="Nowak")

    def find(wanted: dict[str, Any]) -> list[str]:
        found = result_of(call(client, "POST", f"{directory}/contacts/search/", {"filter": wanted}))
        assert found["skipToken"] is None
        assert all(element["id"] == element["contactId"] for element in found["elements"])
        return sorted(names[element["id"]] for element in found["elements"])

    assert find(is_("email", "ann@EXAMPLE.com")) == ["ann"]
    assert find(is_("phone", "600 000 001")) == ["bea"]
    assert find(is_("extRef", "C-1")) == ["cid"]
    assert find(is_("firstName", "ann")) == ["ann", "cid"]
    assert find(is_("lastName", "Nowak")) == ["bea", "cid"]
    assert find(is_("lastName", "Now")) == []
    assert find(is_("lastName", "Ng")) == ["ann"]
    assert find(is_("language", "pl")) == ["ann", "cid"]
    assert find({"conjunction": "and", "filters": [is_("lastName", "Nowak"), is_("language", "pl")]}) == ["cid"]
    either = {"conjunction": "or", "filters": [is_("email", "ann@example.com"), is_("phone", "+48600000001")]}
    assert find(either) == ["ann", "bea"]
    assert find({"conjunction": "and", "filters": [either, is_("firstName", "Bea")]}) == ["bea"]
    assert find({"conjunction": "or", "filters": [is_("language", "en"), is_("extRef", "A-1")]}) == ["ann", "bea"]
    assert find(is_("email", "nobody")) == []


def test_a_search_reads_a_bounded_number_of_contacts_and_goes_on(
    client: Client, directory: str, crowd: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_search, "MOST_BY_INDEX", 2)
    monkeypatch.setattr(page, "REACH", 2)
    Contact.objects.filter(pk__in=[crowd[0].pk, crowd[1].pk, crowd[4].pk]).update(last_name="Kowalska")
    body, address, seen = {"filter": is_("lastName", "Kowalska")}, f"{directory}/contacts/search", []
    for _ in range(4):
        found = result_of(call(client, "POST", address, body))
        seen += [element["extRef"] for element in found["elements"]]
        if found["skipToken"] is None:
            break
        address = f"{directory}/contacts/search?skipToken={found['skipToken']}"
    assert (seen, found["skipToken"]) == (["PAT-4", "PAT-1", "PAT-0"], None)


def test_every_fault_of_a_filter_is_named(client: Client, directory: str) -> None:
    deep = {"conjunction": "and", "filters": [{"conjunction": "or", "filters": []}]}
    nested = {"conjunction": "and", "filters": [{"conjunction": "or", "filters": [deep]}]}
    wrong = {
        "conjunction": "xor",
        "filters": [{**is_("city", " "), "comparison": "gt", "x": 1}, {"value": "a"}, 7, deep],
    }
    assert sorted(faults_of(call(client, "POST", f"{directory}/contacts/search", {"filter": wrong, "y": 1}))) == [
        ("/filter/conjunction", "literal_error"),
        ("/filter/filters/0/comparison", "literal_error"),
        ("/filter/filters/0/filterType", "literal_error"),
        ("/filter/filters/0/value", "string_type"),
        ("/filter/filters/0/x", "extra_forbidden"),
        ("/filter/filters/1/comparison", "missing"),
        ("/filter/filters/1/filterType", "missing"),
        ("/filter/filters/2", "dict_type"),
        ("/filter/filters/3/filters/0/filters", "list_type"),
        ("/y", "extra_forbidden"),
    ]
    refused = call(client, "POST", f"{directory}/contacts/search", {"filter": nested})
    assert faults_of(refused) == [("/filter/filters/0/filters/0", "too_deep")]
    many = {"conjunction": "or", "filters": [is_("email", "a@example.com")] * 21}
    assert faults_of(call(client, "POST", f"{directory}/contacts/search", {"filter": many})) == [
        ("/filter", "too_long")
    ]


def test_opted_out_and_bounced_contacts_are_listed(
    client: Client, directory: str, path: str, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    opt_out(crowd[1].pk, database_now(), source="a test")
    stranger = Contact.objects.create(organization=mailing_list.organization, external_id="X", email="x@example.com")
    opt_out(stranger.pk, database_now(), source="a test")
    for channel, address in ((Channel.EMAIL, crowd[2].email.lower()), (Channel.SMS, crowd[3].phone)):
        Suppression.objects.create(
            organization=mailing_list.organization, channel=channel, address=address, reason="bounce"
        )
    Suppression.objects.create(
        organization=mailing_list.organization, channel=Channel.EMAIL, address=crowd[4].email.lower(), reason="manual"
    )
    one = f"{path}/{public_id(Kind.MAILING_LIST, mailing_list.pk)}"
    crowd[1].refresh_from_db()
    assert crowd[1].opted_out_at is not None
    at = crowd[1].opted_out_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    [listed] = elements_of(call(client, "GET", f"{one}/optedOutContacts/"))
    assert listed == {
        "contactId": public_id(Kind.CONTACT, crowd[1].pk),
        "firstName": crowd[1].first_name or None,
        "lastName": crowd[1].last_name or None,
        "email": crowd[1].email or None,
        "phone": crowd[1].phone or None,
        "extRef": "PAT-1",
        "language": crowd[1].locale or None,
        "directoryUnsubscribed": True,
        "directoryUnsubscribeDate": at,
        "mailingListUnsubscribed": True,
        "mailingListUnsubscribeDate": at,
    }
    everybody = elements_of(call(client, "GET", f"{directory}/contacts/optedOutContacts"))
    assert [element["extRef"] for element in everybody] == ["X", "PAT-1"]
    bounced = elements_of(call(client, "GET", f"{one}/bouncedContacts"))
    assert [(element["extRef"], element["directoryUnsubscribed"]) for element in bounced] == [
        ("PAT-3", False),
        ("PAT-2", False),
    ]


def test_history_tells_of_each_message(
    client: Client, directory: str, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    one = f"{directory}/contacts/{public_id(Kind.CONTACT, crowd[0].pk)}/history"
    first = result_of(call(client, "POST", "distributions", send_body))["id"]
    dispatch()
    Attempt.objects.filter(recipient_id=Recipient.objects.get(contact=crowd[0]).pk).update(trouble=Trouble.BOUNCED)
    second = result_of(call(client, "POST", "distributions", send_body))["id"]
    dispatch()
    recipient = Recipient.objects.filter(contact=crowd[0]).latest("pk")
    record_response(recipient.code, {"score": 1}, database_now())
    recipient.refresh_from_db()
    assert recipient.responded_at is not None
    told = elements_of(call(client, "GET", f"{one}?type=email"))
    assert [(element["distributionId"], element["result"]) for element in told] == [
        (second, "Success"),
        (first, "Bounce"),
    ]
    assert told[0] == {
        "distributionId": second,
        "surveyId": send_body["surveyLink"]["surveyId"],
        "type": "Invite",
        "result": "Success",
        "date": told[0]["date"],
        "surveyStartDate": told[0]["surveyStartDate"],
        "surveyCompletedDate": recipient.responded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "channel": "email",
    }
    assert told[1]["surveyCompletedDate"] is None
    assert elements_of(call(client, "GET", f"{one}?type=sms")) == []
    assert faults_of(call(client, "GET", f"{one}?type=letter&pageSize=0")) == [
        ("?type", "literal_error"),
        ("?pageSize", "out_of_range"),
    ]
    page_one = result_of(call(client, "GET", f"{one}?pageSize=1"))
    rest = elements_of(call(client, "GET", page_one["nextPage"].partition("/API/v3/")[2]))
    assert [*page_one["elements"], *rest] == told
    assert call(client, "DELETE", f"distributions/{second}").status_code == 200
    assert [element["distributionId"] for element in elements_of(call(client, "GET", one))] == [first]


def test_another_organisations_contacts_are_not_found(client: Client, directory: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    stranger = Contact.objects.create(organization=other, email="ann@example.com")
    their_list = MailingList.objects.create(organization=other, name="Theirs")
    Membership.objects.create(mailing_list=their_list, contact=stranger)
    contact_id, theirs = public_id(Kind.CONTACT, stranger.pk), f"directories/{public_id(Kind.DIRECTORY, other.pk)}"
    list_id = public_id(Kind.MAILING_LIST, their_list.pk)
    for base in (directory, theirs):
        for method, rest in (
            ("GET", f"contacts/{contact_id}"),
            ("PUT", f"contacts/{contact_id}"),
            ("DELETE", f"contacts/{contact_id}"),
            ("GET", f"contacts/{contact_id}/history"),
            ("GET", f"mailinglists/{list_id}/optedOutContacts"),
            ("GET", f"mailinglists/{list_id}/bouncedContacts"),
        ):
            error_of(call(client, method, f"{base}/{rest}", {"firstName": "X"}), "404 - Not Found")
    for rest in ("contacts", "contacts/optedOutContacts"):
        error_of(call(client, "GET", f"{theirs}/{rest}"), "404 - Not Found")
    error_of(call(client, "POST", f"{theirs}/contacts", PERSON), "404 - Not Found")
    assert Contact.objects.get().first_name == ""
