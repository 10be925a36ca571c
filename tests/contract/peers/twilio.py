from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from uuid import UUID

import pytest

from channels.providers import parallel_calls
from channels.providers.base import Account, Message, Provider, Result
from channels.providers.twilio import transport as twilio_http
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.contract.peer import Peer, Trouble
from tests.support.channels.invitations import SMS, invitation
from tests.support.standins.server import Fault
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

_FAULTS = {
    Trouble.THROTTLED: Fault.THROTTLED,
    Trouble.BUSY: Fault.UNAVAILABLE,
    Trouble.RESET_BEFORE: Fault.RESET_BEFORE,
    Trouble.RESET_AFTER: Fault.RESET_AFTER,
    Trouble.LOST_ANSWER: Fault.LOST_ANSWER,
    Trouble.SILENT: Fault.SILENT,
    Trouble.HALF_CLOSED: Fault.HALF_CLOSED,
}


class TwilioPeer(Peer):
    """Twilio's stand-in, asked for one message at a time: so each request's fault is that of its message."""

    troubles = frozenset({*_FAULTS, Trouble.REFUSED, Trouble.LOCKED_OUT, Trouble.CUT})
    clocks = (parallel_calls,)

    @contextmanager
    def running(self) -> Generator[None]:
        self._faults: dict[str, Fault] = {}
        with TwilioStandIn().running() as self._stand_in:
            self.provider = self._provider(self._stand_in.url)
            yield
            self.provider.close()

    def provider_at(self, port: int) -> Provider:
        return self._provider(f"http://127.0.0.1:{port}")

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"+4860{number:07d}", number=number, variant=SMS)

    def cause(self, trouble: Trouble, message: Message) -> None:
        if trouble is Trouble.REFUSED:
            self._stand_in.codes[message.to] = 21211
        elif trouble is Trouble.LOCKED_OUT:
            self._stand_in.is_suspended = True
        elif trouble is Trouble.CUT:
            self._stand_in.cut_connections()
        else:
            self._faults[message.attempt_id] = _FAULTS[trouble]

    def mend(self) -> None:
        self._stand_in.codes.clear()
        self._stand_in.is_suspended = False
        self._faults.clear()

    def taken(self) -> list[str]:
        return [sent.attempt_id for sent in self._stand_in.messages]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(twilio_http, "READ_SECONDS", 0.2)

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
        configuration = {"from": "+15005550006", "baseUrl": url, "concurrency": 1}
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        webhook_url = "https://surveys.example/webhooks/7"
        return _Planned(
            Account(UUID(int=1), UUID(int=2), Channel.SMS, configuration, credentials, webhook_url), self.plan
        )


class _Planned(Twilio):
    """Tells which messages it is about to send."""

    def __init__(self, account: Account, plan: Callable[[Sequence[Message]], None]) -> None:
        super().__init__(account)
        self._plan = plan

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        self._plan(messages)
        return super().send_batch(messages)
