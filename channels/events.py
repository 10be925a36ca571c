"""Events that providers report by webhook, in one vocabulary. A vendor's own codes stay in its provider's package."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# Providers retry a webhook for up to 24 h, and their clocks may differ from ours.
SIGNATURE_AGE_MAX = timedelta(hours=25)
SIGNATURE_AHEAD_MAX = timedelta(minutes=5)


class EventKind(StrEnum):
    """What happened to a message, or what its recipient asks for."""

    SENT = "sent"  # the provider has it or passed it on: evidence that an attempt of unknown outcome was sent
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    DELAYED = "delayed"  # the provider will retry
    SOFT_BOUNCED = "soft_bounced"  # not delivered and not retried; the address may be valid
    HARD_BOUNCED = "hard_bounced"  # the address does not exist
    FAILED = "failed"  # not delivered, for a reason other than the address
    DROPPED = "dropped"  # the provider did not try to send the message
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    STOPPED = "stopped"  # STOP, or an error that says that the number has opted out
    STARTED = "started"  # START, which lifts a STOP; by e-mail a subscription again at the provider
    ASKED_HELP = "asked_help"  # HELP, to be answered by us
    REPLIED = "replied"  # a text message that asks for nothing we understand


@dataclass(frozen=True, slots=True)
class Event:
    """One event reported by a provider.

    `event_id` is the provider's own id, unique in its account: an event that is reported twice counts once.
    `attempt_id` is ours, as sent in channels.providers.base.Message. An event without one is about `address` (spelled
    as in Suppression), not about a message.
    """

    event_id: str
    kind: EventKind
    occurred_at: datetime
    attempt_id: str = ""
    address: str = ""
    provider_message_id: str = ""
    code: str = ""
    detail: str = ""
    is_machine: bool = False  # opened or clicked by a scanner, not a person
    # What else is kept of the report: fields that the provider lists, none of them an IP address, a place or a browser.
    raw: Mapping[str, Any] = field(default_factory=dict)


def keep_fields(report: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the fields of a report that may be stored. Whatever is not listed is dropped, also if it is new."""
    return {name: value for name, value in report.items() if name in names}


class ForgedWebhookError(Exception):
    """The signature is missing, wrong or too old: answer 403 and change nothing."""


def is_recent(signed_at: datetime, now: datetime) -> bool:
    """Whether a webhook signed at this time may still be accepted."""
    return now - SIGNATURE_AGE_MAX <= signed_at <= now + SIGNATURE_AHEAD_MAX


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that claims to come from a provider.

    `url` is built from the public base URL, never from the Host header. Names in `headers` are lower-case.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """The events of a webhook, and the response that the provider expects.

    `help_body` is the response that also sends the account's help text to the person who asked for it. It is given in
    place of `body`, and only once for an ASKED_HELP event.
    """

    events: tuple[Event, ...]
    body: str = ""
    content_type: str = "text/plain"
    help_body: str = ""
