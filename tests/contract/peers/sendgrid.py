from uuid import UUID

import pytest

from channels.providers.base import Account, Message, Provider, Sender
from channels.providers.sendgrid import provider as sendgrid
from channels.providers.sendgrid import transport as sendgrid_transport
from channels.providers.sendgrid.provider import SendGrid
from contacts.channel import Channel
from tests.contract.http_peer import HttpPeer
from tests.contract.peer import Peer
from tests.support.channels.invitations import SENDER, invitation
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn


class SendGridPeer(HttpPeer, Peer):
    """A fault of a request strikes all messages in it."""

    clocks = (sendgrid, sendgrid_transport)

    def make_stand_in(self) -> SendGridStandIn:
        return SendGridStandIn()

    def make_provider(self, url: str) -> Provider:
        return SendGrid(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, {"baseUrl": url}, {"api_key": API_KEY}))

    def message(self, number: int, *, apart: bool = False) -> Message:
        sender = Sender(f"sender{number}@acme.example") if apart else SENDER
        return invitation(f"p{number}@example.com", number=number, sender=sender)

    def refuse(self, message: Message) -> None:
        self.stand_in.refused[message.to] = "hidden"

    def lock_out(self) -> None:
        self.stand_in.api_key = "SG.another"

    def mend(self) -> None:
        self.stand_in.refused.clear()
        self.stand_in.api_key = API_KEY

    def taken(self) -> list[str]:
        return [mail.attempt_id for mail in self.stand_in.mails]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sendgrid_transport, "READ_SECONDS", 0.2)
