"""/api/v1/contacts"""

from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Contact, Organization, Suppression
from contacts.models.api_key import Scope
from distributor.models import Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, BODIES, make, patch, post


def test_a_contact_is_answered_as_it_was_given_with_its_phone_in_one_spelling(client: Client) -> None:
    made = make(client, "contacts")
    given = {**BODIES["contacts"], "phone": "+48600000001"}
    ours = ("id", "emailUnicode", "optedOutAt", "createdAt", "updatedAt")
    assert made == {**given, **{name: made[name] for name in ours}}
    assert made["optedOutAt"] is None


@pytest.mark.parametrize("name", [{"externalId": "PAT-1"}, {"email": "ann@EXAMPLE.com"}])
def test_who_is_known_is_merged(client: Client, name: dict[str, str]) -> None:
    made = post(client, "contacts", {**name, "firstName": "Ann", "locale": "pl", "embeddedData": {"a": 1, "b": 2}})
    assert made.status_code == 201
    again = post(client, "contacts", {**name, "lastName": "Ono", "title": "Dr", "embeddedData": {"b": 3, "c": None}})
    assert again.status_code == 200
    expected = {"lastName": "Ono", "title": "Dr", "embeddedData": {"a": 1, "b": 3, "c": None}}
    assert {**again.json(), "updatedAt": 0} == {**made.json(), **expected, "updatedAt": 0}
    assert Contact.objects.count() == 1


def test_what_is_blank_or_null_in_a_post_changes_nothing(client: Client) -> None:
    made = make(client, "contacts")
    blank = dict.fromkeys(("email", "phone", "firstName", "lastName", "title", "locale", "timeZone"), "")
    null = dict.fromkeys((*blank, "embeddedData"))
    for said in (blank, null):
        response = post(client, "contacts", {"externalId": "PAT-1", **said})
        assert response.status_code == 200
        assert {**response.json(), "updatedAt": 0} == {**made, "updatedAt": 0}


@pytest.mark.parametrize("body", [{}, {"externalId": " ", "email": ""}, {"firstName": "Ann"}, {"email": None}])
def test_who_is_not_named_is_refused(client: Client, body: dict[str, Any]) -> None:
    response = post(client, "contacts", body)
    assert (response.status_code, faults_in(response)) == (400, [("", "no_identifier")])
    assert Contact.objects.count() == 0


def test_every_fault_is_named_at_once(client: Client) -> None:
    body = {"phone": "x", "email": "", "timeZone": "Mars", "embeddedData": {"a": [1e300]}, "firstName": "a\nb"}
    assert sorted(faults_in(post(client, "contacts", body))) == [
        ("", "no_identifier"),
        ("/embeddedData/a/0", "number_range"),
        ("/firstName", "not_one_line"),
        ("/phone", "invalid_phone"),
        ("/timeZone", "invalid_time_zone"),
    ]


def test_a_patch_changes_what_it_says_merges_data_and_null_clears(client: Client) -> None:
    made = make(client, "contacts")
    said = {"phone": None, "firstName": "", "locale": "en", "externalId": "PAT-2", "embeddedData": {"ward": "C"}}
    response = patch(client, f"contacts/{made['id']}", said)
    assert response.status_code == 200
    expected = {
        **made,
        "phone": None,
        "firstName": None,
        "locale": "en",
        "externalId": "PAT-2",
        "embeddedData": {"ward": "C", "visits": [1, 2.5, None, True]},
        "updatedAt": response.json()["updatedAt"],
    }
    assert response.json() == expected == client.get(f"{BASE}/contacts/{made['id']}").json()
    assert patch(client, f"contacts/{made['id']}", {"embeddedData": None}).json()["embeddedData"] == {}


def test_a_contact_keeps_one_of_its_names(client: Client) -> None:
    path = f"contacts/{make(client, 'contacts')['id']}"
    assert patch(client, path, {"externalId": None, "email": None}).json()["email"] is None
    response = patch(client, path, {"phone": None, "firstName": "x"})
    assert (response.status_code, faults_in(response)) == (400, [("", "no_identifier")])
    assert client.get(f"{BASE}/{path}").json()["firstName"] == "Ann"


def test_the_phone_of_another_contact_is_refused_if_it_is_all_that_is_known_of_both(
    client: Client, organization: Organization
) -> None:
    ann, _bob = (Contact.objects.create(organization=organization, phone=f"+4860000000{one}") for one in range(2))
    response = patch(client, f"contacts/{ann.pk}", {"phone": "+48600000001"})
    assert (response.status_code, faults_in(response)) == (409, [("/phone", "phone_taken")])


def test_an_external_id_of_another_contact_is_refused(client: Client) -> None:
    make(client, "contacts")
    other = make(client, "contacts", externalId="PAT-2", email="bea@example.com")
    response = patch(client, f"contacts/{other['id']}", {"externalId": "PAT-1", "firstName": "x"})
    assert (response.status_code, faults_in(response)) == (409, [("/externalId", "external_id_taken")])
    assert client.get(f"{BASE}/contacts/{other['id']}").json() == other


