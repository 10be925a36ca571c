"""Bad bodies for every native call that takes one: each is refused with its faults named, and writes nothing.

Every one is a good body with something done to it that makes it bad. The bodies are the same in every run.
BAD_BODIES=1000 in the environment tries fewer, any other number so many.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from contacts.models.api_key import Scope
from distributor.api.native.contacts.views import ContactDetail, Contacts
from distributor.api.native.lists.members import ListMembers
from distributor.api.native.lists.views import MailingListDetail, MailingLists
from distributor.api.native.providers.views import ProviderDetail, Providers
from distributor.api.native.suppressions.views import Suppressions
from distributor.api.native.surveys.views import SurveyDetail, Surveys
from distributor.api.native.templates.views import TemplateDetail, Templates
from distributor.models import Survey
from tests.support.api.bad_bodies import try_all
from tests.support.api.bad_resources import ONCE, WRONG
from tests.support.api.bad_values import lists, numbers, texts
from tests.support.api.bodies import changed
from tests.support.api.resources import BODIES, make

WRITTEN = (Contact, MailingList, Membership, Template, TemplateVariant, ProviderAccount, Suppression, Survey)
SNAPSHOT = "SELECT " + " || ".join(
    f"coalesce((SELECT string_agg(one::text, ',' ORDER BY one::text) FROM {model._meta.db_table} AS one), '')"
    for model in WRITTEN
)
POSTS: dict[str, type[APIView]] = {
    "surveys": Surveys,
    "contacts": Contacts,
    "lists": MailingLists,
    "templates": Templates,
    "providers": Providers,
    "suppressions": Suppressions,
}
PATCHES: dict[str, tuple[type[APIView], str]] = {
    "surveys": (SurveyDetail, "survey_id"),
    "contacts": (ContactDetail, "contact_id"),
    "lists": (MailingListDetail, "list_id"),
    "templates": (TemplateDetail, "template_id"),
    "providers": (ProviderDetail, "provider_id"),
    "members": (ListMembers, "list_id"),
}
CALLS = [*(("POST", resource) for resource in POSTS), *(("PATCH", resource) for resource in PATCHES)]
# A quarter as many bodies as the quick call gets, shared by the calls and the two families of each.
SHARE = 0.125 / len(CALLS)

Call = Callable[[bytes], Any]
Refuse = Callable[[Any], list[str]]


@pytest.fixture
def made(client: Client, organization: Organization) -> dict[str, str]:
    """The id of a row of each resource."""
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    ids = {resource: make(client, resource)["id"] for resource in BODIES}
    return {**ids, "members": ids["lists"]}


@pytest.fixture(params=CALLS, ids=lambda call: "-".join(call))
def named(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A call, by its method and resource."""
    call: tuple[str, str] = request.param
    return call


@pytest.fixture
def good(named: tuple[str, str], made: dict[str, str]) -> dict[str, Any]:
    """A body that says everything that the call can be told."""
    method, resource = named
    if resource == "members":
        return {"add": [made["contacts"]], "remove": []}
    fixed = [pointer[1:] for pointer in ONCE.get(resource, {})] if method == "PATCH" else []
    return {name: value for name, value in BODIES[resource].items() if name not in fixed}


@pytest.fixture
def call(named: tuple[str, str], made: dict[str, str], organization: Organization) -> Call:
    """The view itself, for a caller whose key has been looked at."""
    method, resource = named
    view, named_by = (POSTS[resource], "") if method == "POST" else PATCHES[resource]
    key, _shown = create_api_key(organization, "bad bodies", [Scope.MANAGE])
    requests = APIRequestFactory()
    make_request = requests.post if method == "POST" else requests.patch

    def send(body: bytes) -> Any:
        request = make_request("/", body, content_type="application/json")
        force_authenticate(request, AnonymousUser(), key)  # type: ignore[arg-type]  # DRF's own Token, it thinks
        return view.as_view()(request, **({named_by: made[resource]} if named_by else {})).render()

    return send


@pytest.fixture
def refuse(call: Call) -> Refuse:
    """Call with a bad body; gives the pointers of the faults that it is refused for."""
    before = snapshot()

    def check(body: Any) -> list[str]:
        response = call(body if isinstance(body, bytes) else json.dumps(body).encode())
        assert response.status_code == 400, response.content
        assert response["Content-Type"] == "application/problem+json"
        faults = json.loads(response.content)["errors"]
        assert faults
        assert all(fault["code"] and fault["detail"] for fault in faults)
        assert all(fault["pointer"] == "" or fault["pointer"].startswith("/") for fault in faults)
        assert snapshot() == before
        return [fault["pointer"] for fault in faults]

    return check


def snapshot() -> str:
    """All that the calls could have written."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        text: str = cursor.fetchone()[0]
    return text


def test_the_body_that_is_made_bad_is_good(call: Call, good: dict[str, Any]) -> None:
    assert call(json.dumps(good).encode()).status_code in (200, 201)


def test_wrong_values_are_all_named(named: tuple[str, str], refuse: Refuse, good: dict[str, Any]) -> None:
    method, resource = named
    wrong = WRONG[resource] | (ONCE.get(resource, {}) if method == "POST" else {})
    mistakes = st.lists(st.sampled_from(sorted(wrong)), min_size=1, max_size=3, unique=True).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: wrong[pointer] for pointer in independent(pointers)})
    )

    def check(mistake: dict[str, Any]) -> None:
        body = good
        for pointer, value in mistake.items():
            body = changed(body, pointer, value)
        faults = refuse(body)
        for pointer in mistake:
            assert any(one == pointer or one.startswith(f"{pointer}/") for one in faults)

    try_all(SHARE, mistakes, check)


def independent(pointers: list[str]) -> list[str]:
    """Those that can be judged side by side: without a channel, nobody knows what an address is."""
    for decides in ("/kind", "/channel", "/variants"):
        if decides in pointers:
            return [decides, *({"/name"} & {*pointers})]
    return pointers


def test_what_is_no_object_is_refused_as_a_whole(refuse: Refuse, good: dict[str, Any]) -> None:
    text = json.dumps(good).encode()
    anywhere = st.integers(0, len(text) - 1)
    depths = st.integers(201, 3_000)
    broken = st.one_of(
        anywhere.map(lambda end: text[:end]),
        st.builds(
            lambda at, byte: text[:at] + bytes([byte]) + text[at:], anywhere, st.sampled_from([0, 1, 0x80, 0xFF])
        ),
        st.builds(lambda tail: text + tail, st.sampled_from([b"}", b"]", b",", b"x", b"{}", b"\0", b"null"])),
        depths.map(lambda depth: text[:-1] + b', "more": ' + b"[" * depth + b"]" * depth + b"}"),
        (lists | numbers | texts | st.booleans() | st.none()).map(lambda root: json.dumps(root).encode()),
        st.binary(max_size=100).map(lambda junk: junk + b"\xff"),
    )

    def check(body: bytes) -> None:
        assert refuse(body) == [""]

    try_all(SHARE, broken, check)
