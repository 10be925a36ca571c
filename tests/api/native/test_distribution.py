"""POST /api/v1/distributions and POST /api/v1/links."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.keys import create_api_key
from contacts.models import Contact, MailingList, Membership, Organization
from contacts.models.api_key import Scope
from distributor.api.native.distributions.views import Distributions
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, StepAccount, Survey
from tests.support.api.bad_values import characters, no_boolean, no_list, no_object, no_text, numbers, small_json
from tests.support.api.bodies import NOT_GIVEN, changed, faults_in, people, rows_written
from tests.support.engine.people import dispatch

MOMENT = "2030-05-01T09:00:00+02:00"
PATH = "/api/v1/distributions"
NOBODY = "01a20000-0000-7000-8000-000000000000"  # a constant: every worker of xdist collects the same tests
SMS_STEP: Any = {"channel": "sms", "providerIds": [NOBODY], "templateId": NOBODY}

Post = Callable[[Any], Any]


@pytest.fixture
def step(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> dict[str, Any]:
    return {
        "channel": "email",
        "providerIds": [str(accounts[Channel.EMAIL].pk)],
        "templateId": str(templates[Channel.EMAIL].pk),
    }


@pytest.fixture
def sending(survey: Survey, step: dict[str, Any]) -> dict[str, Any]:
    """To one person, by e-mail."""
    return {"surveyId": str(survey.pk), "steps": [step], "audience": {"contacts": people(1)}}


@pytest.fixture
def full(sending: dict[str, Any], organization: Organization, accounts: dict[Channel, ProviderAccount]) -> Any:
    """A body that says everything that can be said."""
    second = ProviderAccount.objects.create(organization=organization, name="2", kind="sandbox", channel="email")
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    contact = {
        "contactId": str(known.pk),
        "externalId": "PAT-1",
        "email": "ann@example.com",
        "phone": "+48600000001",
        "firstName": "Ann",
        "lastName": "Ono",
        "embeddedData": {"ward": "B"},
        "sendAt": MOMENT,
        "lastSentAt": "2026-01-01T00:00:00Z",
        "locale": "pl",
    }
    step = {
        **sending["steps"][0],
        "providerIds": [str(accounts[Channel.EMAIL].pk), str(second.pk)],
        "weights": [3, 1],
        "priority": 2,
        "fromEmail": "ward@acme.example",
        "fromName": "Ward B",
        "replyToEmail": "desk@acme.example",
        "subject": "${contact:firstName|You}, how was it?",
        "fallbackDelayMinutes": 60,
    }
    return {
        **sending,
        "name": "CSAT",
        "steps": [step],
        "channelMode": "multi",
        "audience": {"contacts": [contact, {"externalId": "PAT-2", "email": "bob@example.com"}]},
        "scheduledAt": "2030-05-01T08:00:00Z",
        "notAfter": "2030-05-02T08:00:00Z",
        "expiresAt": "2030-06-01T08:00:00Z",
        "rules": {"excludeOptedOut": True, "respectFrequencyRules": False, "recentContactDays": 7},
        "throttle": {"minutes": 90, "policy": "skip"},
        "linkType": "anonymous",
        "send": True,
    }


@pytest.fixture
def post_it(client: Client) -> Post:
    return lambda body: client.post(PATH, json.dumps(body), content_type="application/json")


@pytest.fixture
def crowd(organization: Organization) -> list[Contact]:
    rows = [Contact(organization=organization, external_id=str(n), email=f"c{n}@example.com") for n in range(4)]
    return Contact.objects.bulk_create(rows)


@pytest.fixture
def mailing_list(organization: Organization, crowd: list[Contact]) -> MailingList:
    made = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.bulk_create(Membership(mailing_list=made, contact=one) for one in crowd)
    return made


def test_contacts_are_accepted_with_their_links_and_sent_to(
    client: Client, post_it: Post, sending: dict[str, Any]
) -> None:
    response = post_it({**sending, "audience": {"contacts": people(2)}})
    assert response.status_code == 202, response.content
    answer = response.json()
    links = answer.pop("links")
    assert answer == client.get(f"{PATH}/{answer['id']}").json()
    assert (answer["status"], answer["source"], answer["totals"]["waiting"]) == ("sending", "native", 2)
    assert [one["externalId"] for one in links] == ["PAT-0", "PAT-1"]
    assert [one["link"].rpartition("/p/")[2] for one in links] == [one["code"] for one in links]
    assert {one["code"] for one in links} == set(Recipient.objects.values_list("code", flat=True))
    dispatch()
    assert SandboxMessage.objects.count() == 2


def test_a_link_for_several_responses_stays_open(client: Client, post_it: Post, sending: dict[str, Any]) -> None:
    [link] = post_it({**sending, "linkType": "multiple"}).json()["links"]
    path = f"/api/v1/links/{link['code']}"
    ids = set()
    for score in range(3):
        body = json.dumps({"answers": {"score": score}})
        stored = client.post(f"{path}/responses", body, content_type="application/json")
        assert stored.status_code == 201
        ids.add(stored.json()["id"])
        assert client.get(path).json()["state"] == "open"
    assert len(ids) == 3
    totals = client.get(f"{PATH}/{Distribution.objects.get().pk}").json()["totals"]
    assert totals["responded"] == 1


def test_everything_that_can_be_said_is_kept(post_it: Post, full: dict[str, Any]) -> None:
    response = post_it(full)
    assert response.status_code == 202, response.content
    row = Distribution.objects.get()
    assert (row.name, row.mode, row.link_type) == ("CSAT", "multi", "anonymous")
    assert (row.scheduled_at, row.not_after, row.expires_at) == (
        datetime(2030, 5, 1, 8, tzinfo=UTC),
        datetime(2030, 5, 2, 8, tzinfo=UTC),
        datetime(2030, 6, 1, 8, tzinfo=UTC),
    )
    assert (row.exclude_opted_out, row.respect_frequency_rules) == (True, False)
    assert (row.exclude_recently_contacted, row.recent_contact_days) == (True, 7)
    assert (row.throttle_minutes, row.throttle_policy) == (90, "skip")
    step = row.steps.get()
    assert (step.priority, step.fallback_delay_minutes) == (2, 60)
    assert (step.from_email, step.from_name, step.reply_to_email) == (
        "ward@acme.example",
        "Ward B",
        "desk@acme.example",
    )
    assert step.subject == "${contact:firstName|You}, how was it?"
    assert list(StepAccount.objects.values_list("position", "weight")) == [(0, 3), (1, 1)]
    ann = Recipient.objects.get(contact__external_id="PAT-1")
    assert (ann.locale, ann.attributes, ann.baseline_sent_at) == ("pl", {"ward": "B"}, datetime(2026, 1, 1, tzinfo=UTC))
    assert ann.batch.due_at == datetime(2030, 5, 1, 8, tzinfo=UTC)
    assert not Contact.objects.filter(embedded_data__has_any_keys=["send_at", "locale"]).exists()


def test_null_counts_as_not_given(post_it: Post, sending: dict[str, Any]) -> None:
    optional = (
        "name",
        "channelMode",
        "stopsOn",
        "scheduledAt",
        "notAfter",
        "expiresAt",
        "rules",
        "throttle",
        "linkType",
        "send",
    )
    response = post_it({**sending, **dict.fromkeys(optional)})
    assert response.status_code == 202, response.content
    row = Distribution.objects.get()
    assert (row.mode, row.link_type, row.throttle_minutes) == ("single", "one_time", None)


def test_a_list_that_fits_into_a_chunk_is_expanded_in_the_call(
    client: Client, post_it: Post, sending: dict[str, Any], mailing_list: MailingList
) -> None:
    response = post_it({**sending, "audience": {"listId": str(mailing_list.pk)}})
    assert response.status_code == 202, response.content
    answer = response.json()
    assert (answer["status"], answer["links"], answer["totals"]["accepted"]) == ("sending", None, 4)
    assert answer["mailingListId"] == str(mailing_list.pk)
    assert client.get(f"{PATH}/{answer['id']}").json()["totals"] == answer["totals"]


def test_a_filter_is_accepted_at_once_and_expanded_by_workers(
    client: Client, post_it: Post, sending: dict[str, Any], crowd: list[Contact]
) -> None:
    Contact.objects.filter(pk=crowd[3].pk).update(embedded_data={"ward": "B"})
    answer = post_it({**sending, "audience": {"filter": {"embeddedData": {"ward": "B"}}}}).json()
    assert (answer["status"], answer["totals"]["accepted"]) == ("preparing", 0)
    expand_chunk(database_now())
    now = client.get(f"{PATH}/{answer['id']}").json()
    assert (now["status"], now["totals"]["waiting"]) == ("sending", 1)


def test_contacts_by_their_ids_and_by_filter(post_it: Post, sending: dict[str, Any], crowd: list[Contact]) -> None:
    Contact.objects.filter(pk=crowd[3].pk).update(embedded_data={"ward": "B", "age": 5})
    audiences = [
        {"contactIds": [str(one.pk) for one in crowd[:2]]},
        {"filter": {"embeddedData": {"ward": "B"}}},
    ]
    for audience, expected in zip(audiences, ({crowd[0].pk, crowd[1].pk}, {crowd[3].pk}), strict=True):
        answer = post_it({**sending, "audience": audience}).json()
        expand_chunk(database_now())
        found = Recipient.objects.filter(distribution=answer["id"])
        assert set(found.values_list("contact_id", flat=True)) == expected


def test_without_sending_everybody_gets_a_link_and_no_message(post_it: Post, sending: dict[str, Any]) -> None:
    answer = post_it({**sending, "send": False}).json()
    dispatch()
    assert (answer["totals"]["registered"], answer["status"], len(answer["links"])) == (1, "completed", 1)
    assert not SandboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        ("/surveyId", NOBODY, ("/surveyId", "survey_not_found")),
        ("/surveyId", NOT_GIVEN, ("/surveyId", "missing")),
        ("/steps", [], ("/steps", "too_short")),
        ("/steps/0/providerIds/0", NOBODY, ("/steps/0/providerIds", "provider_not_found")),
        ("/steps/0/templateId", NOBODY, ("/steps/0/templateId", "template_not_found")),
        ("/steps/0/subject", "${contact.firstName}", ("/steps/0/subject", "unknown_placeholder")),
        ("/steps/0", {**SMS_STEP, "subject": "Hi"}, ("/steps/0/subject", "only_of_email")),
        ("/steps/0/weights", [1, 2], ("/steps/0/weights", "not_one_each")),
        ("/steps/0/weights", [0], ("/steps/0/weights/0", "greater_than_equal")),
        ("/audience", {}, ("/audience", "not_one_audience")),
        ("/audience/listId", NOBODY, ("/audience", "not_one_audience")),
        ("/audience", {"listId": NOBODY}, ("/audience/listId", "list_not_found")),
        ("/audience", {"contactIds": [NOBODY]}, ("/audience/contactIds/0", "contact_not_found")),
        ("/audience", {"filter": {"embeddedData": {}}}, ("/audience/filter/embeddedData", "too_short")),
        ("/audience/contacts", [], ("/audience/contacts", "too_short")),
        ("/audience/contacts/0", {"firstName": "Ann"}, ("/audience/contacts/0", "no_identifier")),
        ("/audience/contacts/0/contactId", NOBODY, ("/audience/contacts/0/contactId", "contact_not_found")),
        ("/audience/contacts/0/sendAt", "2030-05-01T09:00:00", ("/audience/contacts/0/sendAt", "offset_missing")),
        ("/scheduledAt", "2030-05-01T09:00:00", ("/scheduledAt", "offset_missing")),
        ("/throttle", {"minutes": -1}, ("/throttle/minutes", "greater_than_equal")),
        ("/linkType", "eternal", ("/linkType", "literal_error")),
        ("/sendAt", MOMENT, ("/sendAt", "extra_forbidden")),
    ],
)
def test_each_fault_is_named_and_nothing_is_written(
    post_it: Post, sending: dict[str, Any], pointer: str, value: Any, fault: tuple[str, str]
) -> None:
    before = rows_written()
    response = post_it(changed(sending, pointer, value))
    assert response.status_code == 400
    assert fault in faults_in(response)
    assert rows_written() == before


def test_faults_of_every_kind_are_named_at_once(
    post_it: Post, sending: dict[str, Any], accounts: dict[Channel, ProviderAccount]
) -> None:
    sms = str(accounts[Channel.SMS].pk)
    body = {
        **sending,
        "surveyId": NOBODY,
        "steps": [{**sending["steps"][0], "providerIds": [sms]}, {"channel": "post"}],
        "audience": {"listId": NOBODY},
        "scheduledAt": "2030-05-02T08:00:00Z",
        "notAfter": "2030-05-01T08:00:00Z",
        "throttle": {"minutes": 5, "policy": "reject"},
        "channelMode": "double",
    }
    assert set(faults_in(post_it(body))) == {
        ("/surveyId", "survey_not_found"),
        ("/steps/0/providerIds", "provider_wrong_channel"),
        ("/steps/1/channel", "literal_error"),
        ("/steps/1/providerIds", "missing"),
        ("/steps/1/templateId", "missing"),
        ("/audience/listId", "list_not_found"),
        ("/notAfter", "before_schedule"),
        ("/throttle/policy", "reject_needs_contacts"),
        ("/channelMode", "literal_error"),
    }


def test_what_does_not_go_together_is_refused_when_all_else_is_right(post_it: Post, sending: dict[str, Any]) -> None:
    ends = {"scheduledAt": "2030-05-02T08:00:00Z", "expiresAt": "2030-05-01T08:00:00Z"}
    response = post_it({**sending, **ends})
    assert (response.status_code, faults_in(response)) == (400, [("/expiresAt", "before_schedule")])


def test_who_is_throttled_is_named_where_the_call_wants_that_refused(post_it: Post, sending: dict[str, Any]) -> None:
    post_it(sending)
    dispatch()
    before = rows_written()
    again = {**sending, "audience": {"contacts": people(2)}, "throttle": {"minutes": 60, "policy": "reject"}}
    response = post_it(again)
    assert (response.status_code, response.json()["code"]) == (409, "throttled")
    assert faults_in(response) == [("/audience/contacts/0", "throttled")]
    assert rows_written() == before


def test_an_address_that_is_taken_is_a_conflict(
    post_it: Post, sending: dict[str, Any], organization: Organization
) -> None:
    Contact.objects.create(organization=organization, email="taken@example.com")
    mine = Contact.objects.create(organization=organization, email="mine@example.com")
    contact = {"contactId": str(mine.pk), "email": "taken@example.com"}
    response = post_it({**sending, "audience": {"contacts": [contact]}})
    assert (response.status_code, faults_in(response)) == (409, [("/audience/contacts/0/email", "email_taken")])


@pytest.mark.parametrize("path", [PATH, "/api/v1/links"])
def test_a_phone_that_is_taken_is_a_conflict(
    client: Client, sending: dict[str, Any], organization: Organization, path: str
) -> None:
    taken, mine = (Contact.objects.create(organization=organization, phone=f"+4860000000{one}") for one in (1, 2))
    before = list(Contact.objects.order_by("pk").values())
    contact = {"contactId": str(mine.pk), "phone": taken.phone}
    body = {**sending, "audience": {"contacts": [{"externalId": "PAT-1", "phone": taken.phone}, contact]}}
    pointer = "/audience/contacts/1/phone"
    if path != PATH:
        body, pointer = (
            {"surveyId": sending["surveyId"], "steps": sending["steps"], "contact": contact},
            "/contact/phone",
        )
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "phone_taken")
    assert faults_in(response) == [(pointer, "phone_taken")]
    assert list(Contact.objects.order_by("pk").values()) == before


def test_another_organisations_things_are_not_there(
    post_it: Post, sending: dict[str, Any], organization: Organization
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = MailingList.objects.create(organization=other)
    stranger = Contact.objects.create(organization=other, external_id="X")
    for audience, fault in (
        ({"listId": str(theirs.pk)}, ("/audience/listId", "list_not_found")),
        ({"contactIds": [str(stranger.pk)]}, ("/audience/contactIds/0", "contact_not_found")),
    ):
        assert faults_in(post_it({**sending, "audience": audience})) == [fault]


def test_sending_needs_its_scope(organization: Organization, sending: dict[str, Any]) -> None:
    key = create_api_key(organization, "reader", [Scope.READ])[1]
    reader = Client(headers={"x-api-key": key})
    for path in (PATH, "/api/v1/links"):
        assert reader.post(path, json.dumps(sending), content_type="application/json").status_code == 403


@pytest.fixture
def ticked(sending: dict[str, Any]) -> None:
    """The organisation's accounts and templates are its defaults."""
    ProviderAccount.objects.update(is_default=True)
    Template.objects.update(is_default=True)


