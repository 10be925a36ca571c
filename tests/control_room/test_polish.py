"""In Polish, the pages have no English sentence of the rules and no English label; the API has no Polish one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.contact_fields import ContactFields
from contacts.models import Contact, Suppression
from distributor.control_room.layout.labels import LABELS
from distributor.engine.acceptance.accept import accept
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision, Distribution, Recipient, Survey
from distributor.rules.journey.chain import StepKind
from distributor.rules.phrases import LANGUAGES, explain_reason
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.admin.conftest import anna, carla, distribution, operator, person, user
from tests.support.admin_pages import address
from tests.support.send_wizard import to_check

__all__ = ["anna", "carla", "distribution", "operator", "user"]

POLISH = {"accept-language": "pl"}
DETAILS: list[dict[str, Any]] = [{}, *({"channel": channel.value} for channel in Channel)]
OPENINGS = ("skipped:", "stopped:", "deferred until", "rerouted to", "sending again on request")
FORECASTS = ("by e-mail", "by SMS", "reminder", "unless the contact", "the previous message", "immediately")


def english_sentences() -> Iterator[str]:
    now, zone = database_now(), ZoneInfo("UTC")
    for reason in LANGUAGES["en"].reasons:
        for detail in DETAILS:
            # What follows the first fact may be in both languages: a time, or what the provider said.
            yield re.split(r"[(“;]| an unknown", explain_reason(reason, detail, now=now, zone=zone))[0].strip()
    with translation.override("en"):
        english = {code: str(label) for code, label in LABELS.items()}
    with translation.override("pl"):
        yield from (text for code, text in english.items() if str(LABELS[code]) != text)


def words_of(page: str) -> str:
    """Return what a page shows, without its markup."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(text).split())


def english_in(page: str) -> set[str]:
    words = words_of(page)
    known = {*english_sentences(), *OPENINGS, *FORECASTS}
    return {text for text in known if re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", words)}


@pytest.fixture
def every_reason(distribution: Distribution, carla: Recipient) -> None:
    """Somebody was left out for every reason there is, and Carla waited for every one."""
    common = {"distribution_id": distribution.pk, "contact_id": carla.contact_id, "decided_at": database_now()}
    details = dict.fromkeys(
        ("since", "until", "lastContactedAt", "lastSentAt", "earliestAt"), "2026-03-01T12:00:00+00:00"
    )
    details |= {"channel": "email", "account": "Relay"}
    decisions = [
        Decision(kind=kind, reason=reason, detail=details, recipient_id=recipient_id, **common)
        for reason in LANGUAGES["en"].reasons
        for kind, recipient_id in (("skipped", None), ("deferred", carla.pk))
    ]
    Decision.objects.bulk_create(decisions)


def test_the_english_sentences_are_found_on_english_pages(
    operator: Client, distribution: Distribution, carla: Recipient, every_reason: None
) -> None:
    found = english_in(operator.get(address(distribution, "change")).content.decode())
    assert {"skipped:", "quiet hours", "the e-mail message bounced", "one-time", "urgent"} <= found
    page = operator.get(address(carla, "change")).content.decode()
    assert {"by e-mail", "the provider's response was lost"} <= english_in(page)


def test_the_pages_of_a_distribution_and_its_people_are_polish(
    operator: Client, distribution: Distribution, every_reason: None
) -> None:
    Suppression.objects.create(
        organization=distribution.organization, channel="email", address="bob@example.com", reason="bounce"
    )
    rows = [distribution, *Recipient.objects.all(), *Contact.objects.filter(external_id="dora")]
    for path in [*(address(row, "change") for row in rows), "/admin/", "/admin/search/?q=bob"]:
        answer = operator.get(path, headers=POLISH)
        assert answer.status_code == 200
        page = answer.content.decode()
        # Django's own tables have English names, so of a contact only the journeys are looked at.
        page = page[page.index('<table class="room-table') :] if "/contacts/contact/" in path else page
        assert english_in(page) == set(), path


def test_what_follows_for_a_recipient_is_polish(
    operator: Client, survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> None:
    chain = [
        StepRequest(channel, accounts[channel].pk, templates[channel].pk, kind=kind, delay_minutes=delay)
        for channel, kind, delay in (
            (Channel.EMAIL, StepKind.INVITATION, None),
            (Channel.SMS, StepKind.REMINDER, 1_440),
            (Channel.EMAIL, StepKind.THANK_YOU, 2),
        )
    ]
    now = database_now()
    contact: ContactFields = {**person("eva"), "phone": "+48601100041"}
    request = DistributionRequest("test", survey.pk, [contact], chain, scheduled_at=now + timedelta(days=1))
    row = accept(survey.organization, None, request, now).distribution
    page = operator.get(address(Recipient.objects.get(), "change"), headers=POLISH).content.decode()
    assert english_in(page) == set()
    assert "Czeka na: e-mail" in words_of(page)
    assert "przypomnienie SMS-em" in page
    assert "chyba że kontakt odpowie wcześniej" in page
    page = operator.get(address(row, "change"), headers=POLISH).content.decode()
    assert english_in(page) == set()
    assert "2. SMS, przypomnienie" in page
    assert "1 440 minut po ostatniej wiadomości" in words_of(page)
    assert "2 minuty po odpowiedzi" in page


def test_the_last_page_of_a_send_says_in_polish_who_is_left_out(
    operator: Client, user: User, survey: Survey, steps: dict[str, Any]
) -> None:
    organization = survey.organization
    Contact.objects.create(organization=organization, email="dora@example.com", opted_out_at=database_now())
    operator.defaults["HTTP_ACCEPT_LANGUAGE"] = "pl"
    people = "dora@example.com\n+18765550100\nanna@example.com"
    wizard = to_check(operator, survey, steps, {"audience": "people", "people": people})
    assert wizard.name == "check", wizard.page
    assert english_in(wizard.page) == set()
    assert "pominięto: kontakt zrezygnował" in wizard.page


def test_the_api_stays_english(client: Client, distribution: Distribution, every_reason: None) -> None:
    path = f"/api/v1/distributions/{distribution.pk}/recipients"
    answer = client.get(path, headers=POLISH)
    assert answer.status_code == 200
    assert b"the e-mail message bounced" in answer.content
    assert "odłożono" not in answer.content.decode("unicode_escape")
