"""The keys of a contact's data are limited after merging, and answers are bounded."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact, Organization
from distributor.models import Distribution, Survey
from tests.support.api.faces import Face
from tests.support.api.lists_and_links import BASE, lists_path
from tests.support.api.recipient_add import person


def keys(call: int, count: int = 200) -> dict[str, str]:
    return {f"k{call}-{number}": "x" for number in range(count)}


def with_data(face: Face, data: dict[str, str]) -> dict[str, Any]:
    """The call for the contact PAT-1, with its data."""
    contact = {"externalId": "PAT-1", "email": "ann@example.com", "embeddedData": data}
    return {
        "native": {**face.body, "audience": {"contacts": [contact]}},
        "quick": {**face.body, "contacts": [{"externalId": "PAT-9"}, contact]},
        "contacts": contact,
    }[face.name]


DATA = {
    "native": "/audience/contacts/0/embeddedData",
    "quick": "/contacts/1/embeddedData",
    "contacts": "/embeddedData",
}


@pytest.mark.parametrize("name", ["native", "quick", "contacts"])
def test_six_calls_of_200_keys_are_refused_after_the_first(client: Client, faces: dict[str, Face], name: str) -> None:
    face = faces[name]
    first = face.post(client, json.dumps(with_data(face, keys(0))).encode())
    assert first.status_code == face.status, first.content
    sent = Distribution.objects.count()
    for call in range(1, 6):
        text = face.check_error(face.post(client, json.dumps(with_data(face, keys(call))).encode()), 400)
        assert "The data of contact PAT-1 would have more than 200 keys after merging." in text
        answer = face.post(client, json.dumps(with_data(face, keys(call))).encode()).json()
        assert [(fault["pointer"], fault["code"]) for fault in answer["errors"]] == [(DATA[name], "too_many_keys")]
    again = face.post(client, json.dumps(with_data(face, keys(0))).encode())
    assert again.status_code in (face.status, 200)
    assert set(Contact.objects.get(external_id="PAT-1").embedded_data) == set(keys(0))
    assert Distribution.objects.count() in (sent, sent + 1)


def test_a_change_of_a_contact_counts_after_merging(client: Client, organization: Organization) -> None:
    contact = Contact.objects.create(organization=organization, external_id="PAT-1", embedded_data=keys(0, 199))
    path, kind = f"/api/v1/contacts/{contact.pk}", "application/json"
    assert client.patch(path, {"embeddedData": keys(1, 1)}, content_type=kind).status_code == 200
    assert client.patch(path, {"embeddedData": keys(2, 1)}, content_type=kind).status_code == 400
    assert client.patch(path, {"embeddedData": keys(1, 1), "firstName": "Ann"}, content_type=kind).status_code == 200
    assert client.patch(path, {"embeddedData": None}, content_type=kind).status_code == 200


def test_lists_and_links_and_recipient_add_refuse_in_their_shape(
    client: Client, organization: Organization, faces: dict[str, Face]
) -> None:
    Contact.objects.create(organization=organization, email="ann@example.com", embedded_data=keys(0))
    added = {**faces["recipient add"].body, "RecipientList": [person(EmailAddress="ann@example.com", User1="x")]}
    face = faces["recipient add"]
    assert "more than 200 keys" in face.check_error(face.post(client, json.dumps(added).encode()), 400)
    lists = faces["lists and links"]
    made = lists.post(client).json()["result"]["id"]
    body = {"email": "ann@example.com", "embeddedData": {"one": "more"}}
    path = f"{BASE}/{lists_path(organization)}/{made}/contacts"
    response = client.post(path, body, content_type="application/json")
    assert "more than 200 keys" in lists.check_error(response, 400)


def test_a_contact_that_had_more_keys_is_still_sent_to(
    client: Client, organization: Organization, survey: Survey, faces: dict[str, Face]
) -> None:
    Contact.objects.create(organization=organization, external_id="PAT-1", embedded_data=keys(0, 300))
    face = faces["quick"]
    body = {**face.body, "contacts": [{"externalId": "PAT-1", "email": "ann@example.com"}]}
    assert face.post(client, json.dumps(body).encode()).status_code == 201


FLOODS = [
    b"{" + b",".join(b'"key%d": 1' % number for number in range(100_000)) + b"}",
    b'{"' + b"k" * 3_000_000 + b'": 1}',
    b'{"contacts": [' + b",".join([b"{}"] * 50_000) + b"]}",
    b'{"contacts": [' + b",".join([b'{"embeddedData": {"a": 1e999}, "email": 1}'] * 1_000) + b"]}",
    b'{"form_id": "' + b"x" * 3_000_000 + b'", "recipients": [' + b",".join([b"1"] * 1_000) + b"]}",
    b'{"ListName": "Patients", "RecipientList": [' + b",".join([b'{"When": 1}'] * 1_000) + b"]}",
]


@pytest.mark.parametrize("number", range(len(FLOODS)))
def test_no_answer_is_over_a_megabyte(client: Client, faces: dict[str, Face], number: int) -> None:
    for face in faces.values():
        response = face.post(client, FLOODS[number])
        assert 400 <= response.status_code < 500
        face.check_error(response, response.status_code)
