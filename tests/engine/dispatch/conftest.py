"""The provider in trouble that several modules use (tests/support/engine/outages.py)."""

from collections.abc import Iterator

import pytest

from channels.models import ProviderAccount
from contacts.channel import Channel
from tests.support.engine.outages import KIND, end_trouble


@pytest.fixture
def troubled_kind(kinds: dict[str, str]) -> Iterator[None]:
    """Make “troubled” a kind of provider, and end the trouble afterwards."""
    kinds["troubled"] = KIND
    yield
    end_trouble()


@pytest.fixture
def first(accounts: dict[Channel, ProviderAccount]) -> ProviderAccount:
    """The organisation's account for e-mails."""
    return accounts[Channel.EMAIL]
