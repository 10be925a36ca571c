"""The worst bodies of every face: their values are counted before they are parsed."""

import gzip
import json
import tracemalloc
from typing import Any

import pytest
from django.test import Client

from contacts.addresses import spell_email, strip_unseen
from distributor.api import body_limits, request_body
from distributor.api.body_limits import MAX_VALUES, has_too_many_values
from tests.support.api.faces import Face

# The list of people of each face, with as many faults as fit.
LISTS = {
    "native": ('{"audience":{"contacts":[', "]}}"),
    "contacts": ('{"embeddedData":{"a":[', "]}}"),
    "quick": ('{"contacts":[', "]}"),
    "single send": ('{"recipients":[', "]}"),
    "lists and links": ('{"name":[', "]}"),
    "recipient add": ('{"RecipientList":[', "]}"),
}
MEGABYTE = 1_000_000


def full_of(face: Face, piece: str, count: int) -> bytes:
    opening, closing = LISTS[face.name]
    return (opening + ",".join([piece] * count) + closing).encode()


@pytest.mark.parametrize("piece", ['{"a":1}', "[]"])
def test_too_many_values_are_refused_and_not_parsed(
    client: Client, face: Face, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (body_limits, request_body):  # tracing as many as there may be takes seconds
        monkeypatch.setattr(module, "MAX_VALUES", 30_000)
    body = full_of(face, piece, 30_000)
    face.post(client)  # imports what a call needs
    tracemalloc.start()
    response = face.post(client, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "The body has more than 30,000 JSON values." in face.check_error(response, 413)
    # The test client's copies of the body, and nothing for each value.
    assert peak < 4 * len(body) + MEGABYTE / 2


def test_values_are_counted_after_decompression(client: Client, faces: dict[str, Face]) -> None:
    body = gzip.compress(full_of(faces["quick"], "{}", MAX_VALUES), 1)
    assert "250,000" in faces["quick"].check_error(faces["quick"].post(client, body, HTTP_CONTENT_ENCODING="gzip"), 413)


def test_a_list_of_too_many_is_one_fault(client: Client, faces: dict[str, Face]) -> None:
    """It is left at the first that is too many, and not validated to its end."""
    for name, count in (("native", 1_000), ("quick", 1_000), ("single send", 1_000), ("recipient add", 1_000)):
        face = faces[name]
        answer = face.post(client, full_of(face, '{"a":1}', MAX_VALUES // 3))
        assert "at most 1000 items after validation" in face.check_error(answer, 400)
        assert len(answer.content) < 100 * count


@pytest.mark.parametrize("keys_each", [5, 100])
def test_all_faults_are_counted_and_the_first_are_named(client: Client, faces: dict[str, Face], keys_each: int) -> None:
    """Of 100,000 not each is described: each took 6 µs and 700 bytes."""
    face = faces["native"]
    contact = json.dumps({f"k{number}": 1 for number in range(keys_each)})
    answer = face.post(client, full_of(face, contact, 1_000)).json()
    *faults, last = answer["errors"]
    unknown = [fault["pointer"] for fault in faults if fault["code"] == "extra_forbidden"]
    named_each = min(keys_each, 30)
    assert unknown == [f"/audience/contacts/{n // named_each}/k{n % named_each}" for n in range(len(unknown))]
    assert len(unknown) >= 98
    assert len(faults) == 100
    # Each contact's identifier is missing, and so are surveyId and steps.
    count = 1_000 * (keys_each + 1) + 2
    assert answer["detail"] == f"The request has {count} faults."
    assert last["detail"] == f"There are {count - 100:,} more faults."


def test_nothing_is_made_up_where_keys_are_left_out(client: Client, faces: dict[str, Face]) -> None:
    """The body's own keys come after 30,000 others."""
    others = {f"k{number}": 1 for number in range(30_000)}
    answer = faces["contacts"].post(client, json.dumps(others | faces["contacts"].body).encode()).json()
    assert {fault["code"] for fault in answer["errors"]} == {"extra_forbidden", "more_faults"}
    assert answer["detail"] == "The request has 30000 faults."


def test_all_unknown_keys_of_a_quick_call_are_counted_and_the_first_are_named(
    client: Client, faces: dict[str, Face]
) -> None:
    face = faces["quick"]
    contacts = [{"externalId": f"PAT-{person}"} | {f"k{number}": 1 for number in range(50)} for person in range(500)]
    response = face.post(client, json.dumps({**face.body, "contacts": contacts, "dryRun": True}).encode())
    warnings = response.json()["warnings"]
    assert [warning["pointer"] for warning in warnings[:51]] == [
        *(f"/contacts/0/k{number}" for number in range(29)),
        *(f"/contacts/1/k{number}" for number in range(22)),
    ]
    assert warnings[-1]["detail"] == "24,900 more keys are unknown and were ignored."


COMMAS = "," * MAX_VALUES


@pytest.mark.parametrize(
    ("body", "is_too_many"),
    [
        ("[" + ",".join(["1"] * MAX_VALUES) + "]", True),
        ("[" + ",".join(["1"] * (MAX_VALUES - 1)) + "]", False),
        ("[" + ",".join(["{}"] * (MAX_VALUES // 2 + 1)) + "]", True),
        ('{"a":"' + COMMAS + '"}', False),
        ('{"' + COMMAS + '":"' + "[{" * MAX_VALUES + '"}', False),
        ('["\\"' + COMMAS + '",1]', False),
        ('["\\\\",' + ",".join(["1"] * MAX_VALUES) + "]", True),
        ('["' + COMMAS, False),
        ('["' + '\\"' * MEGABYTE + COMMAS, False),
        ('"a"' * MEGABYTE + COMMAS, False),
        ("[" * 2 * MAX_VALUES, True),
        ("1" * 3 * MEGABYTE, False),
        ("\\" * 3 * MEGABYTE + COMMAS, True),
    ],
    ids=range(13),
)
def test_only_what_is_outside_of_texts_is_counted(body: str, is_too_many: bool) -> None:
    assert has_too_many_values(body.encode()) == is_too_many


def test_the_largest_call_of_the_reference_is_accepted() -> None:
    data = {f"key {number}": "Some text, with a comma" for number in range(200)}
    names = ("externalId", "contactId", "email", "phone", "firstName", "lastName", "locale", "sendAt", "lastSentAt")
    contact = {**dict.fromkeys(names, "text"), "embeddedData": data}
    body = json.dumps({"audience": {"contacts": [contact] * 1_000}}).encode()
    assert len(body) > 5 * MEGABYTE
    assert not has_too_many_values(body)


HUGE = MEGABYTE // 5  # what is quadratic takes minutes of it
HUGE_VALUES: dict[str, Any] = {
    "digits": "1" * HUGE,
    "fraction": "0." + "1" * HUGE,
    "exponent": "1e" + "9" * HUGE,
    "text": json.dumps("a" * HUGE),
    "escapes": '"' + "\\u00e9" * (HUGE // 6) + '"',
    "e-mail": json.dumps("a@" + "é." * (HUGE // 2)),
    "blanks": json.dumps("a" + " \u200b" * (HUGE // 2) + "b", ensure_ascii=False),
    "nested": "[" * HUGE,
    "the same key": "{" + ",".join(['"a":1'] * 20_000) + "}",
    "many keys": "{" + ",".join(f'"{number}":1' for number in range(20_000)) + "}",
}


@pytest.mark.parametrize("kind", HUGE_VALUES)
def test_a_huge_value_anywhere_gets_an_answer_of_the_face(client: Client, face: Face, kind: str) -> None:
    marker = "0195e3a1"
    for name in face.body:
        odd = json.dumps(_with_everywhere(face.body, name, marker)).replace(f'"{marker}"', HUGE_VALUES[kind])
        response = face.post(client, odd.encode())
        assert response.status_code < 500, (name, response.content[:300])
        if response.status_code >= 400:
            face.check_error(response, response.status_code)


def _with_everywhere(body: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Give a field, and each field of the first object below it, this value."""
    inside = body[name]
    if isinstance(inside, list) and isinstance(inside[0], dict):
        return {**body, name: [dict.fromkeys(inside[0], value)]}
    if isinstance(inside, dict):
        return {**body, name: dict.fromkeys(inside, value)}
    return {**body, name: value}


def test_blanks_of_all_kinds_are_stripped_in_one_pass() -> None:
    assert strip_unseen("\u200b \u00a0\ufeff\tAnn é\u3000\u200b \u2003") == "Ann é"
    text = " \u200b" * MEGABYTE  # in turns they took a copy of the text for each pair
    assert strip_unseen(text) == ""
    assert spell_email(f"{text}ann@bücher.example{text}") == "ann@xn--bcher-kva.example"


def test_a_domain_that_no_address_has_is_not_spelled() -> None:
    address = "ann@" + "ü." * MEGABYTE
    assert spell_email(address) == address
