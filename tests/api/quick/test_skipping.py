"""The four settings: who is left out, and why they are told to be."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.models import Batch, Decision, Distribution, Recipient, Survey, Touch
from tests.api.conftest import Post

A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def ann(organization: Organization) -> Contact:
    return Contact.objects.create(
        organization=organization, external_id="PAT-1", email="Ann@Example.com", phone="+48600000001"
    )


@pytest.fixture
def suppress(organization: Organization) -> Callable[..., Suppression]:
    def make(channel: Channel, address: str, reason: str) -> Suppression:
        return Suppression.objects.create(organization=organization, channel=channel, address=address, reason=reason)

    return make


def touch(contact: Contact, last_sent_at: datetime | None, survey_id: Any = None) -> None:
    Touch.objects.create(
        contact_id=contact.pk, survey_id=survey_id or new_id(), recipient_id=0, last_sent_at=last_sent_at
    )


def assert_skipped(answer: dict[str, Any], contact: Contact, reason: str, detail: dict[str, Any]) -> None:
    """The contact is told to be left out, and the distribution remembers it."""
    assert answer["recipientCount"] == 0
    assert answer["personalLinks"] == []
    [skipped] = answer["skipped"]
    assert skipped.pop("text").startswith("skipped: ")
    assert answer["skipped"] == [
        {
            "externalId": contact.external_id,
            "contactId": str(contact.pk),
            "email": contact.email,
            "reason": reason,
            "detail": detail,
        }
    ]
    decision = Decision.objects.get()
    assert (str(decision.distribution_id), decision.contact_id) == (answer["distributionId"], contact.pk)
    assert (decision.kind, decision.reason, decision.detail, decision.recipient_id) == ("skipped", reason, detail, None)


def test_who_opted_out_is_left_out(post: Post, body: dict[str, Any], ann: Contact) -> None:
    since = timezone.now() - A_DAY
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=since)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    assert_skipped(answer, ann, "opted_out", {"since": since.isoformat()})


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_is_left_out_in_any_letter_case(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression], reason: SuppressionReason
) -> None:
    suppress(Channel.EMAIL, "ann@example.com", reason)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    told = "opted_out" if reason in (SuppressionReason.UNSUBSCRIBE, SuppressionReason.STOP) else "suppressed"
    assert_skipped(answer, ann, told, {"channel": "email", "suppression": reason.value})


def test_a_suppression_on_another_channel_or_in_another_organisation_does_not_count(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression]
) -> None:
    suppress(Channel.SMS, ann.phone, "stop")
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    Suppression.objects.create(
        organization=stranger, channel=Channel.EMAIL, address="ann@example.com", reason="unsubscribe"
    )
    assert post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()["recipientCount"] == 1


def test_a_suppressed_channel_gives_way_to_the_next(
    post: Post,
    body: dict[str, Any],
    ann: Contact,
    suppress: Callable[..., Suppression],
    channel_of: Callable[..., dict[str, Any]],
) -> None:
    suppress(Channel.EMAIL, "ann@example.com", "bounce")
    channels = [channel_of("email"), channel_of("whatsapp")]
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "channels": channels}).json()
    assert answer["recipientCount"] == 1
    assert Batch.objects.get().step.channel == "whatsapp"


def test_who_opted_out_gets_a_link_when_asked_for(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression]
) -> None:
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=timezone.now())
    suppress(Channel.EMAIL, "ann@example.com", "unsubscribe")
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeOptedOut": False}}
    answer = post(said).json()
    assert (answer["recipientCount"], answer["skipped"]) == (1, [])
    assert Distribution.objects.get().exclude_opted_out is False


def test_including_opt_outs_does_not_include_bounced_addresses(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression]
) -> None:
    suppress(Channel.EMAIL, "ann@example.com", "bounce")
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeOptedOut": False}}
    assert_skipped(post(said).json(), ann, "suppressed", {"channel": "email", "suppression": "bounce"})


@pytest.mark.parametrize(("channel", "missing"), [("email", "email"), ("sms", "phone"), ("whatsapp", "phone")])
def test_who_has_no_address_on_the_channel_is_left_out(
    post: Post,
    body: dict[str, Any],
    ann: Contact,
    channel_of: Callable[..., dict[str, Any]],
    channel: str,
    missing: str,
) -> None:
    Contact.objects.filter(pk=ann.pk).update(**{missing: ""})
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "channels": [channel_of(channel)]}).json()
    [skipped] = answer["skipped"]
    assert (skipped["reason"], skipped["detail"]) == ("no_address", {"channel": channel})
    assert skipped["email"] == (None if missing == "email" else ann.email)


def test_the_organisations_minimum_of_days_is_kept(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    last = timezone.now() - 7 * A_DAY + A_MINUTE
    touch(ann, last)
    touch(ann, last - A_DAY)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    assert_skipped(answer, ann, "frequency_rule", {"lastContactedAt": last.isoformat(), "days": 7})


def test_after_the_minimum_of_days_a_contact_is_sent_to(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    touch(ann, timezone.now() - 7 * A_DAY)
    assert post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()["recipientCount"] == 1


def test_without_respecting_the_rules_the_minimum_does_not_count(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    touch(ann, timezone.now())
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"respectFrequencyRules": False}}
    assert post(said).json()["recipientCount"] == 1


def test_an_organisation_without_a_minimum_has_no_rule(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, timezone.now())
    assert post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()["recipientCount"] == 1


@pytest.mark.parametrize("days", [1, 30, 365])
def test_the_recently_contacted_are_left_out_when_asked_for(
    post: Post, body: dict[str, Any], ann: Contact, days: int
) -> None:
    last = timezone.now() - days * A_DAY + A_MINUTE
    touch(ann, last)
    settings = {"excludeRecentlyContacted": True, "recentContactDays": days}
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "settings": settings}).json()
    assert_skipped(answer, ann, "recently_contacted", {"lastContactedAt": last.isoformat(), "days": days})
    Touch.objects.update(last_sent_at=last - A_MINUTE)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "settings": settings}).json()
    assert answer["recipientCount"] == 1


def test_a_scheduled_distribution_is_judged_by_its_schedule(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=30)
    touch(ann, timezone.now() - A_DAY)
    said = {**body, "contacts": [{"contactId": str(ann.pk)}]}
    soon, late = (timezone.now() + days * A_DAY for days in (28, 30))
    assert post({**said, "scheduledAt": soon.isoformat()}).json()["recipientCount"] == 0
    assert post({**said, "scheduledAt": late.isoformat()}).json()["recipientCount"] == 1
    assert post({**said, "scheduledAt": (timezone.now() - A_DAY).isoformat()}).json()["recipientCount"] == 0


def test_recent_means_thirty_days_unless_said_otherwise(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, timezone.now() - 30 * A_DAY + A_MINUTE)
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(said).json()["skipped"][0]["detail"]["days"] == 30


def test_a_slot_that_was_given_back_was_no_contact(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, None)
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(said).json()["recipientCount"] == 1


def test_the_same_survey_counts_like_any_other(post: Post, body: dict[str, Any], survey: Survey, ann: Contact) -> None:
    touch(ann, timezone.now(), survey.pk)
    said = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(said).json()["skipped"][0]["reason"] == "recently_contacted"


def test_recipients_and_skipped_together_are_everybody_once_in_the_order_given(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    Contact.objects.create(organization=organization, external_id="2", opted_out_at=timezone.now())
    contacts = [
        {"externalId": "1", "email": "a@example.com"},
        {"externalId": "2", "email": "b@example.com"},
        {"externalId": "3", "email": "c@example.com"},
        {"externalId": "4"},
        {"externalId": "2"},
    ]
    answer = post({**body, "contacts": contacts}).json()
    assert [link["externalId"] for link in answer["personalLinks"]] == ["1", "3"]
    assert [(one["externalId"], one["reason"]) for one in answer["skipped"]] == [
        ("2", "opted_out"),
        ("4", "no_address"),
    ]
    distribution = Distribution.objects.get()
    assert (distribution.accepted_count, distribution.skipped_count, distribution.waiting_count) == (4, 2, 2)


def test_a_call_that_leaves_everybody_out_is_accepted_and_has_nothing_to_send(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "contacts": [{"externalId": "1"}, {"externalId": "2"}]})
    assert (response.status_code, response.json()["recipientCount"]) == (201, 0)
    assert not Recipient.objects.exists()
    assert not Batch.objects.exists()
    distribution = Distribution.objects.get()
    assert (distribution.accepted_count, distribution.skipped_count) == (2, 2)
    assert Decision.objects.filter(distribution_id=distribution.pk, reason="no_address").count() == 2


def test_a_skipped_contact_is_updated_all_the_same(post: Post, body: dict[str, Any], ann: Contact) -> None:
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=timezone.now())
    post({**body, "contacts": [{"externalId": "PAT-1", "firstName": "Anna"}]})
    ann.refresh_from_db()
    assert ann.first_name == "Anna"
