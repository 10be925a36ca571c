"""Bodies of POST /api/v1/distributions, and what they refer to."""

from collections.abc import Callable
from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.models import Survey
from tests.support.api.bodies import people

MOMENT = "2030-05-01T09:00:00+02:00"
PATH = "/api/v1/distributions"
NOBODY = "01a20000-0000-7000-8000-000000000000"  # a constant: every worker of xdist collects the same tests
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
def crowd(organization: Organization) -> list[Contact]:
    rows = [Contact(organization=organization, external_id=str(n), email=f"c{n}@example.com") for n in range(4)]
    return Contact.objects.bulk_create(rows)


@pytest.fixture
def ticked(sending: dict[str, Any]) -> None:
    """The organisation's accounts and templates are its defaults."""
    ProviderAccount.objects.update(is_default=True)
    Template.objects.update(is_default=True)
