"""Links without messages: for a list, for one contact of a list, for any contact; and finding one link."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage
from contacts.models import Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Recipient
from distributor.rules.links import LinkState
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, lists_path, result_of
from tests.support.engine.people import dispatch

EXPIRY = datetime(2030, 9, 13, tzinfo=UTC)


def links_of(client: Client, made: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    return elements_of(call(client, "GET", f"distributions/{made['id']}/links{query}"))


def test_every_contact_on_the_list_has_a_link_after_the_call(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    assert set(made) == {"id"}
    assert is_id("EMD", made["id"])
    assert len(made["id"]) == 19
    links = links_of(client, made)
    assert [link["contactId"] for link in links] == [public_id(Kind.CONTACT, contact.pk) for contact in crowd]
    row = Recipient.objects.get(contact=crowd[0])
    assert links[0] == {
        "contactId": public_id(Kind.CONTACT, crowd[0].pk),
        "transactionId": links[0]["transactionId"],
        "link": f"http://localhost:8000/p/{row.code}",
        "exceededContactFrequency": False,
        "linkExpiration": "2030-09-13T00:00:00Z",
        "status": "Email not sent",
        "lastName": "Ono",
        "firstName": "Person 0",
        "externalDataReference": "PAT-0",
        "email": "p0@example.com",
        "phone": "+48600000000",
        "unsubscribed": False,
    }
    assert is_id("CTR", links[0]["transactionId"])
    dispatch()
    assert not SandboxMessage.objects.exists()
    distribution = Distribution.objects.get()
    assert (distribution.expires_at, distribution.name, distribution.link_type) == (
        EXPIRY,
        "test distribution",
        "one_time",
    )


def test_recipients_with_a_contact_make_one_link(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    """The original refuses this body: "Unexpected json key provided: recipients"."""
    contact_id = public_id(Kind.CONTACT, crowd[2].pk)
    recipients = {"mailingListId": links_body.pop("mailingListId"), "contactId": contact_id}
    made = result_of(call(client, "POST", "distributions", {**links_body, "recipients": recipients}))
    assert made["link"] == f"http://localhost:8000/p/{Recipient.objects.get(contact=crowd[2]).code}"
    assert [link["contactId"] for link in links_of(client, made)] == [contact_id]


def test_a_contact_id_beside_the_list_makes_one_link(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    """The original refuses this body: "Creating distribution for single contact is not supported yet"."""
    contact_id = public_id(Kind.CONTACT, crowd[2].pk)
    made = result_of(call(client, "POST", "distributions", {**links_body, "contactId": contact_id}))
    assert made["link"] == f"http://localhost:8000/p/{Recipient.objects.get(contact=crowd[2]).code}"
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert shown["recipients"]["contactId"] == contact_id
    assert shown["recipients"]["mailingListId"] == links_body["mailingListId"]


def test_a_link_for_one_contact_needs_no_list(client: Client, links_body: dict[str, Any], crowd: list[Contact]) -> None:
    del links_body["mailingListId"]
    contact_id = public_id(Kind.CONTACT, crowd[4].pk)
    made = result_of(call(client, "POST", "distributions", {**links_body, "contactId": contact_id}))
    assert set(made) == {"id", "link"}
    assert MailingList.objects.count() == 1
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert shown["recipients"] == {
        "mailingListId": None,
        "contactId": contact_id,
        "libraryId": None,
        "sampleId": None,
    }


def test_a_contact_who_is_not_on_the_list_is_refused(
    client: Client, links_body: dict[str, Any], organization: Organization
) -> None:
    stranger = Contact.objects.create(organization=organization, external_id="X")
    refused = call(client, "POST", "distributions", {**links_body, "contactId": public_id(Kind.CONTACT, stranger.pk)})
    assert faults_of(refused) == [("/contactId", "contact_not_on_list")]
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("text", ["2030-09-13 00:00:00", "2030-09-13T00:00:00Z", "2030-09-13T02:00:00+02:00"])
def test_an_expiration_date_is_read_in_both_formats_as_utc(
    client: Client, links_body: dict[str, Any], text: str
) -> None:
    result_of(call(client, "POST", "distributions", {**links_body, "expirationDate": text}))
    assert Distribution.objects.get().expires_at == EXPIRY


def test_blank_texts_count_as_not_given(client: Client, links_body: dict[str, Any]) -> None:
    blank = {"contactId": "", "expirationDate": "", "description": None, "linkType": None}
    made = result_of(call(client, "POST", "distributions", {**links_body, **blank}))
    assert len(links_of(client, made)) == 5
    assert Distribution.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("name", "kind"), [("Individual", "one_time"), ("Multiple", "multiple"), ("Anonymous", "anonymous")]
)
def test_every_link_type_is_stored(client: Client, links_body: dict[str, Any], name: str, kind: str) -> None:
    made = result_of(call(client, "POST", "distributions", {**links_body, "linkType": name}))
    assert Distribution.objects.get().link_type == kind
    assert result_of(call(client, "GET", f"distributions/{made['id']}"))["surveyLink"]["linkType"] == name
    code = Recipient.objects.order_by("id")[0].code
    record_response(code, {"score": 1}, database_now())
    link = find_link(code, database_now())
    assert link is not None
    assert link.state is (LinkState.USED if name == "Individual" else LinkState.OPEN)


def test_filters_find_one_link_by_contact_reference_or_email(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    contact_id = public_id(Kind.CONTACT, crowd[3].pk)
    for query in (
        f"?contactId={contact_id}",
        "?externalDataReference=PAT-3",
        "?email=P3%40Example.com",
        f"?contactId={contact_id}&externalDataReference=PAT-3&email=p3%40example.com",
    ):
        [link] = links_of(client, made, query)
        assert link["contactId"] == contact_id
    for query in (
        f"?contactId={public_id(Kind.CONTACT, crowd[0].pk)}&externalDataReference=PAT-3",
        "?email=nobody%40example.com",
        "?externalDataReference=%00",
        "?email=",
    ):
        assert len(links_of(client, made, query)) == (5 if query == "?email=" else 0)
    refused = call(client, "GET", f"distributions/{made['id']}/links?contactId=CID_1&pageSize=0")
    assert faults_of(refused) == [("?contactId", "invalid_id"), ("?pageSize", "out_of_range")]


def test_links_of_a_shared_address_are_paged(client: Client, links_body: dict[str, Any], crowd: list[Contact]) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    Contact.objects.filter(pk__in=[crowd[1].pk, crowd[3].pk]).update(email="family@example.com")
    [first] = links_of(client, made, "?email=family%40example.com&pageSize=1")
    [second] = links_of(client, made, "?email=family%40example.com&pageSize=1&offset=1")
    assert [first["contactId"], second["contactId"]] == [public_id(Kind.CONTACT, crowd[at].pk) for at in (1, 3)]


def test_reading_links_changes_no_rows(client: Client, links_body: dict[str, Any]) -> None:
    """Compares the xmin and xmax of every row: the transactions that wrote or locked it."""
    made = result_of(call(client, "POST", "distributions", links_body))
    before = versions()
    for _ in range(3):
        links_of(client, made)
        links_of(client, made, "?externalDataReference=PAT-3")
        result_of(call(client, "GET", f"distributions/{made['id']}"))
        result_of(call(client, "GET", f"distributions/{made['id']}/history"))
    assert versions() == before


def test_pages_of_links_have_every_contact_once(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    path: str | None = f"distributions/{made['id']}/links?surveyId={links_body['surveyId']}&skipToken=0&pageSize=2"
    seen, pages = [], 0
    while path:
        page = result_of(call(client, "GET", path))
        seen += [link["contactId"] for link in page["elements"]]
        pages += 1
        assert page["nextPage"] is None or page["nextPage"].startswith("http://testserver/API/v3/distributions/")
        path = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert (seen, pages) == ([public_id(Kind.CONTACT, contact.pk) for contact in crowd], 3)


def test_links_keep_working_after_their_list_is_deleted(
    client: Client, organization: Organization, links_body: dict[str, Any]
) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    deleted = call(client, "DELETE", f"{lists_path(organization)}/{links_body['mailingListId']}")
    assert (deleted.status_code, set(deleted.json())) == (200, {"meta"})
    for link in links_of(client, made):
        assert Client().get(link["link"].removeprefix("http://localhost:8000")).status_code == 200
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert shown["recipients"]["mailingListId"] is None


def test_an_unsubscribed_contact_gets_a_link_marked_unsubscribed(
    client: Client, links_body: dict[str, Any], crowd: list[Contact]
) -> None:
    opt_out(crowd[1].pk, database_now(), source="a test")
    made = result_of(call(client, "POST", "distributions", links_body))
    assert [link["unsubscribed"] for link in links_of(client, made)] == [False, True, False, False, False]


def test_links_need_a_channel_with_defaults(client: Client, links_body: dict[str, Any]) -> None:
    ProviderAccount.objects.update(is_default=False)
    error = error_of(call(client, "POST", "distributions", links_body), "409 - Conflict")
    assert error["errorCode"] == "channel_not_set_up"


def test_every_fault_of_a_links_body_is_reported(client: Client, links_body: dict[str, Any]) -> None:
    wrong = {
        **links_body,
        "action": "Send",
        "linkType": "Personal",
        "surveyId": "SV_1",
        "expirationDate": "soon",
        "x": 1,
    }
    assert sorted(faults_of(call(client, "POST", "distributions", wrong))) == [
        ("/action", "literal_error"),
        ("/expirationDate", "datetime_parsing"),
        ("/linkType", "literal_error"),
        ("/surveyId", "invalid_id"),
        ("/x", "extra_forbidden"),
    ]
    nobody = {name: value for name, value in links_body.items() if name != "mailingListId"}
    assert faults_of(call(client, "POST", "distributions", nobody)) == [("/mailingListId", "no_recipients")]
    twice = {**links_body, "recipients": {"mailingListId": links_body["mailingListId"]}}
    assert faults_of(call(client, "POST", "distributions", twice)) == [("/recipients", "named_twice")]
    error = error_of(call(client, "POST", "distributions", {**links_body, "x": 1}), "400 - Bad Request")
    assert error["errorMessage"] == "Unexpected json key provided: x."


def versions() -> list[tuple[Any, ...]]:
    tables = (
        "distributor_distribution",
        "distributor_recipient",
        "distributor_batch",
        "distributor_touch",
        "contacts_contact",
        "contacts_mailinglist",
        "contacts_membership",
    )
    with connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = []
        for table in tables:
            cursor.execute(f"SELECT '{table}', ctid::text, xmin::text, xmax::text FROM {table} ORDER BY ctid")
            rows += cursor.fetchall()
    return rows
