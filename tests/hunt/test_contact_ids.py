"""Ids and phones as exports write them: padded ids are one person, and no number is no reason to refuse the person."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from contacts.models import Contact, MailingList, Membership, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from tests.hunt.wire.conftest import faces as faces
from tests.support.admin_pages import address, faults
from tests.support.api.faces import Face
from tests.support.api.lists_and_links import call, lists_path

pytestmark = pytest.mark.django_db
# What spreadsheets, fixed-width exports and copying leave around an id.
PADDED = ["PAT-1 ", " PAT-1", "PAT-1\t", "\u00a0PAT-1", "PAT-1\u200b", "\ufeffPAT-1", "PAT-1\r\n", "PAT-1" + " " * 40]
# Defaults of clients and exports where there is no number, and what is none.
NO_NUMBERS = ["N/A", "n/a", "null", "NULL", "-", "--", "none", "nan", "unknown", "0", "12", "+48 22", "2026-03-05"]


@pytest.fixture
def contacts_path(organization: Organization) -> str:
    made = MailingList.objects.create(organization=organization, name="Ward C")
    return f"{lists_path(organization)}/{public_id(Kind.MAILING_LIST, made.pk)}/contacts"


@pytest.mark.parametrize("padded", PADDED)
def test_a_padded_id_is_one_contact_in_every_face_and_the_admin(
    client: Client, organization: Organization, faces: dict[str, Face], contacts_path: str, padded: str
) -> None:
    contact = {"externalId": padded, "email": "ann@example.com"}
    bodies: dict[str, Any] = {
        "native": {**faces["native"].body, "audience": {"contacts": [contact]}},
        "quick": {**faces["quick"].body, "contacts": [contact]},
        "contacts": contact,
    }
    for written in ("PAT-1", padded):
        contact["externalId"] = written
        for name, body in bodies.items():
            answer = faces[name].post(client, json.dumps(body).encode())
            assert answer.status_code in (faces[name].status, 200), answer.content
        assert call(client, "POST", contacts_path, {"extRef": written}).status_code == 200
    assert list(Contact.objects.values_list("external_id", flat=True)) == ["PAT-1"]
    assert len(client.get("/api/v1/contacts", {"externalId": padded}).json()["items"]) == 1
    operator = Client()
    operator.force_login(User.objects.create_superuser("olga"))
    form = {"organization": str(organization.pk), "external_id": padded, "embedded_data": "{}"}
    refused = faults(operator.post(address(Contact, "add"), form))
    assert "Another contact of the organisation has this external ID." in str(refused)


@pytest.mark.parametrize("phone", NO_NUMBERS)
def test_a_contact_with_an_email_is_made_without_its_phone_and_told(
    client: Client, contacts_path: str, phone: str
) -> None:
    answer = call(client, "POST", contacts_path, {"email": "ann@example.com", "phone": phone, "firstName": "Ann"})
    assert answer.status_code == 200
    [warning] = answer.json()["meta"]["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/phone", "invalid_phone")
    assert warning["detail"].startswith("Left out. ")
    contact = Contact.objects.get()
    assert (contact.email, contact.phone, contact.first_name) == ("ann@example.com", "", "Ann")
    assert Membership.objects.filter(contact=contact).exists()
    path = f"{contacts_path}/{public_id(Kind.CONTACT, contact.pk)}"
    assert "warnings" not in call(client, "PUT", path, {"phone": "+48601000001"}).json()["meta"]
    changed = call(client, "PUT", path, {"phone": phone, "lastName": "Ono"})
    assert [each["pointer"] for each in changed.json()["meta"]["warnings"]] == ["/phone"]
    contact.refresh_from_db()
    assert (contact.phone, contact.last_name) == ("+48601000001", "Ono")


@pytest.mark.parametrize("body", [{"phone": "N/A"}, {"phone": "N/A", "email": ""}, {"phone": "-", "extRef": " "}])
def test_a_contact_with_nothing_else_is_refused(client: Client, contacts_path: str, body: dict[str, str]) -> None:
    assert call(client, "POST", contacts_path, body).status_code == 400
    assert not Contact.objects.exists()


def test_other_faults_are_all_told(client: Client, contacts_path: str) -> None:
    answer = call(client, "POST", contacts_path, {"phone": "N/A", "email": "a..b@example.com"})
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json()["meta"]["error"]["errors"]} == {"/phone", "/email"}
