"""`dryRun`: what the call would do, and nothing done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.account_state.buckets import break_account
from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.api.bodies.dry_run import render_plan
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, IdempotencyKey, ProviderEvent, Survey, Touch
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, changed, faults_in, people, rows_written
from tests.support.queries import count_queries

ANSWERED = {"dryRun", "contactCount", "recipientCount", "recipients", "skipped", "missingValues", "costs", "warnings"}


def test_the_plan_of_a_new_contact(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "dryRun": True})
    assert response.status_code == 200
    channel = body["channels"][0]
    answer = response.json()
    [step] = answer["recipients"][0].pop("steps")
    assert answer == {
        "dryRun": True,
        "contactCount": 1,
        "recipientCount": 1,
        "recipients": [
            {
                "externalId": "PAT-1",
                "contactId": None,
                "email": "ann@example.com",
                "emailUnicode": None,
                "phone": "+48600000001",
                "decision": "recipient",
                "reason": None,
                "detail": {},
                "text": None,
                "passedOver": [],
            }
        ],
        "skipped": [],
        "missingValues": [],
        "costs": [],
        "warnings": [],
    }
    assert timezone.now() - datetime.fromisoformat(step.pop("at")) < timedelta(minutes=1)
    assert step == {
        "kind": "invitation",
        "channel": "email",
        "providerIds": [channel["providerId"]],
        "heldBecause": None,
        "templateId": channel["templateId"],
        "condition": "first",
        "waitsFor": None,
        "detail": {},
        "missingValues": [],
        "text": "by e-mail immediately",
    }
    assert rows_written() == NOTHING


def test_a_chain_with_its_moments(post: Post, body: dict[str, Any], channel_of: Callable[..., dict[str, Any]]) -> None:
    channels = [
        channel_of("email", priority=1, fallbackDelayMinutes=90),
        channel_of("sms", priority=2),
        channel_of("whatsapp", priority=3),
    ]
    said = {**body, "channels": channels, "channelMode": "multi", "scheduledAt": "2999-03-05T09:00:00+01:00"}
    [recipient] = post({**said, "dryRun": True}).json()["recipients"]
    assert [(step["channel"], step["at"], step["condition"], step["waitsFor"]) for step in recipient["steps"]] == [
        ("email", "2999-03-05T08:00:00Z", "first", "scheduled"),
        ("sms", "2999-03-05T09:30:00Z", "unanswered", None),
        ("whatsapp", "2999-03-05T09:30:00Z", "on_failure", None),
    ]


def test_who_would_be_skipped_is_told_as_the_call_itself_would(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    organization.minimum_days_between_contacts = 30
    organization.save()
    ann = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    last = timezone.now() - timedelta(days=3, hours=1)
    Touch.objects.create(contact_id=ann.pk, survey_id=new_id(), recipient_id=0, last_sent_at=last)
    said = {**body, "contacts": [*body["contacts"], {"externalId": "nowhere"}]}
    planned = post({**said, "dryRun": True}).json()
    assert (planned["recipientCount"], planned["recipients"]) == (0, [])
    assert [one["text"] for one in planned["skipped"]] == [
        "skipped: contacted 3 days ago; the frequency rule requires 30 days between sends",
        "skipped: the contact has no e-mail address",
    ]
    told = ("externalId", "email", "reason", "detail", "text")
    done = post(said).json()["skipped"]
    for one, same in zip(planned["skipped"], done, strict=True):
        assert {name: one[name] for name in told} == {name: same[name] for name in told}
    assert [one["contactId"] for one in planned["skipped"]] == [str(ann.pk), None]


def test_a_recipient_who_would_be_sent_nothing_is_told_why(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    since = timezone.now() - timedelta(days=2)
    Contact.objects.create(organization=organization, external_id="PAT-1", opted_out_at=since)
    [one] = post({**body, "settings": {"excludeOptedOut": False}, "dryRun": True}).json()["recipients"]
    assert (one["decision"], one["reason"], one["steps"]) == ("recipient", "opted_out", [])
    assert one["text"] == "stopped: the contact opted out 2 days ago"
    [passed] = one["passedOver"]
    assert (passed["channel"], passed["reason"]) == ("email", "opted_out")
    assert passed["text"] == "step skipped: the contact opted out 2 days ago"


def test_an_account_that_takes_nothing_is_told_with_what_holds_it(
    post: Post, body: dict[str, Any], accounts: dict[Channel, ProviderAccount]
) -> None:
    account = accounts[Channel.EMAIL]
    break_account(account.pk, "the key was revoked", database_now())
    [recipient] = post({**body, "dryRun": True}).json()["recipients"]
    [step] = recipient["steps"]
    assert step["providerIds"] == []
    assert step["heldBecause"] == f"{account.name} is broken: the key was revoked"


def test_accounts_that_share_by_weight_and_who_is_only_registered_are_told(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    """What the quick dialect cannot say and others can."""
    first = accounts[Channel.EMAIL].pk
    other = ProviderAccount.objects.create(organization=organization, name="Other", kind="sandbox", channel="email")
    step = StepRequest("email", first, templates[Channel.EMAIL].pk, further_account_ids=[other.pk], weights=[1, 3])
    request = DistributionRequest("test", survey.pk, [{"email": "ann@example.com"}], [step])
    now = database_now()
    [planned] = render_plan(dry_run(organization, request, now))["recipients"]
    assert planned["steps"][0]["providerIds"] == [first, other.pk]
    [registered] = render_plan(dry_run(organization, replace(request, is_sent=False), now))["recipients"]
    assert (registered["decision"], registered["steps"], registered["reason"]) == ("recipient", [], None)


@pytest.mark.parametrize("said", [False, None])
def test_a_call_that_is_no_dry_run_is_done(post: Post, body: dict[str, Any], said: Any) -> None:
    assert post({**body, "dryRun": said}).status_code == 201
    assert rows_written()["Recipient"] == 1


@pytest.mark.parametrize("said", ["true", 1, []])
def test_what_is_no_yes_or_no_is_refused_rather_than_sent(post: Post, body: dict[str, Any], said: Any) -> None:
    response = post({**body, "dryRun": said})
    assert [pointer for pointer, _code in faults_in(response)] == ["/dryRun"]
    assert rows_written() == NOTHING


@pytest.mark.parametrize(
    ("pointer", "value", "status"),
    [
        ("/contacts/0/email", "nobody", 400),
        ("/channels/0/providerId", "01960000-0000-7000-8000-000000000000", 400),
        ("/contacts/0/contactId", "01960000-0000-7000-8000-000000000000", 404),
    ],
)
def test_its_errors_are_those_of_the_call(
    post: Post, body: dict[str, Any], pointer: str, value: str, status: int
) -> None:
    wrong = changed(body, pointer, value)
    dry, real = post({**wrong, "dryRun": True}), post(wrong)
    assert (dry.status_code, faults_in(dry)) == (real.status_code, faults_in(real))
    assert dry.status_code == status


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_of_a_thousand_leaves_nothing_behind(post: Post, body: dict[str, Any]) -> None:
    known = {**body, "contacts": people(500)}
    assert post(known).status_code == 201
    before = rows_written() | {model.__name__: model.objects.count() for model in (Attempt, ProviderEvent)}
    names = list(Contact.objects.order_by("id").values_list("first_name", "updated_at"))
    contacts = [{**one, "firstName": "Changed"} for one in people(1_000)]
    for_two = count_queries(lambda: post({**body, "contacts": [contacts[0], contacts[-1]], "dryRun": True}))
    with CaptureQueriesContext(connection) as queries:
        answer = post({**body, "contacts": contacts, "dryRun": True}).json()
    assert set(answer) == ANSWERED
    assert [one["contactId"] is None for one in answer["recipients"]] == [False] * 500 + [True] * 500
    assert rows_written() | {model.__name__: model.objects.count() for model in (Attempt, ProviderEvent)} == before
    assert list(Contact.objects.order_by("id").values_list("first_name", "updated_at")) == names
    assert len(queries) == for_two < 20


def test_a_key_is_not_used_up_by_a_dry_run(post: Post, body: dict[str, Any]) -> None:
    for _ in range(2):
        planned = post({**body, "dryRun": True}, idempotency_key="k")
        assert (planned.status_code, "Idempotent-Replayed" in planned) == (200, False)
    assert not IdempotencyKey.objects.exists()
    assert rows_written() == NOTHING
    assert post(body, idempotency_key="k").status_code == 201
    assert rows_written()["Recipient"] == 1
