"""Ten thousand bad bodies: each is refused with all its faults, and nothing is written.

Each is a valid body with one change that makes it invalid. The bodies are the same in every run. The environment
variable BAD_BODIES sets their number, for example BAD_BODIES=1000.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from rest_framework.test import APIRequestFactory, force_authenticate

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Contact, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.quick.views import QuickDistributions
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Survey
from tests.support.api.bad_bodies import broken_json, count_rows, try_all
from tests.support.api.bad_values import WRONG, characters, missing, no_list, no_object, small_json
from tests.support.api.bodies import changed

Refuse = Callable[[Any], list[str]]


@pytest.fixture
def full_body(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> dict[str, Any]:
    """A valid body with every field."""
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    contact = {
        "externalId": "PAT-1",
        "contactId": str(known.pk),
        "email": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Ono",
        "phone": "+48600000001",
        "embeddedData": {"ward": "B", "visits": [1, 2.5, None, True]},
    }
    return {
        "surveyId": str(survey.pk),
        "contacts": [contact, {**contact, "externalId": "PAT-2"}],
        "channels": [
            {
                "channel": channel.value,
                "providerId": str(accounts[channel].pk),
                "templateId": str(templates[channel].pk),
                "priority": priority,
                "fromEmail": "ward@acme.example",
                "fromName": "Ward B",
                "replyToEmail": "desk@acme.example",
                "fallbackDelayMinutes": 60,
            }
            for priority, channel in enumerate((Channel.EMAIL, Channel.SMS), start=1)
        ],
        "channelMode": "multi",
        "settings": {
            "excludeOptedOut": True,
            "respectFrequencyRules": True,
            "excludeRecentlyContacted": False,
            "recentContactDays": 30,
        },
        "name": "CSAT",
    }


@pytest.fixture
def call(organization: Organization, survey: Survey) -> Callable[[bytes], Any]:
    """The view, called with an authenticated key."""
    view, requests = QuickDistributions.as_view(), APIRequestFactory()
    key, _shown = create_api_key(organization, "tests", [Scope.SEND])
    key.read_at = database_now()
    path = f"/api/surveys/{survey.pk}/distributions/quick"

    def make(body: bytes) -> Any:
        request = requests.post(path, body, content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # annotated as DRF's Token
        return view(request, survey_id=str(survey.pk)).render()

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
        assert all(fault["pointer"] == "" or fault["pointer"].startswith("/") for fault in faults)
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
        body = full_body
        for pointer, value in mistake.items():
            body = changed(body, pointer, value)
        pointers = refuse(body)
        for pointer in mistake:
            assert any(name == pointer or name.startswith(f"{pointer}/") for name in pointers)

    try_all(0.25, mistakes, check)


def test_wrong_shapes_are_refused(refuse: Refuse, full_body: dict[str, Any]) -> None:
    crowd = st.builds(
        lambda name, count: [{"externalId": name}] * count, st.text(characters, max_size=3), st.integers(1_001, 1_100)
    )
    nobody = st.dictionaries(st.sampled_from(["externalId", "email", "contactId"]), st.none(), max_size=3) | st.builds(
        lambda name: {"firstName": name, "externalId": " "}, st.text("abc", max_size=9)
    )
    people = st.lists(nobody | no_object | st.none(), min_size=1, max_size=5)
    channels: SearchStrategy[Any] = st.lists(no_object | st.none() | st.just({}), min_size=1, max_size=12)
    shapes = st.one_of(
        st.tuples(st.just("/contacts"), missing | no_list | st.just([]) | people | crowd),
        st.tuples(st.just("/channels"), missing | no_list | st.just([]) | channels),
        st.tuples(st.sampled_from(["/contacts/0", "/contacts/1"]), nobody | no_object | st.none()),
        st.tuples(st.sampled_from(["/channels/0", "/channels/1"]), no_object | st.none() | st.just({})),
        st.tuples(st.just("/channels"), st.integers(11, 40).map(lambda count: full_body["channels"][:1] * count)),
        st.tuples(st.just("/settings"), no_object),
    )
    try_all(0.2, shapes, lambda shape: refuse(changed(full_body, *shape)))


def test_invalid_json_is_one_fault_of_the_whole_body(refuse: Refuse, full_body: dict[str, Any]) -> None:
    text = json.dumps(full_body).encode()

    def check(body: bytes) -> None:
        assert refuse(body) == [""]

    try_all(0.35, broken_json(text, b"Ann"), check)


def test_the_last_of_two_equal_keys_counts(refuse: Refuse, full_body: dict[str, Any]) -> None:
    text = json.dumps(full_body)
    roots = ["/surveyId", "/channelMode", "/scheduledAt", "/name"]
    again = st.sampled_from(roots).flatmap(
        lambda pointer: st.tuples(st.just(pointer), WRONG[pointer].filter(lambda value: type(value) is not object))
    )
    containers = st.tuples(st.just("/contacts"), no_list) | st.tuples(st.just("/settings"), no_object)

    def check(last: tuple[str, Any]) -> None:
        pointer, value = last
        body = f"{text[:-1]}, {json.dumps(pointer[1:])}: {json.dumps(value)}}}"
        assert refuse(body.encode())[0] == pointer

    try_all(0.1, again | containers, check)


def test_every_unknown_id_is_reported(refuse: Refuse, full_body: dict[str, Any]) -> None:
    pointers = [
        "/surveyId",
        *(f"/contacts/{position}/contactId" for position in range(2)),
        *(f"/channels/{position}/{name}" for position in range(2) for name in ("providerId", "templateId")),
    ]
    names = st.dictionaries(st.sampled_from(pointers), st.uuids().map(str), min_size=1)
    extras = st.dictionaries(st.text("xyz", min_size=1, max_size=5), small_json, max_size=2)

    def check(mistakes: tuple[dict[str, str], dict[str, Any]]) -> None:
        wrong, extra = mistakes
        body = {**extra, **full_body}
        for pointer, value in wrong.items():
            body = changed(body, pointer, value)
        assert set(refuse(body)) == set(wrong)

    try_all(0.1, st.tuples(names, extras), check)
