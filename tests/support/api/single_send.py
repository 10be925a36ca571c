"""Single-send calls, and who may make them."""

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel

Send = Callable[[Any], Any]
PATH = "/v1/distributions/send"


def set_defaults(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> None:
    """Each channel's sandbox and invitation become the ones that calls mean."""
    ProviderAccount.objects.filter(pk__in=[account.pk for account in accounts.values()]).update(is_default=True)
    Template.objects.filter(pk__in=[template.pk for template in templates.values()]).update(is_default=True)


def send_by(client: Client) -> Send:
    """Make the call with a body, as JSON unless it is text already."""

    def send(body: Any) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return client.post(PATH, text, content_type="application/json")

    return send
