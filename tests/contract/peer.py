"""The other side of a provider in the contract suite: it takes and counts messages, and causes trouble on demand."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from types import ModuleType
from typing import ClassVar

import pytest

from channels.providers.base import Message, Outcome, Provider, Scope


class Trouble(StrEnum):
    """What can go wrong with a message, or with the request that contains it."""

    REFUSED = "refused"  # this recipient, for good
    LOCKED_OUT = "locked_out"  # the account, whoever the recipient is
    THROTTLED = "throttled"
    BUSY = "busy"  # not now; not taken
    RESET_BEFORE = "reset_before"  # the connection is lost before the message was taken
    RESET_AFTER = "reset_after"  # the connection is lost after the message was taken
    LOST_ANSWER = "lost_answer"  # taken, and answered with an error
    SILENT = "silent"  # taken, and never answered
    CUT = "cut"  # the connection is closed while it is idle
    HALF_CLOSED = "half_closed"  # taken and answered; then the peer closes its side of the connection


# The results that the affected message may have.
EXPECTED: dict[Trouble, set[tuple[Outcome, Scope | None]]] = {
    Trouble.REFUSED: {(Outcome.PERMANENT, Scope.RECIPIENT), (Outcome.PERMANENT, Scope.CONTENT)},
    Trouble.LOCKED_OUT: {(Outcome.PERMANENT, Scope.ACCOUNT)},
    Trouble.THROTTLED: {(Outcome.THROTTLED, Scope.ACCOUNT)},
    Trouble.BUSY: {(Outcome.TRANSIENT, Scope.ACCOUNT), (Outcome.TRANSIENT, Scope.RECIPIENT)},
    # A small request is sent completely before the reset arrives. A larger one may be repeated at once.
    Trouble.RESET_BEFORE: {(Outcome.TRANSIENT, Scope.ROUTE), (Outcome.UNKNOWN, Scope.ROUTE), (Outcome.ACCEPTED, None)},
    Trouble.RESET_AFTER: {(Outcome.UNKNOWN, Scope.ROUTE)},
    Trouble.LOST_ANSWER: {(Outcome.UNKNOWN, None), (Outcome.UNKNOWN, Scope.ACCOUNT)},
    Trouble.SILENT: {(Outcome.UNKNOWN, Scope.ROUTE)},
    Trouble.CUT: {(Outcome.ACCEPTED, None)},
    Trouble.HALF_CLOSED: {(Outcome.ACCEPTED, None)},
}
# Trouble in which the peer has the message although its answer was lost.
TAKEN_UNANSWERED = frozenset({Trouble.RESET_AFTER, Trouble.LOST_ANSWER, Trouble.SILENT})


class Peer(ABC):
    """The other side of one provider. `provider` exists while it is `running()`."""

    troubles: ClassVar[frozenset[Trouble]]
    # Modules of the provider that call `monotonic`, if one batch makes several requests.
    clocks: ClassVar[tuple[ModuleType, ...]] = ()
    needs_database: ClassVar[bool] = False
    has_address: ClassVar[bool] = True

    provider: Provider

    @contextmanager
    @abstractmethod
    def running(self) -> Generator[None]:
        """Take and count messages."""

    @abstractmethod
    def message(self, number: int, *, apart: bool = False) -> Message:
        """Return a message to a different person per number. Messages that are `apart` never share a request."""

    @abstractmethod
    def cause(self, trouble: Trouble, message: Message) -> None:
        """Cause trouble with a message of the next batch. LOCKED_OUT and CUT affect all messages."""

    @abstractmethod
    def mend(self) -> None:
        """End all trouble."""

    @abstractmethod
    def taken(self) -> list[str]:
        """Return the attempt ids of all messages that the peer took, repeated ones included."""

    def provider_at(self, port: int) -> Provider:
        """Return a provider that connects to this port of 127.0.0.1."""
        raise NotImplementedError

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: B027  some do not wait
        """Make the provider wait only a fraction of a second for an answer."""

    def await_trouble(self) -> None:  # noqa: B027  most trouble comes with the answer
        """Wait for trouble that comes after an answer."""

    def on_request(self, call: Callable[[], None]) -> None:
        """Call this for each request from here on."""
        raise NotImplementedError
