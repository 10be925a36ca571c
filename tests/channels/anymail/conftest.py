"""Stand-ins of services, and the providers that send to them."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from channels.providers.anymail.provider import Anymail
from tests.support.channels.anymail_account import anymail_account
from tests.support.standins.mailgun import API_KEY, MailgunStandIn
from tests.support.standins.postmark import SERVER_TOKEN, PostmarkStandIn

ServePostmark = Callable[..., tuple[PostmarkStandIn, Anymail]]
ServeMailgun = Callable[..., tuple[MailgunStandIn, Anymail]]


@pytest.fixture
def postmark() -> Generator[ServePostmark]:
    """Start a stand-in and make its provider. `known` is added to the account's configuration."""
    with ExitStack() as stack:

        def serve(kind: type[PostmarkStandIn] = PostmarkStandIn, known: Any = None, **settings: Any) -> Any:
            peer = stack.enter_context(kind(**settings).running())
            provider = anymail_account({"esp": "postmark", "baseUrl": peer.url} | (known or {}), api_key=SERVER_TOKEN)
            stack.callback(provider.close)
            return peer, provider

        yield serve


@pytest.fixture
def mailgun() -> Generator[ServeMailgun]:
    with ExitStack() as stack:

        def serve(known: Any = None, **settings: Any) -> Any:
            peer = stack.enter_context(MailgunStandIn(**settings).running())
            configuration = {"esp": "mailgun", "baseUrl": f"{peer.url}/v3", **(known or {})}
            provider = anymail_account(configuration, api_key=API_KEY)
            stack.callback(provider.close)
            return peer, provider

        yield serve
