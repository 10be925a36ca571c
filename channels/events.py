"""What providers tell afterwards, in one vocabulary. A vendor's own words stay in its provider's file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What happened to a message, or what a person wants."""

    SENT = "sent"  # the provider has it, or passed it on: evidence that a try of unknown outcome left
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    DELAYED = "delayed"  # the provider goes on trying
    SOFT_BOUNCED = "soft_bounced"  # not delivered, and not tried again; the address may be good
    HARD_BOUNCED = "hard_bounced"  # there is no such address
    FAILED = "failed"  # not delivered, through no fault of the address
    DROPPED = "dropped"  # the provider did not even try: the message never left
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    STOPPED = "stopped"  # STOP, or an answer that says that the number has opted out
    STARTED = "started"  # START: lifts a STOP


@dataclass(frozen=True, slots=True)
class Event:
    """One thing told by a provider.

    `event_id` is the provider's own and unique in its account: told twice, it counts once. `attempt_id` is ours, as
    channels.providers.base.Message carried it out. Without one it is of no message of ours that we know: what it says
    is said of `address` (as Suppression spells it).
    """

    event_id: str
    kind: EventKind
    occurred_at: datetime
    attempt_id: str = ""
    address: str = ""
    provider_message_id: str = ""
    code: str = ""
    detail: str = ""
    is_machine: bool = False  # opened or clicked by a scanner
    raw: Mapping[str, Any] = field(default_factory=dict)


class ForgedWebhookError(Exception):
    """The signature is missing, wrong or too old: answer 403, change nothing."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that claims to come from a provider.

    `url` is rebuilt from the public base URL, never from the Host header. `headers` have lower-case names.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the provider wants to hear, and what it told."""

    events: tuple[Event, ...]
    body: str = ""
    content_type: str = "text/plain"
