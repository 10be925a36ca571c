"""Accounts that send to the Twilio stand-in."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from channels.providers.base import Account, Message
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.support.channels.invitations import SMS, invitation
from tests.support.standins.server import Request
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

SENDER, SERVICE, CONTENT = "+15005550006", "MG" + "b" * 32, "HX" + "c" * 32
WEBHOOK_URL = "https://surveys.example/webhooks/7"
CREDENTIALS = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}

Serve = Callable[..., TwilioStandIn]
Connect = Callable[..., Twilio]


@pytest.fixture
def serve_twilio() -> Generator[Serve]:
    """Start a Twilio stand-in; TwilioStandIn describes its settings."""
    with ExitStack() as stack:
        yield lambda kind=TwilioStandIn, **settings: stack.enter_context(kind(**settings).running())


@pytest.fixture
def connect_twilio() -> Generator[Connect]:
    """Make the provider of a stand-in or a URL; see twilio_account()."""
    with ExitStack() as stack:

        def connect(peer: TwilioStandIn | str, **settings: Any) -> Twilio:
            provider = twilio_account(peer if isinstance(peer, str) else peer.url, **settings)
            stack.callback(provider.close)
            return provider

        yield connect


def twilio_account(
    url: str,
    *,
    channel: Channel = Channel.SMS,
    webhook_url: str = WEBHOOK_URL,
    credentials: Mapping[str, str] = CREDENTIALS,
    **configuration: Any,
) -> Twilio:
    """Return a provider for a URL. Keywords are its configuration; None removes a default."""
    configuration = {"from": SENDER, "baseUrl": url, "lookupsBaseUrl": url, **configuration}
    configuration = {name: value for name, value in configuration.items() if value is not None}
    return Twilio(Account(UUID(int=1), UUID(int=2), channel, configuration, credentials, webhook_url))


def number(n: int) -> str:
    return f"+4860{n:07d}"


def people(count: int) -> list[Message]:
    return [invitation(number(n), number=n, variant=SMS) for n in range(1, count + 1)]


def form_of(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
