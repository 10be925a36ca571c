"""Thousands of bad recipient-add bodies: each is refused with the places of its faults, and nothing is written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate

from contacts.keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.recipient_add.views import RecipientAdd
from tests.support.api.bad_bodies import broken_json, count_rows, try_all
from tests.support.api.bad_values import (
    characters,
    holding,
    in_text,
    longer_than,
    missing,
    no_boolean,
    no_line,
    no_list,
    no_moment,
    no_object,
    outside,
)
from tests.support.api.bodies import changed
from tests.support.api.recipient_add import FAILED, LIST, PATH, SUCCESS, Add, adding_by, make_list, person

Refuse = Callable[[Any], list[str]]
WRONG = {
    # Surrounding blanks are removed from names, line breaks included.
    "/ListName": in_text(st.builds("a{}b".format, no_line) | st.text(" \t\n", max_size=3)) | missing,
    "/LookupTest": no_boolean,
    "/DryRun": no_boolean,
    "/Duplication/Fields": in_text(no_line),
    "/Duplication/Date": in_text(no_line),
    "/Duplication/GenerateDate": no_boolean,
    "/Duplication/Limit": outside(0, 36_500),
    **{
        f"/RecipientList/{position}/{name}": wrong
        for position in range(2)
        for name, wrong in {
            **dict.fromkeys(("Title", "FirstName", "LastName", "MobileNumber", "EmailAddress"), in_text(no_line)),
            **{f"User{number}": in_text(longer_than(2_014) | holding("\0")) for number in range(1, 11)},
            "When": in_text(no_moment.filter(lambda text: bool(text.strip()))),
            "LookupTest": no_boolean,
        }.items()
    },
}


@pytest.fixture
def full_body(organization: Organization) -> dict[str, Any]:
    """A valid body with every field."""
    make_list(organization)
    texts = {f"User{number}": "u" * 2_014 for number in range(1, 11)}
    people = [person(number, When="2030-02-04T16:23:43.6826425+00:00", LookupTest=True, **texts) for number in (1, 2)]
    duplication = {"Fields": "tel,email", "Date": "user1", "GenerateDate": True, "Limit": 36_500}
    return {"ListName": LIST, "RecipientList": people, "Duplication": duplication, "LookupTest": True, "DryRun": False}


@pytest.fixture
def call(organization: Organization) -> Callable[[bytes], Any]:
    """The view, called with an authenticated key."""
    view, requests = RecipientAdd.as_view(), APIRequestFactory()
    key, _shown = create_api_key(organization, "tests", [Scope.SEND])

    def make(body: bytes) -> Any:
        request = requests.post(PATH, body, content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # annotated as DRF's Token
        return view(request).render()

    return make


@pytest.fixture
def refuse(call: Callable[[bytes], Any], full_body: dict[str, Any]) -> Refuse:
    """Call with a bad body, and return the places of its faults, "" for the whole body."""
    before = count_rows()

    def check(body: Any) -> list[str]:
        response = call(body if isinstance(body, bytes) else json.dumps(body).encode())
        assert response.status_code == 400
        answer = json.loads(response.content)
        assert set(answer) == {"Errors"}
        assert answer["Errors"]
        assert count_rows() == before
        return [error.partition(": ")[0] if error.startswith("/") else "" for error in answer["Errors"]]

    return check


def test_the_full_body_is_valid(call: Callable[[bytes], Any], full_body: dict[str, Any]) -> None:
    response = call(json.dumps(full_body).encode())
    assert (response.status_code, json.loads(response.content)) == (200, SUCCESS)


def test_every_wrong_value_is_reported(refuse: Refuse, full_body: dict[str, Any]) -> None:
    mistakes = st.lists(st.sampled_from(sorted(WRONG)), min_size=1, max_size=4, unique=True).flatmap(
        lambda places: st.fixed_dictionaries({place: WRONG[place] for place in places})
    )

    def check(wrong: dict[str, Any]) -> None:
        body = full_body
        for place, value in wrong.items():
            body = changed(body, place, value)
        places = refuse(body)
        for place in wrong:
            assert place in places

    try_all(0.2, mistakes, check)


def test_wrong_shapes_are_refused(refuse: Refuse, full_body: dict[str, Any]) -> None:
    crowd = st.integers(1_001, 1_100).map(lambda count: [{"MobileNumber": "+48601000001"}] * count)
    shapes = st.one_of(
        st.tuples(st.just("/RecipientList"), missing | no_list | st.just([]) | st.lists(no_object, min_size=1) | crowd),
        st.tuples(st.sampled_from(["/RecipientList/0", "/RecipientList/1"]), no_object | st.none()),
        st.tuples(st.just("/Duplication"), no_object),
    )
    try_all(0.05, shapes, lambda shape: refuse(changed(full_body, *shape)))


def test_invalid_json_is_one_fault_of_the_whole_body(refuse: Refuse) -> None:
    text = json.dumps({"ListName": LIST, "RecipientList": [person()]}).encode()

    def check(body: bytes) -> None:
        assert refuse(body) == [""]

    try_all(0.1, broken_json(text, LIST.encode()), check)


def test_any_recipient_data_is_answered(call: Callable[[bytes], Any], organization: Organization) -> None:
    make_list(organization)
    texts = st.dictionaries(st.sampled_from(sorted(person())), st.text(characters, max_size=30), max_size=5)
    bodies = st.fixed_dictionaries(
        {"ListName": st.just(LIST), "RecipientList": st.lists(texts, min_size=1, max_size=3)}
    )

    def check(body: Any) -> None:
        response = call(json.dumps(body).encode())
        answer = json.loads(response.content)
        assert answer == SUCCESS or (answer["Errors"] and FAILED not in answer["Errors"])

    try_all(0.02, bodies, check)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/RecipientList/0/User1", "é" * 2_014),
        ("/RecipientList/0/User10", "two\nlines"),
        ("/RecipientList/0/Title", "t" * 255),
        ("/RecipientList/0/MobileNumber", " +48601000001 "),
        ("/Duplication/Limit", 0),
        ("/Duplication/Limit", None),
        ("/Duplication", None),
    ],
)
def test_values_at_the_limit_are_accepted(client: Client, full_body: dict[str, Any], place: str, value: Any) -> None:
    add: Add = adding_by(client)
    body = changed(full_body, place, value)
    assert add(*body.pop("RecipientList"), **body).json() == SUCCESS


def test_a_body_beyond_10_mb_is_refused_in_the_dialects_shape(client: Client, organization: Organization) -> None:
    response = client.post(PATH, b"x" * (10 * 1024 * 1024 + 1), content_type="application/json")
    assert (response.status_code, response.json()) == (413, {"Errors": ["The body is larger than 10 MB."]})
