"""A valid quick-send body, and functions that change and send it."""

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
    """A body for one contact, by e-mail."""
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
    """Make a channel of a body, with further fields."""

    def make(channel: str, **fields: Any) -> dict[str, Any]:
        known = {"providerId": str(accounts[Channel(channel)].pk), "templateId": str(templates[Channel(channel)].pk)}
        return {"channel": channel, **known, **fields}

    return make


@pytest.fixture
def post(client: Client, survey: Survey) -> Post:
    """Make a quick send. A body that is not text is sent as JSON; `_` in header names becomes `-`."""

    def send(body: Any, **headers: str) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        path = f"/api/surveys/{survey.pk}/distributions/quick"
        header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(path, text, content_type="application/json", headers=header_fields)

    return send
