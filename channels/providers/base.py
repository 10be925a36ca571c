"""What a provider is: it turns messages into results, and knows nothing else.

To add one, see docs/ADDING_A_PROVIDER.md: one file beside this one and one line in registry.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from channels.events import ForgedWebhookError, Webhook, WebhookAnswer
from channels.rendering import CompiledVariant, encode_html, encode_subject
from contacts.channel import Channel


class Outcome(StrEnum):
    """What became of one message at the provider, decided; no caller reads a vendor's codes."""

    ACCEPTED = "accepted"  # theirs now (which is not yet delivered)
    PERMANENT = "permanent"  # refused for good
    TRANSIENT = "transient"  # certainly not accepted, may be tried again
    THROTTLED = "throttled"  # certainly not accepted: too fast, which is nobody's failed attempt
    UNKNOWN = "unknown"  # may have been sent: the answer was lost


class Scope(StrEnum):
    """What a permanent refusal is about."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    SENDER = "sender"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Result:
    """One message's result. `code` is the provider's own (an SMTP reply, an API's error number)."""

    outcome: Outcome
    provider_message_id: str = ""
    code: str = ""
    detail: str = ""
    scope: Scope | None = None
    retry_after_seconds: float | None = None
    opted_out: bool = False  # refused because the person has told the provider to stop: suppress the address


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom: the account's defaults with the distribution's overrides applied."""

    email: str = ""
    name: str = ""
    reply_to_email: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. It is written when its subject, html or text is read.

    A provider that substitutes on its own side reads `variant` and `values` instead.
    """

    attempt_id: str  # ours, opaque, stable for this try: the provider carries it and its events bring it back
    group_id: str  # what messages are grouped by in a provider's reports: the distribution's id
    to: str  # an address, or a number in E.164
    to_name: str
    sender: Sender
    variant: CompiledVariant
    values: Mapping[str, str]
    unsubscribe_url: str
    own_subject: str = ""  # of this message alone, as it is: instead of the variant's

    @property
    def subject(self) -> str:
        return encode_subject(self.own_subject or self.variant.subject.fill(self.values))

    @property
    def html(self) -> str:
        return self.variant.html.fill(self.values, encode_html)

    @property
    def text(self) -> str:
        return self.variant.text.fill(self.values)


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider needs to know of the account it sends for."""

    id: UUID
    organization_id: UUID
    channel: Channel
    configuration: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Where the provider reports to: {PUBLIC_BASE_URL}/webhooks/{account id}
    webhook_url: str = ""


class Provider(ABC):
    """One account's way out. A worker process keeps it, with its connections, from one batch to the next."""

    label: ClassVar[str]
    channels: ClassVar[frozenset[Channel]]
    # The most messages of one call: what is in doubt together when a call's answer is lost.
    batch_size: ClassVar[int]
    # Names of the credentials that an operator must enter.
    credential_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, account: Account) -> None:
        self.account = account

    @abstractmethod
    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        """Hand over at most `batch_size` messages; one result each, in the same order.

        It takes well under a minute (the caller's lease), raises nothing for what a provider or a network does, and
        says UNKNOWN wherever a message may have left without an answer.
        """

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong with an account's configuration, in sentences for the operator."""
        return [f"“{name}” means nothing to {cls.label}." for name in configuration]

    @property
    def value_keys(self) -> frozenset[str]:
        """Keys of Message.values that its messages need beyond those of their variant."""
        return frozenset()

    # How long after an unknown outcome a webhook may still tell what became of it.
    evidence_window: ClassVar[timedelta] = timedelta(0)

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        """Verify and translate what the provider tells. Raises ForgedWebhook.

        What it tells that means nothing to us gives no event; it never raises for a well-signed body.
        """
        raise ForgedWebhookError(f"{self.label} tells nothing")

    def close(self) -> None:  # noqa: B027  most providers hold nothing open
        """Let go of connections."""