def test_the_email_of_somebody_known_by_nothing_else_is_refused(client: Client) -> None:
    post(client, "contacts", {"email": "ann@example.com"})
    other = post(client, "contacts", {"email": "bea@example.com"}).json()
    response = patch(client, f"contacts/{other['id']}", {"email": "ANN@example.com"})
    assert (response.status_code, faults_in(response)) == (409, [("/email", "email_taken")])
    family = post(client, "contacts", {"externalId": "PAT-1", "email": "ann@example.com"})
    assert family.status_code == 201
    response = patch(client, f"contacts/{family.json()['id']}", {"externalId": None})
    assert (response.status_code, faults_in(response)) == (409, [("/email", "email_taken")])


def test_contacts_are_found_by_external_id_or_email(client: Client) -> None:
    ann = make(client, "contacts")
    child = make(client, "contacts", externalId="PAT/2 +1")
    make(client, "contacts", externalId="PAT-3", email="c@example.com")

    def found(**query: str) -> list[str]:
        return [row["id"] for row in client.get(f"{BASE}/contacts", query).json()["items"]]

    assert found(externalId="PAT/2 +1") == [child["id"]]
    assert found(email="ANN@example.COM") == [child["id"], ann["id"]]
    assert found(email="ann@example.com", externalId="PAT-1") == [ann["id"]]
    assert found(externalId="PAT") == found(email="ann") == found(externalId="PAT-1\0") == found(email="\0") == []


def test_a_filter_stays_from_page_to_page(client: Client) -> None:
    ids = [make(client, "contacts", externalId=f"P{number}")["id"] for number in range(3)]
    make(client, "contacts", externalId="P9", email="other@example.com")
    first = client.get(f"{BASE}/contacts", {"email": "ann@example.com", "limit": "2"})
    second = client.get(first["Link"].partition(">")[0].removeprefix("<http://testserver"))
    assert [row["id"] for page in (first, second) for row in page.json()["items"]] == ids[::-1]


def test_opting_out_stops_what_waits_and_opting_in_lets_write_again(
    client: Client, post: Post, body: dict[str, Any], organization: Organization
) -> None:
    body["scheduledAt"] = "2999-01-01T00:00:00Z"
    sent = post(body).json()
    contact = Contact.objects.get()
    Suppression.objects.create(
        organization=organization, channel="email", address="ann@example.com", reason="unsubscribe"
    )
    path = f"{BASE}/contacts/{contact.pk}"
    out = client.post(f"{path}/opt-out")
    assert out.status_code == 200
    assert out.json()["optedOutAt"] is not None
    assert Suppression.objects.count() == 3  # an e-mail address, and a number for SMS and WhatsApp
    assert out.json() == client.get(path).json()
    recipient = Recipient.objects.get(distribution_id=sent["distributionId"])
    assert (recipient.state, recipient.reason) == ("stopped", "opted_out")
    assert client.post(f"{path}/opt-out").json()["optedOutAt"] == out.json()["optedOutAt"]
    back = client.post(f"{path}/opt-in", {"source": "front desk"}, content_type="application/json")
    assert (back.status_code, back.json()["optedOutAt"]) == (200, None)
    assert Suppression.objects.count() == 0
    assert post(body).json()["recipientCount"] == 1


def test_opting_needs_manage_and_a_contact_of_ones_own(client: Client, organization: Organization) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = Contact.objects.create(organization=other, external_id="x")
    ours = make(client, "contacts")["id"]
    reader = Client(headers={"x-api-key": create_api_key(organization, "tests", [Scope.READ, Scope.SEND])[1]})
    for verb in ("opt-out", "opt-in"):
        assert client.post(f"{BASE}/contacts/{foreign.pk}/{verb}").status_code == 404
        assert reader.post(f"{BASE}/contacts/{ours}/{verb}").status_code == 403
    assert not Contact.objects.exclude(opted_out_at=None).exists()


def test_an_erased_contact_is_not_there_and_its_name_is_free(client: Client) -> None:
    made = make(client, "contacts")
    path = f"contacts/{made['id']}"
    assert client.delete(f"{BASE}/{path}").status_code == 204
    assert client.get(f"{BASE}/{path}").status_code == patch(client, path, {"title": "x"}).status_code == 404
    assert client.post(f"{BASE}/{path}/opt-out").status_code == 404
    again = post(client, "contacts", {"externalId": "PAT-1"})
    assert again.status_code == 201
    assert again.json()["id"] != made["id"]


def test_a_quick_call_cannot_bring_an_erased_contact_back(client: Client, post: Post, body: dict[str, Any]) -> None:
    made = make(client, "contacts")
    client.delete(f"{BASE}/contacts/{made['id']}")
    response = post({**body, "contacts": [{"contactId": made["id"], "email": "ann@example.com"}]})
    assert (response.status_code, faults_in(response)) == (404, [("/contacts/0/contactId", "contact_not_found")])
    assert Contact.objects.get(pk=made["id"]).email == ""
