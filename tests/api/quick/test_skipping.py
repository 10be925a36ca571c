"""The four settings: which contacts are skipped, and why."""

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
    """Assert that the contact is skipped in the answer and in the database."""
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


def test_opted_out_contacts_are_skipped(post: Post, body: dict[str, Any], ann: Contact) -> None:
    since = timezone.now() - A_DAY
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=since)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    assert_skipped(answer, ann, "opted_out", {"since": since.isoformat()})


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_is_skipped_in_any_letter_case(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression], reason: SuppressionReason
) -> None:
    suppress(Channel.EMAIL, "ann@example.com", reason)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    expected_reason = "opted_out" if reason in (SuppressionReason.UNSUBSCRIBE, SuppressionReason.STOP) else "suppressed"
    assert_skipped(answer, ann, expected_reason, {"channel": "email", "suppression": reason.value})


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


def test_opted_out_contacts_get_a_link_if_they_are_not_excluded(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression]
) -> None:
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=timezone.now())
    suppress(Channel.EMAIL, "ann@example.com", "unsubscribe")
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeOptedOut": False}}
    answer = post(call_body).json()
    assert (answer["recipientCount"], answer["skipped"]) == (1, [])
    assert Distribution.objects.get().exclude_opted_out is False


def test_including_opt_outs_does_not_include_bounced_addresses(
    post: Post, body: dict[str, Any], ann: Contact, suppress: Callable[..., Suppression]
) -> None:
    suppress(Channel.EMAIL, "ann@example.com", "bounce")
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeOptedOut": False}}
    assert_skipped(post(call_body).json(), ann, "suppressed", {"channel": "email", "suppression": "bounce"})


@pytest.mark.parametrize(("channel", "missing"), [("email", "email"), ("sms", "phone"), ("whatsapp", "phone")])
def test_contacts_without_an_address_for_the_channel_are_skipped(
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


def test_the_organisations_minimum_days_between_contacts_apply(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    last = timezone.now() - 7 * A_DAY + A_MINUTE
    touch(ann, last)
    touch(ann, last - A_DAY)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()
    assert_skipped(answer, ann, "frequency_rule", {"lastContactedAt": last.isoformat(), "days": 7})


def test_after_the_minimum_days_a_contact_is_a_recipient(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    touch(ann, timezone.now() - 7 * A_DAY)
    assert post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()["recipientCount"] == 1


def test_the_minimum_days_do_not_apply_without_respecting_the_rules(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    touch(ann, timezone.now())
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"respectFrequencyRules": False}}
    assert post(call_body).json()["recipientCount"] == 1


def test_an_organisation_without_minimum_days_has_no_rule(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, timezone.now())
    assert post({**body, "contacts": [{"contactId": str(ann.pk)}]}).json()["recipientCount"] == 1


@pytest.mark.parametrize("days", [1, 30, 365])
def test_recently_contacted_contacts_can_be_excluded(post: Post, body: dict[str, Any], ann: Contact, days: int) -> None:
    last = timezone.now() - days * A_DAY + A_MINUTE
    touch(ann, last)
    settings = {"excludeRecentlyContacted": True, "recentContactDays": days}
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "settings": settings}).json()
    assert_skipped(answer, ann, "recently_contacted", {"lastContactedAt": last.isoformat(), "days": days})
    Touch.objects.update(last_sent_at=last - A_MINUTE)
    answer = post({**body, "contacts": [{"contactId": str(ann.pk)}], "settings": settings}).json()
    assert answer["recipientCount"] == 1


def test_the_rules_are_applied_at_the_scheduled_time(
    post: Post, body: dict[str, Any], organization: Organization, ann: Contact
) -> None:
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=30)
    touch(ann, timezone.now() - A_DAY)
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}]}
    soon, late = (timezone.now() + days * A_DAY for days in (28, 30))
    assert post({**call_body, "scheduledAt": soon.isoformat()}).json()["recipientCount"] == 0
    assert post({**call_body, "scheduledAt": late.isoformat()}).json()["recipientCount"] == 1
    assert post({**call_body, "scheduledAt": (timezone.now() - A_DAY).isoformat()}).json()["recipientCount"] == 0


def test_recent_means_thirty_days_by_default(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, timezone.now() - 30 * A_DAY + A_MINUTE)
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(call_body).json()["skipped"][0]["detail"]["days"] == 30


def test_a_returned_frequency_slot_is_no_contact(post: Post, body: dict[str, Any], ann: Contact) -> None:
    touch(ann, None)
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(call_body).json()["recipientCount"] == 1


def test_the_same_survey_counts_like_any_other(post: Post, body: dict[str, Any], survey: Survey, ann: Contact) -> None:
    touch(ann, timezone.now(), survey.pk)
    call_body = {**body, "contacts": [{"contactId": str(ann.pk)}], "settings": {"excludeRecentlyContacted": True}}
    assert post(call_body).json()["skipped"][0]["reason"] == "recently_contacted"


def test_every_contact_is_either_a_recipient_or_skipped_in_the_given_order(
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
    assert [(contact["externalId"], contact["reason"]) for contact in answer["skipped"]] == [
        ("2", "opted_out"),
        ("4", "no_address"),
    ]
    distribution = Distribution.objects.get()
    assert (distribution.accepted_count, distribution.skipped_count, distribution.waiting_count) == (4, 2, 2)


def test_a_call_that_skips_every_contact_is_accepted(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "contacts": [{"externalId": "1"}, {"externalId": "2"}]})
    assert (response.status_code, response.json()["recipientCount"]) == (201, 0)
    assert not Recipient.objects.exists()
    assert not Batch.objects.exists()
    distribution = Distribution.objects.get()
    assert (distribution.accepted_count, distribution.skipped_count) == (2, 2)
    assert Decision.objects.filter(distribution_id=distribution.pk, reason="no_address").count() == 2


def test_a_skipped_contact_is_still_updated(post: Post, body: dict[str, Any], ann: Contact) -> None:
    Contact.objects.filter(pk=ann.pk).update(opted_out_at=timezone.now())
    post({**body, "contacts": [{"externalId": "PAT-1", "firstName": "Anna"}]})
    ann.refresh_from_db()
    assert ann.first_name == "Anna"
