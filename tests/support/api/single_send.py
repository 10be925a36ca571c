"""Calls of the single-send dialect."""

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel

Send = Callable[[Any], Any]
PATH = "/v1/distributions/send"


def set_defaults(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> None:
    """Make these accounts and templates the defaults of their channels."""
    ProviderAccount.objects.filter(pk__in=[account.pk for account in accounts.values()]).update(is_default=True)
    Template.objects.filter(pk__in=[template.pk for template in templates.values()]).update(is_default=True)


def make_send(client: Client) -> Send:
    """Return a function that makes the call. A body that is not text is sent as JSON."""

    def send(body: Any) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return client.post(PATH, text, content_type="application/json")

    return send
