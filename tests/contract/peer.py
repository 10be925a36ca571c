"""What the contract suite needs of the other side of a provider: messages for it, trouble on demand, a count."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from types import ModuleType
from typing import ClassVar

import pytest

from channels.providers.base import Message, Outcome, Provider, Scope


class Trouble(StrEnum):
    """What can befall a message, or the request that it is in."""

    REFUSED = "refused"  # this recipient, for good
    LOCKED_OUT = "locked_out"  # the account, whoever the recipient is
    THROTTLED = "throttled"
    BUSY = "busy"  # not now, and not taken
    RESET_BEFORE = "reset_before"  # the connection is lost before the message was taken
    RESET_AFTER = "reset_after"  # the connection is lost after the message was taken
    LOST_ANSWER = "lost_answer"  # taken, and answered with an error
    SILENT = "silent"  # taken, and never answered
    CUT = "cut"  # the connection is ended while nothing happens
    HALF_CLOSED = "half_closed"  # taken and answered; then the peer ends its side of the connection


# What the message that was struck may come to, and why.
EXPECTED: dict[Trouble, set[tuple[Outcome, Scope | None]]] = {
    Trouble.REFUSED: {(Outcome.PERMANENT, Scope.RECIPIENT), (Outcome.PERMANENT, Scope.CONTENT)},
    Trouble.LOCKED_OUT: {(Outcome.PERMANENT, Scope.ACCOUNT)},
    Trouble.THROTTLED: {(Outcome.THROTTLED, None)},
    Trouble.BUSY: {(Outcome.TRANSIENT, None)},
    # A small request has left whole before the reset is heard of. One that has not may be repeated at once.
    Trouble.RESET_BEFORE: {(Outcome.TRANSIENT, None), (Outcome.UNKNOWN, None), (Outcome.ACCEPTED, None)},
    Trouble.RESET_AFTER: {(Outcome.UNKNOWN, None)},
    Trouble.LOST_ANSWER: {(Outcome.UNKNOWN, None)},
    Trouble.SILENT: {(Outcome.UNKNOWN, None)},
    Trouble.CUT: {(Outcome.ACCEPTED, None)},
    Trouble.HALF_CLOSED: {(Outcome.ACCEPTED, None)},
}
# Where the answer was lost the peer has the message all the same.
TAKEN_UNANSWERED = frozenset({Trouble.RESET_AFTER, Trouble.LOST_ANSWER, Trouble.SILENT})


class Peer(ABC):
    """One provider's other side. `provider` is there while it is `running()`."""

    troubles: ClassVar[frozenset[Trouble]]
    # The modules of the provider that read the time by `monotonic`, if one call to it makes several requests.
    clocks: ClassVar[tuple[ModuleType, ...]] = ()
    needs_database: ClassVar[bool] = False
    has_address: ClassVar[bool] = True

    provider: Provider

    @contextmanager
    @abstractmethod
    def running(self) -> Generator[None]:
        """From here on messages are taken, and counted."""

    @abstractmethod
    def message(self, number: int, *, apart: bool = False) -> Message:
        """A message to a person of its own. Those that are `apart` never share a request."""

    @abstractmethod
    def cause(self, trouble: Trouble, message: Message) -> None:
        """Let trouble befall a message of the next batch; LOCKED_OUT and CUT are not about a message."""

    @abstractmethod
    def mend(self) -> None:
        """From here on all is well."""

    @abstractmethod
    def taken(self) -> list[str]:
        """The attempt ids of all messages that the peer has, as often as it has them."""

    def provider_at(self, port: int) -> Provider:
        """A provider that talks to another port of 127.0.0.1."""
        raise NotImplementedError

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: B027  some wait for nobody
        """Make the provider wait only a fraction of a second for an answer."""

    def await_trouble(self) -> None:  # noqa: B027  most trouble comes with the answer
        """Return when trouble that comes after an answer has come."""

    def on_request(self, call: Callable[[], None]) -> None:
        """Call this for each request from here on."""
        raise NotImplementedError
