"""Bad bodies of lists and links: each is refused in the published shape, and nothing is written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from rest_framework.test import APIRequestFactory, force_authenticate

from contacts.api_keys import create_api_key
from contacts.models import Contact, MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.distributions.sms import SmsDistributions
from distributor.api.dialects.distributions_v3.distributions.views import Distributions
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists.contacts import ListContacts
from tests.support.api.bad_bodies import broken_json, count_rows, try_all
from tests.support.api.bad_values import (
    in_text,
    letters,
    longer_than,
    missing,
    no_boolean,
    no_data,
    no_email,
    no_line,
    no_moment,
    no_object,
    no_text,
    small_json,
)
from tests.support.api.bodies import changed

Call = Callable[[str, bytes], Any]
Refuse = Callable[[str, Any], list[str]]

# One character too few or too many, another prefix, or a character that ids do not have.
no_id = in_text(st.from_regex(r"\A(SV|CG|CID|MS|UR|EMD)_[0-9A-Za-z]{1,14}\Z") | letters | st.just("XX_000000000000000"))
no_moment_given = in_text(no_moment.filter(bool))
no_link_type = in_text(letters.filter(lambda text: text not in ("Individual", "Multiple", "Anonymous")))

WRONG: dict[str, dict[str, SearchStrategy[Any]]] = {
    "send": {
        "/message/libraryId": no_id,
        "/message/messageId": no_id | missing,
        "/recipients/mailingListId": no_id,
        "/recipients/contactId": no_id,
        "/header/fromEmail": in_text(no_email),
        "/header/fromName": in_text(no_line),
        "/header/replyToEmail": in_text(no_email),
        "/header/subject": in_text(no_line | st.builds("${{{}}}".format, letters)),
        "/surveyLink/surveyId": no_id | missing,
        "/surveyLink/expirationDate": no_moment_given,
        "/surveyLink/type": no_link_type,
        "/sendDate": no_moment_given,
        "/dryRun": no_boolean,
    },
    "links": {
        "/action": in_text(letters.filter(lambda text: text != "CreateDistribution")) | st.none(),
        "/surveyId": no_id | missing,
        "/linkType": no_link_type,
        "/description": in_text(no_line),
        "/embeddedData": no_data,
        "/expirationDate": no_moment_given,
        "/mailingListId": no_id,
        "/contactId": no_id,
        "/dryRun": no_boolean,
    },
    "sms": {
        "/method": in_text(letters.filter(lambda text: text not in ("Invite", "Reminder", "ThankYou"))) | missing,
        "/surveyId": no_id | missing,
        "/name": in_text(no_line),
        "/embeddedData": no_data,
        "/message/messageId": no_id | missing,
        "/recipients/mailingListId": no_id,
        "/sendDate": no_moment_given,
        "/surveyLinkType": no_link_type,
        "/expirationDate": no_moment_given,
        "/dryRun": no_boolean,
    },
    "contact": {
        "/firstName": in_text(no_line),
        "/lastName": in_text(no_line),
        "/email": in_text(no_email),
        "/phone": no_text,  # a text that is no number is left out, with a warning
        "/extRef": in_text(longer_than(255)),
        "/language": in_text(longer_than(35) | st.sampled_from(["!", "e", "en_GB", "en-", "-en", "en GB"])),
        "/embeddedData": no_data,
        "/unsubscribed": no_boolean,
    },
}


@pytest.fixture
def bodies(
    send_body: dict[str, Any], links_body: dict[str, Any], sms_body: dict[str, Any], crowd: list[Contact]
) -> dict[str, dict[str, Any]]:
    """A valid body of each kind with every field."""
    contact_id = public_id(Kind.CONTACT, crowd[0].pk)
    return {
        "send": changed(
            {**send_body, "sendDate": "2029-01-01T00:00:00Z", "dryRun": False}, "/recipients/contactId", contact_id
        ),
        "links": {**links_body, "contactId": contact_id, "embeddedData": {"ward": "B"}, "dryRun": False},
        "sms": {
            **sms_body,
            "embeddedData": {"ward": "B"},
            "surveyLinkType": "Multiple",
            "expirationDate": "2030-01-01 00:00:00",
            "dryRun": False,
        },
        "contact": {
            "firstName": "Ann",
            "lastName": "Ono",
            "email": "ann@example.com",
            "phone": "+48600000001",
            "extRef": "PAT-1",
            "embeddedData": {"ward": "B"},
            "language": "pl",
            "unsubscribed": False,
        },
    }


@pytest.fixture
def call(organization: Organization, mailing_list: MailingList) -> Call:
    """The view of a kind of body, called with an authenticated key."""
    key, _shown = create_api_key(organization, "tests", list(Scope))
    views = {
        "send": Distributions.as_view(),
        "links": Distributions.as_view(),
        "sms": SmsDistributions.as_view(),
        "contact": ListContacts.as_view(),
    }
    path = {
        "directory_id": public_id(Kind.DIRECTORY, organization.pk),
        "list_id": public_id(Kind.MAILING_LIST, mailing_list.pk),
    }

    def make(kind: str, body: bytes) -> Any:
        request = APIRequestFactory().post("/", body, content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # annotated as DRF's Token
        return views[kind](request, **(path if kind == "contact" else {})).render()

    return make


@pytest.fixture
def refuse(call: Call, bodies: dict[str, dict[str, Any]]) -> Refuse:
    """Call with a bad body, and return the pointers of its faults."""
    before = count_rows()

    def check(kind: str, body: Any) -> list[str]:
        response = call(kind, body if isinstance(body, bytes) else json.dumps(body).encode())
        meta = json.loads(response.content)["meta"]
        assert (response.status_code, meta["httpStatus"]) == (400, "400 - Bad Request")
        faults = meta["error"]["errors"]
        assert faults
        assert all(fault["code"] and fault["detail"] for fault in faults)
        details = [fault["detail"].rstrip(".") for fault in faults if fault["code"] != "extra_forbidden"]
        assert all(text in meta["error"]["errorMessage"] for text in details)
        assert count_rows() == before
        return [fault["pointer"] for fault in faults]

    return check


@pytest.mark.parametrize("kind", WRONG)
def test_the_full_body_is_valid(call: Call, bodies: dict[str, dict[str, Any]], kind: str) -> None:
    assert call(kind, json.dumps(bodies[kind]).encode()).status_code == 200


@pytest.mark.parametrize("kind", WRONG)
def test_every_wrong_value_is_reported(refuse: Refuse, bodies: dict[str, dict[str, Any]], kind: str) -> None:
    wrong = WRONG[kind]
    mistakes = st.lists(st.sampled_from(sorted(wrong)), min_size=1, max_size=4, unique=True).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: wrong[pointer] for pointer in pointers})
    )

    def check(mistake: dict[str, Any]) -> None:
        body = bodies[kind]
        for pointer, value in mistake.items():
            body = changed(body, pointer, value)
        pointers = refuse(kind, body)
        for pointer in mistake:
            assert any(name == pointer or name.startswith(f"{pointer}/") for name in pointers)

    try_all(0.05, mistakes, check)


@pytest.mark.parametrize("kind", WRONG)
def test_an_unknown_key_is_reported(refuse: Refuse, bodies: dict[str, dict[str, Any]], kind: str) -> None:
    extras = st.dictionaries(st.text("xyz", min_size=1, max_size=5), small_json, min_size=1, max_size=2)

    def check(extra: dict[str, Any]) -> None:
        assert {f"/{name}" for name in extra} == set(refuse(kind, {**extra, **bodies[kind]}))

    try_all(0.01, extras, check)


@pytest.mark.parametrize("pointer", ["/message", "/recipients", "/surveyLink", "/header"])
def test_wrong_shapes_are_refused(refuse: Refuse, bodies: dict[str, dict[str, Any]], pointer: str) -> None:
    shapes: SearchStrategy[Any] = no_object if pointer == "/header" else no_object | missing | st.just({})
    try_all(0.01, shapes, lambda shape: refuse("send", changed(bodies["send"], pointer, shape)))


@pytest.mark.parametrize("kind", ["send", "sms", "contact"])
def test_invalid_json_is_one_fault_of_the_whole_body(
    refuse: Refuse, bodies: dict[str, dict[str, Any]], kind: str
) -> None:
    text = json.dumps(bodies["contact"] if kind == "contact" else {"method": "Ann"}).encode()

    def check(body: bytes) -> None:
        assert refuse(kind, body) == [""]

    try_all(0.02, broken_json(text, b"Ann"), check)
