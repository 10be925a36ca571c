"""The ways in which people say no, as our side learns of them."""

from collections.abc import Callable
from typing import Any

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.infrastructure.clock import database_now
from tests.support.engine.provider_events import event_of, report_events

Accounts = dict[Channel, ProviderAccount]
PHONE = "+48600000000"
EMAIL = "person0@example.com"


def stop_by(accounts: Accounts, channel: Channel, address: str = PHONE) -> Callable[[Any], None]:
    """A STOP that a person sends to one of our numbers: it names no attempt."""

    def say(accepted: Any) -> None:
        event = event_of(accepted, EventKind.STOPPED, attempt_id="", address=address)
        report_events(accounts[channel], event)

    return say


def report_on_email(accounts: Accounts, kind: EventKind) -> Callable[[Any], None]:
    return lambda accepted: report_events(accounts[Channel.EMAIL], event_of(accepted, kind))


def click_unsubscribe(accepted: Any) -> None:
    assert unsubscribe(accepted.recipients[0].code, "unsubscribe page", database_now())


def report_opt_out(accepted: Any) -> None:
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")


# How the person says no, by a name; the first channel is the one that the message came by.
SIGNALS = {
    "STOP by WhatsApp": (Channel.WHATSAPP, "stop"),
    "STOP by SMS": (Channel.SMS, "stop"),
    "spam complaint": (Channel.EMAIL, "complaint"),
    "unsubscribe at the provider": (Channel.EMAIL, "provider_unsubscribe"),
    "unsubscribe page": (Channel.EMAIL, "page_unsubscribe"),
    "reported opt-out": (Channel.EMAIL, "reported_opt_out"),
}


def say_no(name: str, accounts: Accounts, accepted: Any) -> None:
    channel, signal = SIGNALS[name]
    match signal:
        case "stop":
            stop_by(accounts, channel)(accepted)
        case "complaint":
            report_on_email(accounts, EventKind.COMPLAINED)(accepted)
        case "provider_unsubscribe":
            report_on_email(accounts, EventKind.UNSUBSCRIBED)(accepted)
        case "page_unsubscribe":
            click_unsubscribe(accepted)
        case _:
            report_opt_out(accepted)
