"""POST and GET /api/v1/distributions/{id}/steps: what is added to a distribution that there is, and how it fares."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.control import cancel
from distributor.engine.follow_up.add import MAX_FOLLOW_UPS
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Step
from distributor.rules.requests import LinkType
from tests.engine.conftest import Follow, Send, ask, follow, send
from tests.support.api.bad_values import characters, is_no_blank, no_list, no_object, no_text, numbers, small_json
from tests.support.api.bodies import changed, faults_in
from tests.support.engine.people import arm_follow_ups, dispatch, fail_addresses, messages
from tests.support.engine.provider_events import event_of, report_events

__all__ = ["ask", "follow", "send"]

NOBODY = "01a20000-0000-7000-8000-000000000000"
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db
Add = Callable[..., Any]


@pytest.fixture
def sent(send: Send) -> Accepted:
    """Three people who were sent to."""
    accepted = send(3)
    dispatch()
    return accepted


@pytest.fixture
def reminder(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> dict[str, Any]:
    return {
        "kind": "reminder",
        "channel": "email",
        "providerIds": [str(accounts[Channel.EMAIL].pk)],
        "templateId": str(templates[Channel.EMAIL].pk),
    }


@pytest.fixture
def add(client: Client) -> Add:
    def add(accepted: Accepted, body: Any, **headers: str) -> Any:
        return client.post(path_of(accepted), json.dumps(body), content_type="application/json", headers=headers)

    return add


def path_of(accepted: Accepted) -> str:
    return f"/api/v1/distributions/{accepted.distribution.pk}/steps"


def test_a_reminder_is_accepted_and_read_back_with_its_progress(
    client: Client, sent: Accepted, add: Add, reminder: dict[str, Any]
) -> None:
    response = add(sent, {**reminder, "subject": "Still there?", "fromName": "Ward B"})
    assert response.status_code == 202, response.content
    answer = response.json()
    assert (answer["kind"], answer["subject"], answer["fromName"]) == ("reminder", "Still there?", "Ward B")
    assert (answer["delayMinutes"], answer["contactId"]) == (None, None)
    assert answer["progress"] == {"status": "preparing", "people": 0}
    shown = client.get(f"/api/v1/distributions/{sent.distribution.pk}").json()
    assert (shown["status"], shown["steps"][1]) == ("sending", answer)
    arm_follow_ups()
    dispatch()
    shown = client.get(f"/api/v1/distributions/{sent.distribution.pk}").json()
    assert shown["status"] == "completed"
    assert shown["steps"][1] == {**answer, "progress": {"status": "prepared", "people": 3}}
    assert SandboxMessage.objects.filter(subject="Still there?").count() == 3


def test_for_later_and_for_one_contact(client: Client, sent: Accepted, add: Add, reminder: dict[str, Any]) -> None:
    at, contact_id = "2999-01-01T10:00:00+01:00", str(sent.recipients[1].contact.id)
    answer = add(sent, {**reminder, "scheduledAt": at, "contactId": contact_id}).json()
    assert (answer["scheduledAt"], answer["contactId"]) == ("2999-01-01T09:00:00Z", contact_id)
    arm_follow_ups()
    stories = client.get(f"/api/v1/distributions/{sent.distribution.pk}/recipients").json()["items"]
    assert [(one["state"], one["stepKind"], one["dueAt"]) for one in stories] == [
        ("sent", "invitation", None),
        ("waiting", "reminder", "2999-01-01T09:00:00Z"),
        ("sent", "invitation", None),
    ]
    shown = client.get(f"/api/v1/distributions/{sent.distribution.pk}").json()
    assert [one["kind"] for one in shown["steps"]] == ["invitation"]
    listed = client.get(path_of(sent)).json()["items"]
    assert [(one["contactId"], one["counts"]["waiting"]) for one in listed] == [(None, 0), (contact_id, 1)]


def test_a_moment_that_has_passed_means_now(sent: Accepted, add: Add, reminder: dict[str, Any]) -> None:
    before = database_now()
    assert add(sent, {**reminder, "scheduledAt": "2020-01-01T00:00:00Z"}).status_code == 202
    at = Step.objects.get(kind="reminder").scheduled_at
    assert at is not None
    assert at >= before
    arm_follow_ups()
    dispatch()
    assert messages() == ["invitation email"] * 3 + ["reminder email"] * 3


def test_thanks_are_added_too(client: Client, sent: Accepted, add: Add, reminder: dict[str, Any]) -> None:
    client.post(f"/api/v1/links/{sent.recipients[0].code}/responses", {"answers": {}}, "application/json")
    assert add(sent, {**reminder, "kind": "thank_you"}).status_code == 202
    arm_follow_ups()
    dispatch()
    assert messages() == ["invitation email"] * 3 + ["thank_you email"]


def test_each_step_is_counted_by_what_came_of_it(
    client: Client, send: Send, follow: Follow, accounts: dict[Channel, ProviderAccount]
) -> None:
    fail_addresses(accounts[Channel.EMAIL], person3="permanent")
    accepted = send(5, scheduled_at=None)
    dispatch()
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    follow(accepted.distribution, Channel.SMS)
    arm_follow_ups()
    dispatch()
    email = accounts[Channel.EMAIL]
    report_events(email, event_of(accepted, EventKind.OPENED), event_of(accepted, EventKind.HARD_BOUNCED, 1))
    report_events(email, event_of(accepted, EventKind.DELIVERED, 2), event_of(accepted, EventKind.COMPLAINED, 2))
    invitation, reminder = (one["counts"] for one in client.get(path_of(accepted)).json()["items"])
    nothing = dict.fromkeys(("waiting", "unknown", "delivered", "opened", "clicked", "bounced", "complained"), 0)
    assert invitation == {
        **nothing,
        "sent": 3,
        "failed": 2,
        "delivered": 2,
        "opened": 1,
        "bounced": 1,
        "complained": 1,
    }
    assert reminder == {**nothing, "sent": 3, "failed": 1}


def test_steps_come_in_pages(client: Client, sent: Accepted, follow: Follow) -> None:
    for _ in range(3):
        follow(sent.distribution)
    first = client.get(path_of(sent), {"limit": 3}).json()
    second = client.get(path_of(sent), {"limit": 3, "cursor": first["nextCursor"]}).json()
    assert ([len(page["items"]) for page in (first, second)], second["nextCursor"]) == ([3, 1], None)
    assert len({one["id"] for page in (first, second) for one in page["items"]}) == 4


def test_a_repeated_call_is_answered_again_and_adds_nothing(sent: Accepted, add: Add, reminder: dict[str, Any]) -> None:
    first, again = (add(sent, reminder, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.content) == (202, again.content)
    assert Step.objects.count() == 2


def test_adding_needs_the_scope_of_sending_and_an_own_distribution(
    organization: Organization, sent: Accepted, reminder: dict[str, Any]
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    for owner, scopes, status in ((organization, [Scope.READ], 403), (other, list(Scope), 404)):
        caller = Client(headers={"x-api-key": create_api_key(owner, "tests", scopes)[1]})
        response = caller.post(path_of(sent), json.dumps(reminder), content_type="application/json")
        assert response.status_code == status
    assert Step.objects.count() == 1


def test_what_is_cancelled_or_over_answers_409(send: Send, add: Add, reminder: dict[str, Any]) -> None:
    cancelled, expired = send(1), send(1, not_after=database_now() - DAY)
    cancel(cancelled.distribution.pk, database_now())
    for accepted, code in ((cancelled, "distribution_cancelled"), (expired, "distribution_expired")):
        response = add(accepted, reminder)
        assert (response.status_code, response.json()["code"]) == (409, code)
    assert Step.objects.count() == 2


def test_nobody_is_thanked_for_anonymous_responses(send: Send, add: Add, reminder: dict[str, Any]) -> None:
    response = add(send(1, link_type=LinkType.ANONYMOUS), {**reminder, "kind": "thank_you"})
    assert (response.status_code, response.json()["code"]) == (409, "nobody_to_thank")


def test_there_is_an_end_to_reminders_to_everybody_and_none_to_reminders_of_single_people(
    sent: Accepted, add: Add, reminder: dict[str, Any]
) -> None:
    invitation = Step.objects.get()
    Step.objects.bulk_create(
        Step(
            distribution_id=sent.distribution.pk,
            position=number + 1,
            kind="reminder",
            channel="email",
            provider_account_id=invitation.provider_account_id,
            template_id=invitation.template_id,
            scheduled_at=database_now(),
        )
        for number in range(MAX_FOLLOW_UPS)
    )
    response = add(sent, reminder)
    assert (response.status_code, response.json()["code"]) == (409, "too_many_steps")
    assert add(sent, {**reminder, "contactId": str(sent.recipients[0].contact.id)}).status_code == 202


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"kind": "invitation"}, {("/kind", "literal_error")}),
        ({"kind": None}, {("/kind", "literal_error")}),
        ({"delayMinutes": 5}, {("/delayMinutes", "extra_forbidden")}),
        ({"scheduledAt": "tomorrow"}, {("/scheduledAt", "datetime_parsing")}),
        ({"scheduledAt": "2030-01-01T00:00:00"}, {("/scheduledAt", "offset_missing")}),
        ({"contactId": NOBODY}, {("/contactId", "not_a_recipient")}),
        (
            {"kind": "apology", "providerIds": [NOBODY], "templateId": NOBODY, "weights": [1, 2]},
            {
                ("/kind", "literal_error"),
                ("/providerIds", "provider_not_found"),
                ("/templateId", "template_not_found"),
                ("/weights", "not_one_each"),
            },
        ),
    ],
)
def test_all_that_is_wrong_is_named(
    sent: Accepted, add: Add, reminder: dict[str, Any], said: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    response = add(sent, {**reminder, **said})
    assert (response.status_code, set(faults_in(response))) == (400, faults)
    assert Step.objects.count() == 1


def test_what_would_come_after_the_end_is_a_fault(send: Send, add: Add, reminder: dict[str, Any]) -> None:
    accepted = send(1, expires_at=database_now() + DAY)
    response = add(accepted, {**reminder, "scheduledAt": (database_now() + 2 * DAY).isoformat()})
    assert (response.status_code, faults_in(response)) == (400, [("/scheduledAt", "after_end")])


NO_UUID = st.text(characters, max_size=20) | numbers | no_object
WRONG_VALUES = {
    "/kind": NO_UUID | st.none(),
    "/channel": NO_UUID,
    "/providerIds": no_list | st.just([]),
    "/providerIds/0": NO_UUID | st.uuids().map(str),
    "/weights": no_list,
    "/templateId": NO_UUID,
    "/subject": no_text | st.text("x", min_size=256, max_size=300) | st.just("${contact.name}"),
    "/fromName": no_text | st.text("x", min_size=256, max_size=300),
    "/scheduledAt": (st.sampled_from(["2030-05-01", "2030-05-01T09:00:00", "now"]) | numbers | no_object).filter(
        is_no_blank
    ),
    "/contactId": NO_UUID,
    "/unknown": small_json,
}


def test_wrong_values_are_all_named_and_nothing_is_added(sent: Accepted, add: Add, reminder: dict[str, Any]) -> None:
    full = {**reminder, "weights": [1], "scheduledAt": "2030-05-01T09:00:00Z"}
    mistakes = st.lists(st.sampled_from(sorted(WRONG_VALUES)), min_size=1, max_size=3, unique=True).flatmap(
        lambda pointers: st.fixed_dictionaries({pointer: WRONG_VALUES[pointer] for pointer in pointers})
    )

    @settings(max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mistakes)
    def try_one(mistake: dict[str, Any]) -> None:
        body = full
        for pointer, value in sorted(mistake.items(), reverse=True):
            body = changed(body, pointer, value)
        named = [pointer for pointer, _code in faults_in(add(sent, body))]
        for pointer in mistake:
            assert any(
                one == pointer or one.startswith(f"{pointer}/") or pointer.startswith(f"{one}/") for one in named
            )

    try_one()
    assert (Step.objects.count(), Distribution.objects.get().follow_up_count) == (1, 0)
