"""POST /api/v1/distributions with wrong values of every kind: each is named."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.native.distributions.views import Distributions
from distributor.engine.infrastructure.clock import database_now
from tests.api.native.create_distribution.conftest import PATH, Post
from tests.support.api.bad_values import (
    characters,
    is_no_blank,
    no_boolean,
    no_list,
    no_object,
    no_text,
    numbers,
    small_json,
)
from tests.support.api.bodies import changed, rows_written


def independent(pointers: list[str]) -> list[str]:
    """Return pointers that can be judged side by side: whether a step may have a delay depends on its kind."""
    return [pointer for pointer in pointers if pointer != "/steps/0/delayMinutes" or "/steps/0/kind" not in pointers]


@pytest.fixture
def refuse(organization: Organization, full: dict[str, Any]) -> Post:
    """Call the view with a bad body; the pointers of what it is refused for."""
    view, requests = Distributions.as_view(), APIRequestFactory()
    key, _shown = create_api_key(organization, "tests", [Scope.SEND])
    key.read_at = database_now()
    before = rows_written()

    def check(body: Any) -> list[str]:
        request = requests.post(PATH, json.dumps(body), content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # DRF's own Token, it thinks
        response = view(request).render()
        assert 400 <= response.status_code < 500, body
        faults = json.loads(response.content)["errors"]
        assert faults
        assert all(fault["code"] and fault["detail"] for fault in faults)
        assert rows_written() == before
        return [fault["pointer"] for fault in faults]

    return check


NO_UUID = st.text(characters, max_size=20) | numbers | no_object
NO_MOMENT = (st.sampled_from(["2030-05-01", "2030-05-01T09:00:00", "now"]) | numbers | no_object).filter(is_no_blank)


WRONG_VALUES = {
    "/surveyId": NO_UUID | st.none() | st.uuids().map(str),
    "/name": no_text | st.text("x", min_size=256, max_size=300),
    "/steps": no_list | st.just([]),
    "/steps/0": no_object,
    "/steps/0/channel": NO_UUID,
    "/steps/0/providerIds": no_list | st.just([]),
    "/steps/0/weights": no_list,
    "/steps/0/fixedSplit": no_boolean,
    "/steps/0/templateId": NO_UUID,
    "/steps/0/kind": NO_UUID,
    "/steps/0/delayMinutes": st.integers(),
    "/steps/0/subject": no_text | st.text("x", min_size=256, max_size=300) | st.just("${contact.name}"),
    "/steps/0/priority": st.integers(max_value=0) | st.integers(11),
    "/steps/0/fallbackDelayMinutes": st.integers(max_value=-1) | st.integers(525_601),
    "/channelMode": NO_UUID,
    "/stopsOn": NO_UUID,
    "/audience": no_object | st.none() | st.just({}),
    "/audience/listId": st.uuids().map(str),
    "/audience/contacts/0/email": st.sampled_from(["@", "a b@example.com", "x"]),
    "/audience/contacts/0/sendAt": NO_MOMENT,
    "/audience/contacts/1": no_object | st.none() | st.just({}),
    "/scheduledAt": NO_MOMENT,
    "/notAfter": NO_MOMENT,
    "/expiresAt": NO_MOMENT,
    "/rules": no_object,
    "/rules/recentContactDays": st.integers(max_value=0) | st.integers(366),
    "/throttle": no_object,
    "/throttle/minutes": st.integers(max_value=-1) | st.integers(525_601) | st.none(),
    "/linkType": NO_UUID,
    "/send": no_boolean,
    "/unknown": small_json,
}


def is_named_by(pointer: str, named: list[str]) -> bool:
    """A fault of what lies below counts, and of an audience that is not one."""
    return any(one == pointer or one.startswith(f"{pointer}/") or pointer.startswith(f"{one}/") for one in named)


def test_wrong_values_are_all_named(refuse: Post, full: dict[str, Any]) -> None:
    # Which delay is right depends on the kind, so the delay is only checked where the kind is right.
    kind_and_delay = {"/steps/0/kind", "/steps/0/delayMinutes"}
    pointer_lists = st.lists(st.sampled_from(sorted(WRONG_VALUES)), min_size=1, max_size=3, unique=True)
    mistakes = pointer_lists.filter(lambda pointers: not kind_and_delay.issubset(pointers)).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: WRONG_VALUES[pointer] for pointer in independent(pointers)})
    )

    @settings(max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mistakes)
    def try_one(mistake: dict[str, Any]) -> None:
        body = full
        for pointer, value in sorted(mistake.items(), reverse=True):
            body = changed(body, pointer, value)
        named = refuse(body)
        for pointer in mistake:
            assert is_named_by(pointer, named), (pointer, named)

    try_one()
