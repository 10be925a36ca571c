from collections.abc import Callable, Generator
from contextlib import contextmanager
from uuid import UUID

import pytest

from channels.providers.base import Account, Message, Provider, Sender
from channels.providers.sendgrid import provider as sendgrid
from channels.providers.sendgrid import transport as sendgrid_transport
from channels.providers.sendgrid.provider import SendGrid
from contacts.channel import Channel
from tests.contract.peer import Peer, Trouble
from tests.support.channels.invitations import SENDER, invitation
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn
from tests.support.standins.server import Fault

_FAULTS = {
    Trouble.THROTTLED: Fault.THROTTLED,
    Trouble.BUSY: Fault.UNAVAILABLE,
    Trouble.RESET_BEFORE: Fault.RESET_BEFORE,
    Trouble.RESET_AFTER: Fault.RESET_AFTER,
    Trouble.LOST_ANSWER: Fault.LOST_ANSWER,
    Trouble.SILENT: Fault.SILENT,
    Trouble.HALF_CLOSED: Fault.HALF_CLOSED,
}


class SendGridPeer(Peer):
    """SendGrid's stand-in. What befalls a request befalls all messages in it."""

    troubles = frozenset({*_FAULTS, Trouble.REFUSED, Trouble.LOCKED_OUT, Trouble.CUT})
    clocks = (sendgrid, sendgrid_transport)

    @contextmanager
    def running(self) -> Generator[None]:
        with SendGridStandIn().running() as self._stand_in:
            self.provider = self._provider(self._stand_in.url)
            yield
            self.provider.close()

    def provider_at(self, port: int) -> Provider:
        return self._provider(f"http://127.0.0.1:{port}")

    def message(self, number: int, *, apart: bool = False) -> Message:
        sender = Sender(f"sender{number}@acme.example") if apart else SENDER
        return invitation(f"p{number}@example.com", number=number, sender=sender)

    def cause(self, trouble: Trouble, message: Message) -> None:
        if trouble is Trouble.REFUSED:
            self._stand_in.refused[message.to] = "hidden"
        elif trouble is Trouble.LOCKED_OUT:
            self._stand_in.api_key = "SG.another"
        elif trouble is Trouble.CUT:
            self._stand_in.cut_connections()
        else:
            self._stand_in.next_faults.append(_FAULTS[trouble])

    def mend(self) -> None:
        self._stand_in.refused.clear()
        self._stand_in.api_key = API_KEY

    def taken(self) -> list[str]:
        return [mail.attempt_id for mail in self._stand_in.mails]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sendgrid_transport, "READ_SECONDS", 0.2)

    def await_trouble(self) -> None:
        if self._stand_in.faults[Fault.HALF_CLOSED]:
            assert self._stand_in.has_half_closed.wait(10)

    def on_request(self, call: Callable[[], None]) -> None:
        self._stand_in.on_request = call

    def _provider(self, url: str) -> Provider:
        return SendGrid(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, {"baseUrl": url}, {"api_key": API_KEY}))
