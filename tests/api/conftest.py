"""A quick call that is accepted as it stands, to be changed field by field."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from distributor.models import Survey
from tests.support.api.lists_and_links_bodies import crowd, defaults, links_body, mailing_list, send_body, sms_body

__all__ = ["crowd", "defaults", "links_body", "mailing_list", "send_body", "sms_body"]

Post = Callable[..., Any]


@pytest.fixture
def body(
    survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> dict[str, Any]:
    """One person, by e-mail."""
    return {
        "surveyId": str(survey.pk),
        "contacts": [{"externalId": "PAT-1", "email": "ann@example.com", "firstName": "Ann", "phone": "+48600000001"}],
        "channels": [
            {
                "channel": "email",
                "providerId": str(accounts[Channel.EMAIL].pk),
                "templateId": str(templates[Channel.EMAIL].pk),
            }
        ],
    }


@pytest.fixture
def channel_of(
    accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> Callable[..., dict[str, Any]]:
    """A channel of a body, with whatever else is said of it."""

    def make(channel: str, **said: Any) -> dict[str, Any]:
        known = {"providerId": str(accounts[Channel(channel)].pk), "templateId": str(templates[Channel(channel)].pk)}
        return {"channel": channel, **known, **said}

    return make


@pytest.fixture
def post(client: Client, survey: Survey) -> Post:
    """Call the survey's quick endpoint with a body, as JSON unless it is text already, and headers by their names."""

    def send(body: Any, **headers: str) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        path = f"/api/surveys/{survey.pk}/distributions/quick"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(path, text, content_type="application/json", headers=named)

    return send
