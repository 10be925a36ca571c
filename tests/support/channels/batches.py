"""Sends batches to a provider, for tests."""

from collections.abc import Sequence
from typing import Any

from channels.providers.base import Outcome, Provider, Result
from tests.support.channels.invitations import invitation

ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"
ACCEPTED, PERMANENT, TRANSIENT = Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.TRANSIENT
THROTTLED, UNKNOWN = Outcome.THROTTLED, Outcome.UNKNOWN


def send(provider: Provider, *addresses: str, **fields: Any) -> list[Result]:
    """Send an invitation with these fields to each address, as one batch."""
    return provider.send_batch([invitation(to, number=number, **fields) for number, to in enumerate(addresses, 1)])


def crowd(count: int = 20) -> list[str]:
    """Return different e-mail addresses."""
    return [f"p{number}@example.com" for number in range(count)]


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    return [result.outcome for result in results]
