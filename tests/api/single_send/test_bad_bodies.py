"""Thousands of bad single-send bodies: each is refused with all its faults, and nothing is written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.single_send.views import SingleSends
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Survey
from tests.support.api.bad_bodies import broken_json, count_rows, try_all
from tests.support.api.bad_values import (
    holding,
    in_text,
    letters,
    longer_than,
    missing,
    no_boolean,
    no_data,
    no_email,
    no_line,
    no_list,
    no_moment,
    no_object,
)
from tests.support.api.bodies import changed
from tests.support.api.single_send import PATH, set_defaults

Refuse = Callable[[Any], list[str]]
NO_TEXT_OF_OURS = st.integers() | st.booleans() | st.lists(st.integers(), max_size=2)
WRONG = {
    "/form_id": in_text(longer_than(255) | holding("\0")) | missing,
    "/channel": in_text(letters.filter(lambda text: text not in ("email", "sms", "whatsapp"))),
    "/send": no_boolean,
    "/scheduled_at": in_text(no_moment),
    "/expires_at": in_text(no_moment),
    "/type": in_text(letters.filter(lambda text: text not in ("one_time", "anonymous"))),
    **{
        f"/recipients/{position}/{name}": wrong
        for position in range(2)
        for name, wrong in {
            "email": in_text(no_email),
            "phone_number": in_text(st.text("0123456789 -()", min_size=1) | holding("\0", " ", "+")),
            "name": in_text(no_line),
            "locale": in_text(st.text("abcPL_-1", min_size=3, max_size=4) | longer_than(5)),
            "attributes": no_data,
            "attributes/email_subject": NO_TEXT_OF_OURS | longer_than(150) | holding("\n", "\r", "\0"),
            "attributes/intro_message": NO_TEXT_OF_OURS | longer_than(300) | holding("\0"),
            "attributes/thank_you_message": NO_TEXT_OF_OURS | longer_than(10_000) | holding("\0"),
            "attributes/thank_you_link_text": NO_TEXT_OF_OURS | longer_than(255) | holding("\n", "\0"),
            "attributes/thank_you_link_url": NO_TEXT_OF_OURS
            | letters
            | longer_than(2_000)
            | st.builds("javascript:{}".format, letters)
            | st.builds("https://app.example/{} {}".format, letters, letters),
            "last_sent_at": in_text(no_moment),
        }.items()
    },
}


@pytest.fixture
def full_body(
    survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> dict[str, Any]:
    """A valid body with every field."""
    set_defaults(accounts, templates)
    recipient = {
        "email": "ann@example.com",
        "phone_number": "+17132746524",
        "name": "Ann Ono",
        "locale": "pl",
        "attributes": {
            "plan": "pro",
            "email_subject": "We would love your feedback!",
            "intro_message": "It will only take a minute.",
            "thank_you_message": "Thank you for your time!",
            "thank_you_link_text": "Back to app",
            "thank_you_link_url": "https://app.example.com",
        },
        "last_sent_at": "2024-09-01T09:00:00Z",
    }
    return {
        "form_id": str(survey.pk),
        "recipients": [recipient, {**recipient, "email": "bob@example.com"}],
        "channel": "email",
        "send": True,
        "scheduled_at": "2030-09-01T09:00:00Z",
        "expires_at": "2030-09-15T23:59:59Z",
        "type": "one_time",
    }


@pytest.fixture
def call(organization: Organization) -> Callable[[bytes], Any]:
    """The view, called with an authenticated key."""
    view, requests = SingleSends.as_view(), APIRequestFactory()
    key, _shown = create_api_key(organization, "tests", [Scope.SEND])
    key.read_at = database_now()

    def make(body: bytes) -> Any:
        request = requests.post(PATH, body, content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # annotated as DRF's Token
        return view(request).render()

    return make


@pytest.fixture
def refuse(call: Callable[[bytes], Any], full_body: dict[str, Any]) -> Refuse:
    """Call with a bad body, and return the pointers of its faults."""
    before = count_rows()

    def check(body: Any) -> list[str]:
        response = call(body if isinstance(body, bytes) else json.dumps(body).encode())
        assert 400 <= response.status_code < 500
        assert response["Content-Type"] == "application/problem+json"
        faults = json.loads(response.content)["errors"]
        assert faults
        assert all(fault["code"] and fault["detail"] for fault in faults)
        assert count_rows() == before
        return [fault["pointer"] for fault in faults]

    return check


def test_the_full_body_is_valid(call: Callable[[bytes], Any], full_body: dict[str, Any]) -> None:
    assert call(json.dumps(full_body).encode()).status_code == 201


def test_every_wrong_value_is_reported(refuse: Refuse, full_body: dict[str, Any]) -> None:
    mistakes = st.lists(st.sampled_from(sorted(WRONG)), min_size=1, max_size=4, unique=True).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: WRONG[pointer] for pointer in pointers})
    )

    def check(mistake: dict[str, Any]) -> None:
        # A pointer inside a value that was replaced does not exist any more.
        wrong = {
            pointer: value
            for pointer, value in mistake.items()
            if not (pointer.count("/") == 4 and _whole(pointer) in mistake)
        }
        body = full_body
        for pointer, value in wrong.items():
            body = changed(body, pointer, value)
        pointers = refuse(body)
        for pointer in wrong:
            assert any(name == pointer or name.startswith(f"{pointer}/") for name in pointers)

    try_all(0.2, mistakes, check)


def _whole(pointer: str) -> str:
    return pointer.rpartition("/")[0]


def test_wrong_shapes_are_refused(refuse: Refuse, full_body: dict[str, Any]) -> None:
    nobody = st.dictionaries(st.sampled_from(["email", "phone_number", "name"]), st.none(), max_size=3)
    crowd = st.integers(1_001, 1_100).map(lambda count: [{"email": "a@example.com"}] * count)
    people = st.lists(nobody | no_object | st.none(), min_size=1, max_size=5)
    shapes = st.one_of(
        st.tuples(st.just("/recipients"), missing | no_list | st.just([]) | people | crowd),
        st.tuples(st.sampled_from(["/recipients/0", "/recipients/1"]), nobody | no_object | st.none()),
    )
    try_all(0.1, shapes, lambda shape: refuse(changed(full_body, *shape)))


def test_invalid_json_is_one_fault_of_the_whole_body(refuse: Refuse, full_body: dict[str, Any]) -> None:
    def check(body: bytes) -> None:
        assert refuse(body) == [""]

    # The texts have no structural characters, so removing one leaves invalid JSON.
    plain = {"form_id": full_body["form_id"], "recipients": [{"email": "ann@example.com", "name": "Ann"}], "send": True}
    try_all(0.2, broken_json(json.dumps(plain).encode(), b"Ann"), check)
