"""Accepted quick calls: the answer, and what is stored."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import ApiKey, Contact, MailingList, Organization
from distributor.models import Batch, Distribution, Recipient, Step, Survey
from tests.api.conftest import Post
from tests.conformance.published import published
from tests.support.api.bodies import changed

PUBLISHED_BODY = published("quick_request")


@pytest.fixture
def published_body(survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> str:
    ids = {
        "0195e3a1-0000-7000-8000-000000000001": survey.pk,
        "PROVIDER_UUID": accounts[Channel.EMAIL].pk,
        "TEMPLATE_UUID": templates[Channel.EMAIL].pk,
    }
    return re.sub("|".join(ids), lambda match: str(ids[match[0]]), PUBLISHED_BODY)


def test_the_published_call_answers_the_ids_of_new_rows(post: Post, published_body: str) -> None:
    response = post(published_body)
    assert (response.status_code, response["Content-Type"]) == (201, "application/json")
    distribution, recipient, contact = Distribution.objects.get(), Recipient.objects.get(), Contact.objects.get()
    assert response.json() == {
        "distributionId": str(distribution.pk),
        "mailingListId": str(distribution.mailing_list_id),
        "recipientCount": 1,
        "personalLinks": [
            {
                "externalId": "PAT-12345",
                "contactId": str(contact.pk),
                "email": "john.doe@example.com",
                "personalLinkCode": recipient.code,
            }
        ],
        "status": "sending",
        "skipped": [],
    }


def test_the_published_call_is_stored(
    post: Post, published_body: str, organization: Organization, survey: Survey
) -> None:
    post(published_body)
    contact, distribution = Contact.objects.get(), Distribution.objects.get()
    data = json.loads(PUBLISHED_BODY)["contacts"][0]["embeddedData"]
    assert (contact.organization, contact.external_id, contact.email) == (
        organization,
        "PAT-12345",
        "john.doe@example.com",
    )
    assert (contact.first_name, contact.last_name, contact.embedded_data) == ("John", "Doe", data)
    assert (distribution.organization, distribution.survey, distribution.api_key) == (
        organization,
        survey,
        ApiKey.objects.get(),
    )
    assert (distribution.name, distribution.source) == ("Post-discharge CSAT - March 2026", "quick")
    assert MailingList.objects.get() == distribution.mailing_list
    recipient, batch = Recipient.objects.get(), Batch.objects.get()
    assert (recipient.contact, recipient.distribution, recipient.batch) == (contact, distribution, batch)
    assert (recipient.attributes, recipient.state) == (data, "waiting")
    assert (batch.step, batch.size, batch.lane, batch.state) == (Step.objects.get(), 1, "urgent", "waiting")
    assert batch.due_at == recipient.created_at


def test_omitted_fields_have_the_published_defaults(post: Post, body: dict[str, Any]) -> None:
    post(body)
    distribution, step = Distribution.objects.get(), Step.objects.get()
    assert (distribution.mode, distribution.scheduled_at, distribution.name) == ("single", None, "")
    assert distribution.exclude_opted_out is True
    assert distribution.respect_frequency_rules is True
    assert distribution.exclude_recently_contacted is False
    assert distribution.recent_contact_days == 30
    assert (step.priority, step.from_email, step.from_name, step.reply_to_email) == (1, "", "", "")
    assert step.fallback_delay_minutes is None


def test_every_field_is_stored(post: Post, body: dict[str, Any], channel_of: Callable[..., dict[str, Any]]) -> None:
    overrides = {
        "fromEmail": "ward@acme.example",
        "fromName": "Ward B",
        "replyToEmail": "desk@acme.example",
        "priority": 10,
        "fallbackDelayMinutes": 90,
    }
    settings = {
        "excludeOptedOut": False,
        "respectFrequencyRules": False,
        "excludeRecentlyContacted": True,
        "recentContactDays": 365,
    }
    channels = [channel_of("email", **overrides), channel_of("whatsapp"), channel_of("sms", priority=5)]
    assert post({**body, "channels": channels, "channelMode": "multi", "settings": settings}).status_code == 201
    distribution = Distribution.objects.get()
    assert (distribution.mode, distribution.exclude_opted_out, distribution.respect_frequency_rules) == (
        "multi",
        False,
        False,
    )
    assert (distribution.exclude_recently_contacted, distribution.recent_contact_days) == (True, 365)
    steps = list(Step.objects.order_by("position"))
    assert [(step.position, step.channel, step.priority) for step in steps] == [
        (0, "whatsapp", 1),
        (1, "sms", 5),
        (2, "email", 10),
    ]
    assert (steps[2].from_email, steps[2].from_name, steps[2].reply_to_email) == (
        "ward@acme.example",
        "Ward B",
        "desk@acme.example",
    )
    assert (steps[0].fallback_delay_minutes, steps[2].fallback_delay_minutes) == (None, 90)


def test_channels_of_one_priority_keep_the_order_given(
    post: Post, body: dict[str, Any], channel_of: Callable[..., dict[str, Any]]
) -> None:
    post({**body, "channels": [channel_of("sms"), channel_of("email"), channel_of("whatsapp")]})
    assert list(Step.objects.values_list("channel", flat=True)) == ["sms", "email", "whatsapp"]


def test_a_recipient_starts_with_the_first_channel_that_can_reach_it(
    post: Post, body: dict[str, Any], channel_of: Callable[..., dict[str, Any]]
) -> None:
    contacts = [{"externalId": "both", "email": "a@example.com", "phone": "601 234 567"}, {"email": "b@example.com"}]
    channels = [channel_of("email", priority=2), channel_of("sms")]
    assert post({**body, "contacts": contacts, "channels": channels}).json()["recipientCount"] == 2
    waits = Recipient.objects.values_list("contact__email", "batch__step__channel")
    assert set(waits) == {("a@example.com", "sms"), ("b@example.com", "email")}
    assert Contact.objects.get(external_id="both").phone == "+48601234567"


def test_the_links_come_in_the_order_of_the_contacts(post: Post, body: dict[str, Any]) -> None:
    names = [f"p{number}@example.com" for number in (3, 1, 2)]
    links = post({**body, "contacts": [{"email": name} for name in names]}).json()["personalLinks"]
    assert [link["email"] for link in links] == names
    assert [link["externalId"] for link in links] == [None] * 3
    codes = [link["personalLinkCode"] for link in links]
    assert codes == [Recipient.objects.get(contact__email=name).code for name in names]
    assert all(re.fullmatch("[0-9A-Za-z]{12}", code) for code in codes)


def test_a_contact_without_an_email_has_a_null_email(
    post: Post, body: dict[str, Any], channel_of: Callable[..., dict[str, Any]]
) -> None:
    contacts = [{"externalId": "PAT-1", "phone": "+48600000001"}]
    [link] = post({**body, "contacts": contacts, "channels": [channel_of("sms")]}).json()["personalLinks"]
    assert link["email"] is None


def test_the_same_contact_twice_in_a_call_is_one_recipient(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    contacts = [
        {"email": "ANN@example.com", "embeddedData": {"a": 1, "b": 1}},
        {"externalId": "PAT-1", "embeddedData": {"b": 2}},
        {"externalId": "PAT-2", "email": "bob@example.com"},
        {"contactId": str(known.pk), "embeddedData": {"c": 3}},
        {"externalId": "PAT-1"},
    ]
    answer = post({**body, "contacts": contacts}).json()
    assert answer["recipientCount"] == 2
    assert [link["externalId"] for link in answer["personalLinks"]] == ["PAT-1", "PAT-2"]
    assert Recipient.objects.get(contact=known).attributes == {"a": 1, "b": 2, "c": 3}
    assert Distribution.objects.get().accepted_count == 2


def test_a_phone_given_under_a_second_identifier_of_a_contact_is_used(
    post: Post, body: dict[str, Any], organization: Organization, channel_of: Callable[..., dict[str, Any]]
) -> None:
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    contacts = [{"email": "ann@example.com", "phone": "+48600000001"}, {"contactId": str(known.pk)}]
    answer = post({**body, "contacts": contacts, "channels": [channel_of("sms")]}).json()
    assert (answer["recipientCount"], answer["skipped"]) == (1, [])


def test_a_later_call_does_not_change_an_earlier_distribution(post: Post, body: dict[str, Any]) -> None:
    for ward in ("A", "B"):
        assert post(changed(body, "/contacts/0/embeddedData", {"ward": ward})).status_code == 201
    attributes = Recipient.objects.order_by("id").values_list("attributes", flat=True)
    assert list(attributes) == [{"ward": "A"}, {"ward": "B"}]
    assert Contact.objects.get().embedded_data == {"ward": "B"}


@pytest.mark.parametrize(
    ("count", "lane", "sizes"),
    [(10, "urgent", [10]), (11, "normal", [11]), (501, "bulk", [501]), (1_000, "bulk", [1_000])],
)
def test_a_call_takes_up_to_a_thousand_contacts(
    post: Post, body: dict[str, Any], count: int, lane: str, sizes: list[int]
) -> None:
    contacts = [{"externalId": f"PAT-{number}", "email": f"p{number}@example.com"} for number in range(count)]
    answer = post({**body, "contacts": contacts}).json()
    assert answer["recipientCount"] == len(answer["personalLinks"]) == count
    assert list(Batch.objects.values_list("size", flat=True)) == sizes
    assert set(Batch.objects.values_list("lane", flat=True)) == {lane}
    assert Recipient.objects.filter(batch=Batch.objects.get()).count() == count
