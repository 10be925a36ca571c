"""A worker keeps providers open from batch to batch, but not those of every account that it ever used."""

from collections.abc import Iterator
from threading import active_count
from uuid import uuid4

import pytest

from channels.providers import registry
from channels.providers.base import Account
from channels.providers.registry import MAX_OPEN, open_provider
from contacts.channel import Channel
from tests.support.channels.invitations import invitation

CONFIGURATION = {"host": "127.0.0.1", "port": 9, "security": "none"}


def account() -> Account:
    return Account(uuid4(), uuid4(), Channel.EMAIL, CONFIGURATION)


@pytest.fixture(autouse=True)
def none_open() -> Iterator[None]:
    registry._close_unused(float("inf"))
    yield
    registry._close_unused(float("inf"))


def test_a_provider_stays_open_and_is_closed_when_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(registry, "monotonic", lambda: moment)
    used, unused = account(), account()
    first = open_provider("smtp", used)
    open_provider("smtp", unused)
    moment = registry.IDLE_SECONDS - 1
    assert open_provider("smtp", used) is first
    moment += 2
    open_provider("smtp", account())
    assert unused.id not in registry._open
    assert open_provider("smtp", used) is first


def test_a_flood_of_accounts_leaves_few_threads() -> None:
    """Each account is sent to, which starts a thread."""
    before = active_count()
    for _ in range(MAX_OPEN + 20):
        open_provider("smtp", account()).send_batch([invitation("ann@example.com")])
    assert len(registry._open) == MAX_OPEN
    assert active_count() - before <= MAX_OPEN