@pytest.mark.usefixtures("ticked")
@pytest.mark.parametrize("path", [PATH, "/api/v1/links"])
def test_a_repeated_call_is_answered_again_and_makes_nothing(
    client: Client, sending: dict[str, Any], mailing_list: MailingList, path: str
) -> None:
    to_list = {**sending, "audience": {"listId": str(mailing_list.pk)}}
    body = to_list if path == PATH else {"surveyId": sending["surveyId"], "contact": {"externalId": "PAT-1"}}
    first, again = (
        client.post(path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.content == again.content
    assert (first.status_code, Distribution.objects.count()) == (again.status_code, 1)


def make_link(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/api/v1/links", json.dumps(body), content_type="application/json")


@pytest.mark.usefixtures("ticked")
def test_a_link_for_one_contact_is_made_without_a_send(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    expires_at = (database_now() + timedelta(days=1)).isoformat()
    contact = {"externalId": "PAT-1", "email": "ann@example.com", "embeddedData": {"ward": "B"}, "locale": "pl"}
    response = make_link(client, {"surveyId": str(survey.pk), "contact": contact, "expiresAt": expires_at})
    assert response.status_code == 201, response.content
    made = response.json()
    context = client.get(f"/api/v1/links/{made['code']}").json()
    assert (context["state"], context["attributes"], context["locale"]) == ("open", {"ward": "B"}, "pl")
    assert (context["contact"]["id"], context["distributionId"]) == (made["contactId"], made["distributionId"])
    assert client.get(f"/p/{made['code']}").status_code == 200
    dispatch()
    assert not SandboxMessage.objects.exists()


def test_a_link_may_name_its_steps(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    body = {"surveyId": str(survey.pk), "contact": {"externalId": "PAT-1"}, "steps": [{**step, "priority": 5}]}
    assert make_link(client, body).status_code == 201
    assert Distribution.objects.get().steps.get().priority == 5


def test_without_defaults_a_link_has_no_channel(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    response = make_link(client, {"surveyId": str(survey.pk), "contact": {"externalId": "PAT-1"}})
    assert (response.status_code, response.json()["code"]) == (409, "no_channel")


def test_what_is_wrong_with_a_link_is_named(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    body = {"surveyId": NOBODY, "contact": {"firstName": "Ann", "contactId": None}, "expiresAt": "soon"}
    response = make_link(client, body)
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/surveyId", "survey_not_found"),
        ("/contact", "no_identifier"),
        ("/expiresAt", "datetime_parsing"),
    }


@pytest.fixture
def refuse(organization: Organization, full: dict[str, Any]) -> Post:
    """Call the view with a bad body; the pointers of what it is refused for."""
    view, requests = Distributions.as_view(), APIRequestFactory()
    key, _shown = create_api_key(organization, "tests", [Scope.SEND])
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
NO_MOMENT = st.sampled_from(["2030-05-01", "2030-05-01T09:00:00", "now", ""]) | numbers | no_object
WRONG_VALUES = {
    "/surveyId": NO_UUID | st.none() | st.uuids().map(str),
    "/name": no_text | st.text("x", min_size=256, max_size=300),
    "/steps": no_list | st.just([]),
    "/steps/0": no_object,
    "/steps/0/channel": NO_UUID,
    "/steps/0/providerIds": no_list | st.just([]),
    "/steps/0/weights": no_list,
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


def independent(pointers: list[str]) -> list[str]:
    """The pointers that can be judged side by side: whether a step may have a delay depends on its kind."""
    return [pointer for pointer in pointers if pointer != "/steps/0/delayMinutes" or "/steps/0/kind" not in pointers]


def test_wrong_values_are_all_named(refuse: Post, full: dict[str, Any]) -> None:
    mistakes = st.lists(st.sampled_from(sorted(WRONG_VALUES)), min_size=1, max_size=3, unique=True).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: WRONG_VALUES[pointer] for pointer in independent(pointers)})
    )

    @settings(max_examples=500, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mistakes)
    def try_one(mistake: dict[str, Any]) -> None:
        body = full
        for pointer, value in sorted(mistake.items(), reverse=True):
            body = changed(body, pointer, value)
        named = refuse(body)
        for pointer in mistake:
            assert is_named_by(pointer, named), (pointer, named)

    try_one()
