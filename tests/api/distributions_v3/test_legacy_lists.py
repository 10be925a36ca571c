"""Lists and contacts of scripts from before there were directories."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.legacy import contacts
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Recipient
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import dispatch


@pytest.fixture
def list_id(client: Client, organization: Organization) -> str:
    body = {"name": "Ward B", "category": "Wards", "libraryId": public_id(Kind.LIBRARY, organization.pk)}
    made: str = result_of(call(client, "POST", "mailinglists", body))["id"]
    return made


def test_a_list_is_made_shown_and_deleted(client: Client, organization: Organization, list_id: str) -> None:
    expected = {
        "id": list_id,
        "libraryId": public_id(Kind.LIBRARY, organization.pk),
        "name": "Ward B",
        "category": None,
        "folder": None,
    }
    assert result_of(call(client, "GET", f"mailinglists/{list_id}")) == expected
    assert elements_of(call(client, "GET", "mailinglists/")) == [expected]
    assert call(client, "DELETE", f"mailinglists/{list_id}").status_code == 200
    error_of(call(client, "GET", f"mailinglists/{list_id}/contacts"), "404 - Not Found")


def test_one_contact_and_several_are_put_on_the_list(client: Client, list_id: str) -> None:
    path = f"mailinglists/{list_id}/contacts"
    ann = {"firstName": "Ann", "externalDataReference": "PAT-1", "embeddedData": {"ward": "B"}, "language": "pl"}
    made = result_of(call(client, "POST", path, ann))
    assert is_id("CID", made["id"])
    assert set(made) == {"id"}
    several = [
        {"email": "bob@example.com", "unsubscribed": False},
        {"externalDataReference": "PAT-1", "lastName": "Ono"},
    ]
    both = result_of(call(client, "POST", path, {"contacts": several}))
    assert (both["id"], both["ids"][1]) == (both["ids"][0], made["id"])
    bob, ann_again = elements_of(call(client, "GET", path))
    assert (bob["email"], bob["unsubscribed"]) == ("bob@example.com", False)
    assert ann_again == {
        "id": made["id"],
        "firstName": "Ann",
        "lastName": "Ono",
        "email": None,
        "externalDataReference": "PAT-1",
        "embeddedData": {"ward": "B"},
        "language": "pl",
        "unsubscribed": False,
        "responseHistory": [],
        "emailHistory": [],
    }


def test_contacts_are_shown_with_what_they_were_sent_and_answered(
    client: Client, send_body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    recipient = Recipient.objects.order_by("id")[0]
    response = record_response(recipient.code, {"score": 9}, database_now())
    path = f"mailinglists/{send_body['recipients']['mailingListId']}/contacts"
    elements_of(call(client, "GET", path))  # Records when the key was used.
    with django_assert_num_queries(5):  # the key, the list, its members, and two for their histories
        shown = {one["id"]: one for one in elements_of(call(client, "GET", path))}
    one = shown[public_id(Kind.CONTACT, recipient.contact_id)]
    assert one["responseHistory"] == [
        {
            "responseId": public_id(Kind.RESPONSE, response.pk),
            "surveyId": send_body["surveyLink"]["surveyId"],
            "date": response.submitted_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "finishedSurvey": True,
        }
    ]
    [email] = one["emailHistory"]
    assert (email["emailDistributionId"], email["result"], email["read"]) == (made["id"], "Success", True)
    assert sum(len(each["emailHistory"]) for each in shown.values()) == 5


def test_the_newest_of_a_contacts_history_is_shown_without_what_was_deleted(
    client: Client, send_body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "MAX_HISTORY", 2)
    made = [result_of(call(client, "POST", "distributions", send_body))["id"] for _ in range(4)]
    dispatch()
    contact_id = Recipient.objects.earliest("id").contact_id
    answered = [
        public_id(Kind.RESPONSE, record_response(recipient.code, {"score": 9}, database_now()).pk)
        for recipient in Recipient.objects.filter(contact_id=contact_id).order_by("id")
    ]
    assert call(client, "DELETE", f"distributions/{made[3]}").status_code == 200
    shown = elements_of(call(client, "GET", f"mailinglists/{send_body['recipients']['mailingListId']}/contacts"))
    assert [[email["emailDistributionId"] for email in one["emailHistory"]] for one in shown] == [made[2:0:-1]] * 5
    [responses] = [one["responseHistory"] for one in shown if one["id"] == public_id(Kind.CONTACT, contact_id)]
    assert [response["responseId"] for response in responses] == answered[:1:-1]


def test_every_fault_of_several_contacts_is_named_and_nothing_is_written(client: Client, list_id: str) -> None:
    path = f"mailinglists/{list_id}/contacts"
    body = {"contacts": [{"email": "ann@example.com"}, {"firstName": "Nobody"}, {}]}
    assert faults_of(call(client, "POST", path, body)) == [
        ("/contacts/1", "no_identifier"),
        ("/contacts/2", "no_identifier"),
    ]
    body = {"contacts": [{"email": "ann"}, {"phone": "1", "extRef": "x"}]}
    assert {pointer for pointer, _ in faults_of(call(client, "POST", path, body))} == {
        "/contacts/0/email",
        "/contacts/1/phone",
        "/contacts/1/extRef",
    }
    assert faults_of(call(client, "POST", path, {"contacts": []}))
    assert not Contact.objects.exists()


def test_a_phone_that_is_no_number_is_left_out_of_a_contact_with_another_identifier(
    client: Client, list_id: str
) -> None:
    path = f"mailinglists/{list_id}/contacts"
    for body, pointer in (
        ({"email": "ann@example.com", "phone": "N/A"}, "/phone"),
        ({"contacts": [{"email": "bob@example.com"}, {"email": "cid@example.com", "phone": "-"}]}, "/contacts/1/phone"),
    ):
        answer = call(client, "POST", path, body).json()
        assert [(told["pointer"], told["code"]) for told in answer["meta"]["warnings"]] == [(pointer, "invalid_phone")]
    assert set(Contact.objects.values_list("email", "phone")) == {
        ("ann@example.com", ""),
        ("bob@example.com", ""),
        ("cid@example.com", ""),
    }
    assert faults_of(call(client, "POST", path, {"phone": "N/A"})) == [("/phone", "invalid_phone")]
    faulty = {"contacts": [{"email": "ann", "phone": "N/A"}, {"email": "eve@example.com", "phone": 5}]}
    assert faults_of(call(client, "POST", path, faulty)) == [
        ("/contacts/0/email", "invalid_email"),
        ("/contacts/1/phone", "string_type"),
    ]


def test_lists_of_another_organization_are_not_found(client: Client) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = public_id(Kind.MAILING_LIST, other.mailing_lists.create(name="Theirs").pk)
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/contacts"), ("POST", "/contacts")):
        error_of(call(client, method, f"mailinglists/{theirs}{path}", {"email": "a@example.com"}), "404 - Not Found")
