"""What the peers of providers that are called by HTTP have in common: a stand-in that causes trouble per request."""

from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar

from channels.providers import parallel_calls
from channels.providers.base import Message, Provider, Result
from tests.contract.peer import Trouble
from tests.support.standins.server import Fault

FAULTS = {
    Trouble.THROTTLED: Fault.THROTTLED,
    Trouble.BUSY: Fault.UNAVAILABLE,
    Trouble.RESET_BEFORE: Fault.RESET_BEFORE,
    Trouble.RESET_AFTER: Fault.RESET_AFTER,
    Trouble.LOST_ANSWER: Fault.LOST_ANSWER,
    Trouble.SILENT: Fault.SILENT,
    Trouble.HALF_CLOSED: Fault.HALF_CLOSED,
}


class HttpPeer:
    """To be inherited from before Peer."""

    troubles = frozenset({*FAULTS, Trouble.REFUSED, Trouble.LOCKED_OUT, Trouble.CUT})
    clocks: ClassVar[tuple[ModuleType, ...]]
    provider: Provider
    stand_in: Any  # the stand-ins have different types

    @abstractmethod
    def make_stand_in(self) -> Any:
        """Return a stand-in that is not yet running."""

    @abstractmethod
    def make_provider(self, url: str) -> Provider:
        """Return a provider that calls the API at this URL."""

    @abstractmethod
    def refuse(self, message: Message) -> None:
        """Let the stand-in refuse the message's recipient."""

    @abstractmethod
    def lock_out(self) -> None:
        """Let the stand-in refuse the account."""

    @contextmanager
    def running(self) -> Generator[None]:
        with self.make_stand_in().running() as self.stand_in:
            self.provider = self.make_provider(self.stand_in.url)
            yield
            self.provider.close()

    def provider_at(self, port: int) -> Provider:
        return self.make_provider(f"http://127.0.0.1:{port}")

    def cause(self, trouble: Trouble, message: Message) -> None:
        if trouble is Trouble.REFUSED:
            self.refuse(message)
        elif trouble is Trouble.LOCKED_OUT:
            self.lock_out()
        elif trouble is Trouble.CUT:
            self.stand_in.cut_connections()
        else:
            self.cause_fault(FAULTS[trouble], message)

    def cause_fault(self, fault: Fault, message: Message) -> None:
        """Let the next request fail."""
        self.stand_in.next_faults.append(fault)

    def await_trouble(self) -> None:
        if self.stand_in.faults[Fault.HALF_CLOSED]:
            assert self.stand_in.has_half_closed.wait(10)

    def on_request(self, call: Callable[[], None]) -> None:
        self.stand_in.on_request = call


class MessagePerRequestPeer(HttpPeer):
    """The peer of a ParallelProvider, which makes one request at a time here, so that a fault strikes one message."""

    clocks: ClassVar[tuple[ModuleType, ...]] = (parallel_calls,)

    def __init__(self) -> None:
        self.faults: dict[str, Fault] = {}

    def cause_fault(self, fault: Fault, message: Message) -> None:
        self.faults[message.attempt_id] = fault

    def plan_faults(self, messages: Sequence[Message]) -> None:
        """Give the next requests the faults of their messages."""
        self.stand_in.next_faults.clear()
        self.stand_in.next_faults.extend(self.faults.pop(message.attempt_id, None) for message in messages)


class AnnouncingProvider(Provider):
    """To be inherited from before a provider: tells which messages it will send."""

    announce: Callable[[Sequence[Message]], None]

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        self.announce(messages)
        return super().send_batch(messages)
