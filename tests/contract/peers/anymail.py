from abc import abstractmethod
from typing import ClassVar
from uuid import UUID

import pytest

from channels.providers.anymail import transport as anymail_transport
from channels.providers.anymail.provider import Anymail
from channels.providers.base import Account, Message, Provider
from contacts.channel import Channel
from tests.contract.http_peer import AnnouncingProvider, MessagePerRequestPeer
from tests.contract.peer import Peer
from tests.support.channels.invitations import invitation
from tests.support.standins.mailgun import API_KEY, MailgunStandIn
from tests.support.standins.postmark import SERVER_TOKEN, PostmarkStandIn


class _AnnouncingAnymail(AnnouncingProvider, Anymail):
    pass


class _ServicePeer(MessagePerRequestPeer):
    esp: ClassVar[str]
    path: ClassVar[str] = ""
    api_key: ClassVar[str]

    def make_provider(self, url: str) -> Provider:
        configuration = {"esp": self.esp, "baseUrl": url + self.path, "concurrency": 1}
        account = Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, {"api_key": self.api_key})
        provider = _AnnouncingAnymail(account)
        provider.announce = self.plan_faults
        return provider

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"p{number}@example.com", number=number)

    def refuse(self, message: Message) -> None:
        self.stand_in.invalid.add(message.to)

    @abstractmethod
    def set_key(self, key: str) -> None:
        """Let the stand-in accept only this key."""

    def lock_out(self) -> None:
        self.set_key("another")

    def mend(self) -> None:
        self.stand_in.invalid.clear()
        self.set_key(self.api_key)
        self.faults.clear()

    def taken(self) -> list[str]:
        return [mail.attempt_id for mail in self.stand_in.mails]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(anymail_transport, "READ_SECONDS", 0.2)


class PostmarkPeer(_ServicePeer, Peer):
    esp = "postmark"
    api_key = SERVER_TOKEN

    def make_stand_in(self) -> PostmarkStandIn:
        return PostmarkStandIn()

    def set_key(self, key: str) -> None:
        self.stand_in.server_token = key


class MailgunPeer(_ServicePeer, Peer):
    esp = "mailgun"
    path = "/v3"
    api_key = API_KEY

    def make_stand_in(self) -> MailgunStandIn:
        return MailgunStandIn()

    def set_key(self, key: str) -> None:
        self.stand_in.api_key = key
