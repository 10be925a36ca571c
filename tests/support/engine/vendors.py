"""Provider accounts that send to the vendors' stand-ins."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from channels.models import ProviderAccount
from channels.providers import registry
from tests.support.standins.resend import API_KEY as RESEND_KEY
from tests.support.standins.resend import ResendStandIn
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn
from tests.support.standins.server import StandIn
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn


@contextmanager
def sendgrid(account: ProviderAccount, **options: Any) -> Generator[SendGridStandIn]:
    """Turn the account into one at a SendGrid stand-in."""
    with SendGridStandIn(**options).running() as peer:
        account.kind, account.configuration = "sendgrid", {"baseUrl": peer.url}
        account.credentials = {"api_key": API_KEY}
        account.save(update_fields=["kind", "configuration", "credentials"])
        yield peer


@contextmanager
def twilio(account: ProviderAccount, **options: Any) -> Generator[TwilioStandIn]:
    """Turn the account into one at a Twilio stand-in."""
    with TwilioStandIn(**options).running() as peer:
        account.kind = "twilio"
        account.configuration = {"from": "+15005550006", "baseUrl": peer.url, "concurrency": 4}
        account.credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        account.save(update_fields=["kind", "configuration", "credentials"])
        yield peer


@contextmanager
def resend(account: ProviderAccount, **options: Any) -> Generator[ResendStandIn]:
    """Turn the account into one at a Resend stand-in."""
    with ResendStandIn(**options).running() as peer:
        account.kind = "anymail"
        account.configuration = {"esp": "resend", "baseUrl": peer.url, "concurrency": 4}
        account.credentials = {"api_key": RESEND_KEY}
        account.save(update_fields=["kind", "configuration", "credentials"])
        yield peer
        if (opened := registry._open.pop(account.id, None)) is not None:
            opened.close()  # its threads


def after_requests(peer: StandIn, count: int, name: str, value: object) -> None:
    """Set an attribute of the stand-in after it served this many requests."""

    def change() -> None:
        if peer.requests >= count:
            setattr(peer, name, value)

    peer.on_request = change
