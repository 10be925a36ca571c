"""The contract of a provider: it turns messages into results, and knows nothing else.

To add a provider, see docs/ADDING_A_PROVIDER.md: one module beside this one, and one line in registry.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from channels.credentials import UNREADABLE, UnreadableCredentials
from channels.events import ForgedWebhookError, Webhook, WebhookAnswer
from channels.providers.configuration import ConfigurationFault, Setting, check_settings, unknown_fields
from channels.rendering import CompiledVariant, encode_html, encode_subject
from contacts.channel import Channel

# What the columns of attempts and provider events hold.
CODE_LENGTH = 63
DETAIL_LENGTH = 500
MESSAGE_ID_LENGTH = 255


class Outcome(StrEnum):
    """What became of one message at the provider. Callers decide by this alone and read no vendor's codes."""

    ACCEPTED = "accepted"  # the provider took it (which is not yet delivered)
    PERMANENT = "permanent"  # refused for good
    TRANSIENT = "transient"  # certainly not accepted; may be retried
    THROTTLED = "throttled"  # certainly not accepted: too fast; not counted as an attempt
    UNKNOWN = "unknown"  # may have been sent: the answer was lost


class Scope(StrEnum):
    """What an outcome that is no success says something about. Only the first two count against a person."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    SENDER = "sender"
    ACCOUNT = "account"  # its credentials, its quota, or the provider's own trouble
    ROUTE = "route"  # the way there: DNS, refused connections, TLS, timeouts before anything was handed over


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one message. `code` is the provider's own (an SMTP reply code, an API's error number).

    `is_suspect`: about this message, unless different recipients in a row get the like; then it is about the account.
    """

    outcome: Outcome
    provider_message_id: str = ""
    code: str = ""
    detail: str = ""
    scope: Scope | None = None
    retry_after_seconds: float | None = None
    until_next_day: bool = False  # throttled for the rest of the day (UTC): a daily quota is used up
    is_suspect: bool = False
    is_bad_address: bool = False  # the address does not exist: suppress it as a hard bounce does
    opted_out: bool = False  # refused because the recipient told the provider to stop: suppress the address


NOT_TRIED = Result(Outcome.THROTTLED, detail="Not tried: the batch took too long.", retry_after_seconds=0)
NO_ANSWER = Result(Outcome.UNKNOWN, detail="There was no answer in time.", scope=Scope.ROUTE)


def one_line(text: str) -> str:
    """Return a text as one line that `detail` can hold."""
    return encode_subject(text)[:DETAIL_LENGTH]


def describe_error(error: Exception) -> str:
    """Return an error's message, or its class name if it has none, as one line that `detail` can hold."""
    return one_line(str(error) or type(error).__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of a message: the account's defaults, replaced by what the distribution gives."""

    email: str = ""
    name: str = ""
    reply_to_email: str = ""


class Message(NamedTuple):
    """One message to one person. Its text is rendered when `subject`, `html` or `text` is read.

    A provider that fills in values on its own side reads `variant` and `values` instead.
    """

    attempt_id: str  # ours, opaque: the provider carries it, and its events bring it back
    group_id: str  # groups messages in a provider's reports: the distribution's id
    to: str  # an e-mail address, or a number in E.164
    to_name: str
    sender: Sender
    variant: CompiledVariant
    values: Mapping[str, str]
    unsubscribe_url: str
    installation_id: str = ""  # tells the Message-IDs of two installations with one sender domain apart
    own_subject: str = ""  # replaces the variant's subject in this message; it has no placeholders

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
    """What a provider needs to know about the account that it sends for."""

    id: UUID
    organization_id: UUID
    channel: Channel
    configuration: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Where the provider reports events: {PUBLIC_BASE_URL}/webhooks/{account id}
    webhook_url: str = ""


class Provider(ABC):
    """The connection of one account to its provider. A worker process keeps it open from batch to batch."""

    label: ClassVar[str]
    channels: ClassVar[frozenset[Channel]]
    # The most messages of one call. If a call's answer is lost, the outcome of all of them is unknown.
    batch_size: ClassVar[int]
    # What an operator may set, by its key in the configuration: forms and the API's documentation show it.
    settings: ClassVar[Mapping[str, Setting]] = {}
    # Names of the credentials that an operator must enter.
    credential_names: ClassVar[tuple[str, ...]] = ()
    # Fields of the configuration that choose the server. A change of one drops the stored credentials.
    address_fields: ClassVar[frozenset[str]] = frozenset()
    # How long after an unknown outcome a webhook may still tell what became of the message.
    evidence_window: ClassVar[timedelta] = timedelta(0)

    def __init__(self, account: Account) -> None:
        self.account = account

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        """Send at most `batch_size` messages; return one result each, in the same order.

        Takes well under a minute (the caller's lease). Raises nothing for what a provider or a network does, and
        returns UNKNOWN where a message may have left without an answer.
        """
        if messages and (faults := self.account_faults()):
            return [Result(Outcome.PERMANENT, detail=one_line(" ".join(faults)), scope=Scope.ACCOUNT)] * len(messages)
        refusals = [self.refuse_message(message) for message in messages]
        sendable = [message for message, refusal in zip(messages, refusals, strict=True) if refusal is None]
        if len(sendable) == len(messages):
            return self.send_checked(sendable) if sendable else []
        sent = iter(self.send_checked(sendable) if sendable else ())
        return [refusal or next(sent) for refusal in refusals]

    @abstractmethod
    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        """Do what `send_batch` promises for at least one message, after it has checked the account and the messages."""

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        """Return all faults of an account's configuration, unknown fields included."""
        return check_settings(cls.settings, configuration) + unknown_fields(configuration, cls.settings, cls.label)

    def account_faults(self) -> list[str]:
        """Return what keeps this account from sending anything, in sentences for the operator."""
        faults = [fault.message for fault in self.configuration_faults(self.account.configuration)]
        return faults + [UNREADABLE] * isinstance(self.account.credentials, UnreadableCredentials)

    def refuse_message(self, message: Message) -> Result | None:
        """Return the refusal of a message that must not or cannot be sent; None for any other."""
        return None

    @property
    def repeat_window(self) -> timedelta:
        """How long an attempt may be handed over again, with the same attempt_id, and is taken once at most.

        Counted from its first hand-over; zero where the provider takes no idempotency key.
        """
        return timedelta(0)

    @property
    def value_keys(self) -> frozenset[str]:
        """Keys of Message.values that its messages need beyond those of their variant."""
        return frozenset()

    def missing_keys(self, message: Message) -> list[str]:
        """Return the keys, in order, that the message needs and that have neither a value nor a default."""
        return message.variant.missing_keys(message.values, has_own_subject=bool(message.own_subject))

    def test_connection(self) -> Result | None:
        """Reach the provider and log in, without sending anything; return what it said. None: it has no such call.

        Raises nothing for what a provider or a network does.
        """
        return None

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        """Verify a webhook and translate its events. Raises ForgedWebhookError.

        Events that have no meaning here are left out. A correctly signed body never raises.
        """
        raise ForgedWebhookError(f"{self.label} sends no webhooks")

    def close(self) -> None:  # noqa: B027  most providers hold nothing open
        """Close connections. The next batch opens them again."""
