"""A SendGrid stand-in with an account that sends to it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from channels.providers.base import Account
from channels.providers.sendgrid.provider import SendGrid
from contacts.channel import Channel
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn


def sendgrid_account(configuration: dict[str, Any], api_key: str = API_KEY) -> SendGrid:
    credentials = {"api_key": api_key} if api_key else {}
    return SendGrid(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, credentials))


@contextmanager
def serving(**settings: Any) -> Generator[tuple[SendGridStandIn, SendGrid]]:
    """Run a stand-in with these settings; yield it and its provider."""
    with SendGridStandIn(**settings).running() as peer:
        provider = sendgrid_account({"baseUrl": peer.url, "webhookPublicKey": peer.public_key})
        yield peer, provider
        provider.close()
