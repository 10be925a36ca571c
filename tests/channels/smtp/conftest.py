"""Mail servers, and the provider that sends to them."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from uuid import UUID

import pytest

from channels.providers.base import Account
from channels.providers.smtp.provider import Smtp
from contacts.channel import Channel
from tests.support.channels.mail_server import MailServer

Serve = Callable[..., MailServer]
Connect = Callable[..., Smtp]


@pytest.fixture
def serve() -> Generator[Serve]:
    """Start a mail server; MailServer describes its settings."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(MailServer(**settings).running())


@pytest.fixture
def connect() -> Generator[Connect]:
    """Make the provider of a server."""
    made: list[Smtp] = []

    def make(server: MailServer, *, security: str = "none", connections: int | None = None, **credentials: str) -> Smtp:
        configuration = {"host": "127.0.0.1", "port": server.port, "security": security}
        if connections is not None:
            configuration["connections"] = connections
        made.append(Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, credentials)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()
