from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar
from uuid import UUID

import pytest

from channels.providers import parallel_calls
from channels.providers.anymail import transport as anymail_transport
from channels.providers.anymail.provider import Anymail
from channels.providers.base import Account, Message, Provider, Result
from contacts.channel import Channel
from tests.contract.peer import Peer, Trouble
from tests.support.channels.invitations import invitation
from tests.support.standins import mailgun, postmark
from tests.support.standins.server import Fault, StandIn

_FAULTS = {
    Trouble.THROTTLED: Fault.THROTTLED,
    Trouble.BUSY: Fault.UNAVAILABLE,
    Trouble.RESET_BEFORE: Fault.RESET_BEFORE,
    Trouble.RESET_AFTER: Fault.RESET_AFTER,
    Trouble.LOST_ANSWER: Fault.LOST_ANSWER,
    Trouble.SILENT: Fault.SILENT,
    Trouble.HALF_CLOSED: Fault.HALF_CLOSED,
}


class _ServicePeer:
    """A service's stand-in, asked for one message at a time: so each request's fault is that of its message."""

    troubles = frozenset({*_FAULTS, Trouble.REFUSED, Trouble.LOCKED_OUT, Trouble.CUT})
    clocks: ClassVar[tuple[ModuleType, ...]] = (parallel_calls,)
    esp: ClassVar[str]
    path: ClassVar[str] = ""
    api_key: ClassVar[str]

    @abstractmethod
    def stand_in(self) -> StandIn:
        """A new one."""

    @contextmanager
    def running(self) -> Generator[None]:
        self._faults: dict[str, Fault] = {}
        with self.stand_in().running() as self._stand_in:
            self.provider = self._provider(self._stand_in.url)
            yield
            self.provider.close()

    def provider_at(self, port: int) -> Provider:
        return self._provider(f"http://127.0.0.1:{port}")

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"p{number}@example.com", number=number)

    def cause(self, trouble: Trouble, message: Message) -> None:
        peer: Any = self._stand_in
        if trouble is Trouble.REFUSED:
            peer.invalid.add(message.to)
        elif trouble is Trouble.LOCKED_OUT:
            self.lock("another")
        elif trouble is Trouble.CUT:
            peer.cut_connections()
        else:
            self._faults[message.attempt_id] = _FAULTS[trouble]

    @abstractmethod
    def lock(self, key: str) -> None:
        """From here on only this key is let in."""

    def mend(self) -> None:
        peer: Any = self._stand_in
        peer.invalid.clear()
        self.lock(self.api_key)
        self._faults.clear()

    def taken(self) -> list[str]:
        peer: Any = self._stand_in
        return [mail.attempt_id for mail in peer.mails]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(anymail_transport, "READ_SECONDS", 0.2)

    def await_trouble(self) -> None:
        if self._stand_in.faults[Fault.HALF_CLOSED]:
            assert self._stand_in.has_half_closed.wait(10)

    def on_request(self, call: Callable[[], None]) -> None:
        self._stand_in.on_request = call

    def plan(self, messages: Sequence[Message]) -> None:
        """Let the next requests go wrong as their messages shall."""
        self._stand_in.next_faults.clear()
        self._stand_in.next_faults.extend(self._faults.pop(message.attempt_id, None) for message in messages)

    def _provider(self, url: str) -> Provider:
        configuration = {"esp": self.esp, "baseUrl": url + self.path, "concurrency": 1}
        account = Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, {"api_key": self.api_key})
        return _Planned(account, self.plan)


class PostmarkPeer(_ServicePeer, Peer):
    esp = "postmark"
    api_key = postmark.SERVER_TOKEN

    def stand_in(self) -> StandIn:
        return postmark.PostmarkStandIn()

    def lock(self, key: str) -> None:
        assert isinstance(self._stand_in, postmark.PostmarkStandIn)
        self._stand_in.server_token = key


class MailgunPeer(_ServicePeer, Peer):
    esp = "mailgun"
    path = "/v3"
    api_key = mailgun.API_KEY

    def stand_in(self) -> StandIn:
        return mailgun.MailgunStandIn()

    def lock(self, key: str) -> None:
        assert isinstance(self._stand_in, mailgun.MailgunStandIn)
        self._stand_in.api_key = key


class _Planned(Anymail):
    """Tells which messages it is about to send."""

    def __init__(self, account: Account, plan: Callable[[Sequence[Message]], None]) -> None:
        super().__init__(account)
        self._plan = plan

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        self._plan(messages)
        return super().send_batch(messages)
