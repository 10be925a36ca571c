"""The sandbox: a provider that stores messages in a table of ours, which `/sandbox/` shows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import sleep
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import sql

from channels.models.sandbox_message import SandboxMessage
from channels.providers.base import Message, Outcome, Provider, Result, Scope
from channels.providers.configuration import ConfigurationFault, Input, Setting
from channels.providers.mime import extra_headers
from contacts.channel import Channel

LATENCY_MAX_SECONDS = 30.0
SENDER_LENGTH = 511
SUBJECT_LENGTH = 998
FAILURES = {
    "permanent": Result(
        Outcome.PERMANENT, code="550", detail="The sandbox refuses this address.", scope=Scope.RECIPIENT
    ),
    "transient": Result(
        Outcome.TRANSIENT, code="451", detail="The sandbox has a temporary fault.", scope=Scope.RECIPIENT
    ),
    "unavailable": Result(
        Outcome.TRANSIENT, code="503", detail="The sandbox does not work at the moment.", scope=Scope.ACCOUNT
    ),
    "throttled": Result(
        Outcome.THROTTLED, code="429", detail="The sandbox is busy.", scope=Scope.ACCOUNT, retry_after_seconds=1
    ),
    "unknown": Result(Outcome.UNKNOWN, code="500", detail="The sandbox took the message and answered with an error."),
}
_COLUMNS = (
    "provider_account_id", "organization_id", "attempt_id", "group_id", "channel", "to", "to_name", "sender",
    "subject", "html", "text", "headers", "received_at",
)  # fmt: skip


def _is_latency(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LATENCY_MAX_SECONDS


_SETTINGS = {
    "failAddresses": Setting(
        "Failing addresses",
        "Addresses and the outcome of all messages to them, for example bob@example.com = permanent. permanent: refused"
        " for good. transient: not now. unavailable: the whole sandbox is down. throttled: too fast, again after 1 s."
        " unknown: stored in the sandbox, but answered with an error.",
        lambda value: isinstance(value, dict),
        "“failAddresses” must map addresses to outcomes, for example {“bob@example.com”: “permanent”}.",
        input=Input.MAPPING,
    ),
    "latencySeconds": Setting(
        "Latency in seconds",
        f"How long a call takes, 0 to {LATENCY_MAX_SECONDS:.0f}. Only where the sandbox is open (SANDBOX_OPEN): it"
        " holds a worker.",
        _is_latency,
        f"“latencySeconds” must be a number from 0 to {LATENCY_MAX_SECONDS:.0f}.",
        input=Input.NUMBER,
    ),
}


class Sandbox(Provider):
    """Accepts every message, unless its settings simulate trouble."""

    label = "Sandbox"
    channels = frozenset(Channel)
    batch_size = 1_000
    settings = _SETTINGS

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        faults = super().configuration_faults(configuration)
        failures = configuration.get("failAddresses")
        if isinstance(failures, dict):
            outcomes = ", ".join(f"“{name}”" for name in FAILURES)
            faults += [
                ConfigurationFault("failAddresses", f"“failAddresses”: the outcome of “{address}” must be {outcomes}.")
                for address, name in failures.items()
                if not isinstance(name, str) or name not in FAILURES
            ]
        return faults

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        if settings.SANDBOX_OPEN:
            sleep(self.account.configuration.get("latencySeconds", 0))
        failures = {
            address.lower(): FAILURES[name]
            for address, name in self.account.configuration.get("failAddresses", {}).items()
        }
        results = [failures.get(message.to.lower()) or _accepted(message) for message in messages]
        self._store(
            message
            for message, result in zip(messages, results, strict=True)
            if result.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        )
        return results

    def test_connection(self) -> Result:
        return Result(Outcome.ACCEPTED, detail="The sandbox is part of this installation.")

    def _store(self, messages: Iterable[Message]) -> None:
        """Insert by COPY: 1,000 e-mails take 50–70 ms, with bulk_create 180–310 ms."""
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(SandboxMessage._meta.db_table), columns)
        now = timezone.now()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for message in messages:
                copy.write_row(self._row(message, now))

    def _row(self, message: Message, now: datetime) -> tuple[Any, ...]:
        """Return the row of a message. Sender and subject are cut to the length of their columns."""
        is_email = self.account.channel == Channel.EMAIL
        sender, headers = message.sender.name, b"{}"
        if is_email:
            sender = f"{sender} <{message.sender.email}>" if sender else message.sender.email
            headers = orjson.dumps(extra_headers(message))
        return (
            self.account.id,
            self.account.organization_id,
            message.attempt_id,
            message.group_id,
            self.account.channel.value,
            message.to,
            message.to_name,
            sender[:SENDER_LENGTH],
            message.subject[:SUBJECT_LENGTH],
            message.html,
            message.text,
            headers.decode(),
            now,
        )


def _accepted(message: Message) -> Result:
    return Result(Outcome.ACCEPTED, provider_message_id=f"sandbox-{message.attempt_id}", code="202")
