"""POST /api/v1/contacts/batch"""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.models import AuditEntry
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, post

NEW = {"externalId": "PAT-9", "email": "new@example.com"}


def save(client: Client, *contacts: Any, **more: Any) -> dict[str, Any]:
    """The answer of a batch, and for each contact its result."""
    answer = post(client, "contacts/batch", {"contacts": contacts, **more})
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def results(answer: dict[str, Any]) -> list[str]:
    return [row["result"] for row in answer["results"]]


def test_each_contact_is_created_updated_or_left_as_it_is(client: Client) -> None:
    known = [{"externalId": "PAT-1", "firstName": "Ann"}, {"email": "bob@example.com", "embeddedData": {"a": [1, 2]}}]
    assert results(save(client, *known)) == ["created", "created"]
    before = dict(Contact.objects.values_list("pk", "updated_at"))
    same = [{"externalId": "PAT-1", "firstName": "Ann", "lastName": ""}, {"email": "bob@example.com"}]
    assert results(save(client, *known, *same)) == ["unchanged"] * 4
    assert dict(Contact.objects.values_list("pk", "updated_at")) == before
    changed = [{"externalId": "PAT-1", "title": "Dr"}, {"email": "bob@example.com", "embeddedData": {"a": [1]}}]
    answer = save(client, *changed, NEW)
    assert results(answer) == ["updated", "updated", "created"]
    assert [answer[name] for name in ("created", "updated", "unchanged", "failed")] == [1, 2, 0, 0]
    assert [row["id"] for row in answer["results"]] == [
        str(Contact.objects.get(**key).pk)
        for key in ({"external_id": "PAT-1"}, {"email": "bob@example.com"}, {"external_id": "PAT-9"})
    ]
    assert Contact.objects.get(email="bob@example.com").embedded_data == {"a": [1]}


@pytest.mark.parametrize("name", ["firstName", "lastName", "title", "locale", "timeZone", "phone", "email"])
def test_every_field_counts_as_a_change(client: Client, name: str) -> None:
    values = {"locale": "pl", "timeZone": "Europe/Warsaw", "phone": "+48600000001", "email": "a@example.com"}
    save(client, {"externalId": "PAT-1"})
    given = {"externalId": "PAT-1", name: values.get(name, "x")}
    assert results(save(client, given)) == ["updated"]
    assert results(save(client, given)) == ["unchanged"]


def test_a_contact_given_twice_is_written_once(client: Client) -> None:
    answer = save(client, {"externalId": "PAT-1", "firstName": "A"}, {"externalId": "PAT-1", "firstName": "B"})
    assert results(answer) == ["created", "created"]
    assert answer["results"][0] == answer["results"][1]
    assert Contact.objects.get().first_name == "B"


FAULTY: list[tuple[Any, list[tuple[str, str]]]] = [
    ({"email": "not an address", "phone": "x"}, [("/email", "invalid_email"), ("/phone", "invalid_phone")]),
    ({"firstName": "Ann"}, [("", "no_identifier")]),
    ({"externalId": "PAT-1", "name": "Ann"}, [("/name", "extra_forbidden")]),
    ({"externalId": "PAT-1", "embeddedData": {"n": 2**70}}, [("/embeddedData/n", "number_range")]),
    ("PAT-1", [("", "model_type")]),
    (None, [("", "model_type")]),
]


@pytest.mark.parametrize(("row", "faults"), FAULTY)
def test_a_row_with_faults_fails_alone(client: Client, row: Any, faults: list[tuple[str, str]]) -> None:
    answer = save(client, NEW, row, {"externalId": "PAT-8"})
    assert results(answer) == ["created", "failed", "created"]
    failed = answer["results"][1]
    assert failed["id"] is None
    found = [(fault["pointer"], fault["code"]) for fault in failed["errors"]]
    assert found == [(f"/contacts/1{pointer}", code) for pointer, code in faults]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(("row", "faults"), FAULTY)
def test_of_an_atomic_batch_nothing_is_written(client: Client, row: Any, faults: list[tuple[str, str]]) -> None:
    answer = post(client, "contacts/batch", {"contacts": [NEW, row], "atomic": True})
    assert answer.status_code == 400
    found = set(faults_in(answer))
    assert found >= {(f"/contacts/1{pointer}", code) for pointer, code in faults}
    assert not Contact.objects.exists()


def test_too_much_data_after_merging_fails_alone_or_with_all(client: Client) -> None:
    full = {f"k{number}": 1 for number in range(200)}
    save(client, {"externalId": "PAT-1", "embeddedData": full}, {"email": "ann@example.com", "embeddedData": full})
    over = [{"externalId": "PAT-1"}, {"email": "Ann@example.com"}]
    rows = [NEW, *({**row, "embeddedData": {"one": "more"}} for row in over)]
    refused = post(client, "contacts/batch", {"contacts": rows, "atomic": True})
    assert (refused.status_code, faults_in(refused)) == (400, [("/contacts/1/embeddedData", "too_many_keys")])
    assert Contact.objects.count() == 2
    answer = save(client, *rows)
    assert results(answer) == ["created", "failed", "failed"]
    assert [row["errors"][0]["pointer"] for row in answer["results"][1:]] == [
        f"/contacts/{place}/embeddedData" for place in (1, 2)
    ]


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"contacts": []}, ("/contacts", "too_short")),
        ({"contacts": [NEW] * 1_001}, ("/contacts", "too_long")),
        ({}, ("/contacts", "missing")),
        ({"contacts": [NEW], "list": 1}, ("/list", "extra_forbidden")),
    ],
)
def test_a_body_with_faults_of_its_own_is_refused(
    client: Client, body: dict[str, Any], fault: tuple[str, str], *, atomic: bool
) -> None:
    answer = post(client, "contacts/batch", {**body, "atomic": atomic})
    assert (answer.status_code, faults_in(answer)) == (400, [fault])


def test_a_thousand_contacts_with_a_key_are_saved_once_and_audited_once(client: Client) -> None:
    body = {"contacts": [{"externalId": f"PAT-{number}"} for number in range(1_000)]}
    first, again = (
        client.post(f"{BASE}/contacts/batch", body, content_type="application/json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert (first.json()["created"], again.content) == (1_000, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert [entry.action for entry in AuditEntry.objects.all()] == ["contacts_saved"]
