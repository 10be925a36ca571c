"""Accounts with services that Anymail supports."""

from typing import Any
from uuid import UUID

from channels.providers.anymail.provider import Anymail
from channels.providers.base import Account
from contacts.channel import Channel

WEBHOOK_URL = "https://surveys.example/webhooks/7"


def anymail_account(configuration: dict[str, Any], **credentials: str) -> Anymail:
    account = Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, credentials, WEBHOOK_URL)
    return Anymail(account)
