"""The sandbox: a provider that delivers to our own table, where `/sandbox/` shows it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import sleep
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone
from psycopg import sql

from channels.models.sandbox_message import SandboxMessage
from channels.providers.base import Message, Outcome, Provider, Result, Scope
from channels.providers.mime import further_headers
from contacts.channel import Channel

LATENCY_MAX_SECONDS = 30.0
SENDER_LENGTH = 511
SUBJECT_LENGTH = 998
FAILURES = {
    "permanent": Result(
        Outcome.PERMANENT, code="550", detail="The sandbox refuses this address.", scope=Scope.RECIPIENT
    ),
    "transient": Result(Outcome.TRANSIENT, code="451", detail="The sandbox has a passing fault."),
    "throttled": Result(Outcome.THROTTLED, code="429", detail="The sandbox is busy.", retry_after_seconds=1),
    "unknown": Result(Outcome.UNKNOWN, code="500", detail="The sandbox took it and answered with an error."),
}
_COLUMNS = (
    "provider_account_id", "organization_id", "attempt_id", "group_id", "channel", "to", "to_name", "sender",
    "subject", "html", "text", "headers", "received_at",
)  # fmt: skip


class Sandbox(Provider):
    """Takes everything, unless its configuration tells it to misbehave (both names are optional):

    `failAddresses`: `{"bob@example.com": "permanent"}`; an address, and what becomes of every message to it:
        “permanent” (refused for good), “transient” (not now), “throttled” (too fast, try again in 1 s), or “unknown”
        (taken, and then answered with an error: it is in the sandbox).
    `latencySeconds`: how long a call takes, 0 to 30.
    """

    label = "Sandbox"
    channels = frozenset(Channel)
    batch_size = 1_000

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Every outcome that there is not, a latency out of range, and every unknown name."""
        rest = dict(configuration)
        failures = rest.pop("failAddresses", {})
        latency = rest.pop("latencySeconds", 0)
        faults = []
        if isinstance(failures, dict):
            names = ", ".join(f"“{name}”" for name in FAILURES)
            wrong = [address for address, name in failures.items() if not isinstance(name, str) or name not in FAILURES]
            faults += [f"“failAddresses”: “{address}” can fail as {names}." for address in wrong]
        else:
            faults.append("“failAddresses” maps addresses to what becomes of their messages.")
        if isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency <= LATENCY_MAX_SECONDS:
            faults.append(f"“latencySeconds” is a number from 0 to {LATENCY_MAX_SECONDS:.0f}.")
        return faults + super().configuration_faults(rest)

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
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

    def _store(self, messages: Iterable[Message]) -> None:
        """By COPY: 1,000 e-mails in 50–70 ms, with bulk_create in 180–310."""
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(SandboxMessage._meta.db_table), columns)
        now = timezone.now()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for message in messages:
                copy.write_row(self._row(message, now))

    def _row(self, message: Message, now: datetime) -> tuple[Any, ...]:
        """Texts are cut to their columns, as far as a column is shorter than what can be asked for."""
        is_email = self.account.channel == Channel.EMAIL
        sender, headers = message.sender.name, b"{}"
        if is_email:
            sender = f"{sender} <{message.sender.email}>" if sender else message.sender.email
            headers = orjson.dumps(further_headers(message))
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
