"""POST /api/v1/distributions/{id}/clone: send a distribution again, to the same audience."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.audience.clone import clone
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Distribution, Recipient, StepAccount
from distributor.rules.requests import AudienceRules, LinkType, Selection, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.engine.conftest import Follow, Send, SendTo, ask, follow, send, send_to
from tests.support.engine.people import dispatch

__all__ = ["ask", "follow", "send", "send_to"]

pytestmark = pytest.mark.django_db


def ask_for(client: Client, original: Distribution, body: Any = None, **headers: str) -> Any:
    path = f"/api/v1/distributions/{original.pk}/clone"
    return client.post(path, json.dumps(body or {}), content_type="application/json", headers=headers)


def settings_of(row: Distribution) -> dict[str, Any]:
    """Return what a clone takes over."""
    names = (
        "organization_id", "survey_id", "name", "attributes", "mode", "stops_on", "link_type", "throttle_minutes",
        "exclude_opted_out",
        "respect_frequency_rules", "exclude_recently_contacted", "recent_contact_days",
    )  # fmt: skip
    left_out = {"id", "distribution_id"}
    steps = [{name: value for name, value in step.items() if name not in left_out} for step in row.steps.values()]
    accounts = StepAccount.objects.filter(step__distribution=row).order_by("step__position", "position")
    return {
        **{name: getattr(row, name) for name in names},
        "steps": steps,
        "accounts": list(accounts.values_list("provider_account_id", "weight")),
    }


def people_of(row: Distribution) -> set[str | None]:
    return set(Recipient.objects.filter(distribution=row).values_list("contact__external_id", flat=True))


def test_a_clone_has_the_same_settings_steps_and_people(
    client: Client, send: Send, follow: Follow, accounts: dict[Channel, ProviderAccount]
) -> None:
    other = ProviderAccount.objects.get(pk=accounts[Channel.EMAIL].pk)
    other.pk, other.name, other.is_default = None, "Other", False
    other.save(force_insert=True)
    start = database_now() + timedelta(days=1)
    original = send(
        3,
        Channel.EMAIL,
        further_accounts=[other],
        weights=[3, 1],
        has_fixed_split=True,
        subject="Hello",
        fallback_delay_minutes=60,
        reminders=[(Channel.SMS, 1440)],
        is_multi=True,
        name="March",
        attributes={"season": "spring"},
        scheduled_at=start,
        not_after=start + timedelta(days=2),
        expires_at=start + timedelta(days=9),
        link_type=LinkType.MULTIPLE,
        throttle=Throttle(timedelta(0), ThrottlePolicy.REJECT),
        audience=AudienceRules(respect_frequency_rules=False, exclude_recently_contacted=True, recent_contact_days=7),
    ).distribution
    added = follow(original)
    assert original.steps.count() == 3
    later = start + timedelta(days=30)
    answer = ask_for(client, original, {"scheduledAt": later.isoformat()})
    assert answer.status_code == 202, answer.content
    cloned = Distribution.objects.get(pk=answer.json()["id"])
    added.delete()
    assert settings_of(cloned) == settings_of(original)
    assert people_of(cloned) == people_of(original) == {"PAT-0", "PAT-1", "PAT-2"}
    assert (cloned.scheduled_at, cloned.not_after) == (later, later + timedelta(days=2))
    assert cloned.expires_at == later + timedelta(days=9)
    assert cloned.throttle_policy == ThrottlePolicy.SKIP
    assert not set(Recipient.objects.filter(distribution=cloned).values_list("code", flat=True)) & set(
        Recipient.objects.filter(distribution=original).values_list("code", flat=True)
    )
    assert AuditEntry.objects.filter(action="cloned", object_id=str(original.pk)).exists()


def test_a_list_is_read_anew_and_who_was_skipped_is_judged_anew(
    client: Client, organization: Organization, send: Send, send_to: SendTo
) -> None:
    joined = Contact.objects.create(organization=organization, external_id="late", email="late@example.com")
    members = MailingList.objects.create(organization=organization, name="Ward B")
    first = Contact.objects.create(organization=organization, external_id="first", email="f@example.com")
    Membership.objects.create(mailing_list=members, contact=first)
    to_list = send_to(Selection(list_id=members.pk), at_once=100)
    Membership.objects.create(mailing_list=members, contact=joined)
    cloned = Distribution.objects.get(pk=ask_for(client, to_list).json()["id"])
    assert (people_of(cloned), cloned.mailing_list) == ({"first", "late"}, members)

    Contact.objects.update(opted_out_at=database_now())
    named = send(2).distribution
    Contact.objects.filter(external_id="PAT-1").update(opted_out_at=database_now())
    again = Distribution.objects.get(pk=ask_for(client, named).json()["id"])
    assert (people_of(again), again.skipped_count) == ({"PAT-0"}, 1)


def test_an_erased_person_is_left_out_and_nobody_is_refused(client: Client, send: Send) -> None:
    original = send(2).distribution
    erase_contact(Contact.objects.get(external_id="PAT-0").pk, database_now())
    cloned = Distribution.objects.get(pk=ask_for(client, original).json()["id"])
    assert people_of(cloned) == {"PAT-1"}
    erase_contact(Contact.objects.get(external_id="PAT-1").pk, database_now())
    answer = ask_for(client, original)
    assert (answer.status_code, answer.json()["code"]) == (409, "nobody_to_send_to")


def test_accounts_that_were_switched_off_are_named(client: Client, send: Send) -> None:
    original = send(1).distribution
    ProviderAccount.objects.update(is_active=False)
    answer = ask_for(client, original)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_longer_usable")
    assert "provider inactive" in answer.json()["detail"]
    assert Distribution.objects.count() == 1


def test_a_repeated_call_clones_once(client: Client, send: Send) -> None:
    original = send(1).distribution
    first, second = (ask_for(client, original, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert Distribution.objects.count() == 2


def test_a_clone_of_links_only_sends_nothing(client: Client, send: Send) -> None:
    original = send(1, is_sent=False).distribution
    cloned = Distribution.objects.get(pk=ask_for(client, original).json()["id"])
    dispatch()
    assert (cloned.registered_count, SandboxMessage.objects.count()) == (1, 0)


def test_a_clone_of_a_test_is_a_test(send: Send, accounts: dict[Channel, ProviderAccount]) -> None:
    """Also without a key: an operator's clone must not reach real people."""
    original = send(1).distribution
    Distribution.objects.update(key_kind="test")
    original.refresh_from_db()
    ProviderAccount.objects.update(kind="smtp", configuration={"host": "nowhere.invalid"})
    cloned = clone(original, None, database_now(), source="admin")
    dispatch()
    assert (cloned.key_kind, SandboxMessage.objects.filter(group_id=str(cloned.pk)).count()) == ("test", 1)
