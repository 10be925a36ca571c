from uuid import UUID

import pytest

from channels.providers.base import Account, Message, Provider
from channels.providers.twilio import transport as twilio_transport
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.contract.http_peer import AnnouncingProvider, MessagePerRequestPeer
from tests.contract.peer import Peer
from tests.support.channels.invitations import SMS, invitation
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn


class _AnnouncingTwilio(AnnouncingProvider, Twilio):
    pass


class TwilioPeer(MessagePerRequestPeer, Peer):
    def make_stand_in(self) -> TwilioStandIn:
        return TwilioStandIn()

    def make_provider(self, url: str) -> Provider:
        configuration = {"from": "+15005550006", "baseUrl": url, "concurrency": 1}
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        webhook_url = "https://surveys.example/webhooks/7"
        account = Account(UUID(int=1), UUID(int=2), Channel.SMS, configuration, credentials, webhook_url)
        provider = _AnnouncingTwilio(account)
        provider.announce = self.plan_faults
        return provider

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"+4860{number:07d}", number=number, variant=SMS)

    def refuse(self, message: Message) -> None:
        self.stand_in.codes[message.to] = 21211

    def lock_out(self) -> None:
        self.stand_in.is_suspended = True

    def mend(self) -> None:
        self.stand_in.codes.clear()
        self.stand_in.is_suspended = False
        self.faults.clear()

    def taken(self) -> list[str]:
        return [sent.attempt_id for sent in self.stand_in.messages]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(twilio_transport, "READ_SECONDS", 0.2)
