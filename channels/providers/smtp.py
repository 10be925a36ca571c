"""E-mail by SMTP (RFC 5321) to a relay of the organisation's choice."""

import re
import smtplib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from channels.providers.base import Account, Message, Outcome, Provider, Result, Scope
from channels.providers.mime import compose_email, message_id, refuse_addresses
from channels.providers.smtp_connection import CONNECT_SECONDS, Connection, connect
from channels.rendering import encode_subject
from contacts.channel import Channel

# The caller holds its lease for 60 s: after 30 s no further message is begun, and at 45 s all waiting ends.
TRYING_SECONDS = 30.0
LIMIT_SECONDS = 45.0
QUIT_SECONDS = 2.0
SECURITIES = ("none", "starttls", "tls")
DETAIL_LENGTH = 500
MESSAGE_ID_LENGTH = 255

_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
# Said at any stage, these are about our login and not about a recipient (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_NOT_TRIED = Result(Outcome.THROTTLED, detail="Not tried: the batch took too long.", retry_after_seconds=0)


class _NoConnectionError(Exception):
    """The server takes nothing from this account now: `result` is that of every message still to be tried."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


class Smtp(Provider):
    """One connection, kept open from batch to batch.

    Configuration, all required: `{"host": "smtp.example.com", "port": 587, "security": "none"|"starttls"|"tls"}`;
    “tls” is TLS from the first byte (port 465), “none” sends all in the clear, the password too. Without a username
    there is no login.
    """

    label = "SMTP"
    channels = frozenset({Channel.EMAIL})
    batch_size = 50
    credential_names = ("username", "password")

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._connection: Connection | None = None
        self._limit = 0.0

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong with host, port and security, and every name that is none of these."""
        known = {name: value for name, value in configuration.items() if name in _CHECKS}
        unknown = {name: value for name, value in configuration.items() if name not in _CHECKS}
        faults = [fault for name, (is_right, fault) in _CHECKS.items() if not is_right(known.get(name))]
        return faults + super().configuration_faults(unknown)

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        begun = monotonic()
        self._limit = begun + LIMIT_SECONDS
        self._let_go_if_stale()
        results: list[Result] = []
        for message in messages:
            if monotonic() - begun >= TRYING_SECONDS:
                return results + [_NOT_TRIED] * (len(messages) - len(results))
            try:
                results.append(refuse_addresses(message) or self._send(message))
            except _NoConnectionError as failure:
                # The next would wait for the same timeout, or fail the same login until the account is locked.
                return results + [failure.result] * (len(messages) - len(results))
        return results

    def close(self) -> None:
        if self._connection is not None:
            self._connection.limit = monotonic() + QUIT_SECONDS
            self._connection.leave()
            self._connection = None

    def _send(self, message: Message) -> Result:
        connection = self._connection = self._connection or self._open()
        content = compose_email(message, datetime.now(UTC))
        try:
            result = _transact(connection, message, content)
        except smtplib.SMTPException as error:
            # Lost before the content: nothing can have been accepted.
            result = Result(Outcome.TRANSIENT, detail=_one_line(str(error)))
        if result.outcome in (Outcome.UNKNOWN, Outcome.THROTTLED):
            self._drop()
        elif result.outcome is not Outcome.ACCEPTED:
            self._reset()
        return result

    def _open(self) -> Connection:
        faults = self.configuration_faults(self.account.configuration)
        if faults:
            raise _NoConnectionError(Result(Outcome.PERMANENT, detail=" ".join(faults), scope=Scope.ACCOUNT))
        try:
            return connect(self.account.configuration, self.account.credentials, self._limit)
        except (OSError, UnicodeError) as error:
            raise _NoConnectionError(_connection_failure(error)) from error

    def _let_go_if_stale(self) -> None:
        """Servers close what is idle: ask before a message depends on it."""
        if self._connection is None:
            return
        self._connection.limit = monotonic() + CONNECT_SECONDS
        if not self._connection.answers("NOOP"):
            self._drop()
            return
        self._connection.limit = self._limit

    def _reset(self) -> None:
        """Make ready for the next message after a refusal; a lost connection is found out here, too."""
        if self._connection is not None and not self._connection.answers("RSET"):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _transact(connection: Connection, message: Message, content: bytes) -> Result:
    """One mail transaction (RFC 5321 §3.3). Raises SMTPException when the connection is lost before the content."""
    for command, address, scope in (
        ("MAIL FROM:", message.sender.email, Scope.SENDER),
        ("RCPT TO:", message.to, Scope.RECIPIENT),
    ):
        code, reply = connection.docmd(f"{command}<{address}>")
        if not 200 <= code < 300:
            return _refusal(code, reply, scope)
    code, reply = connection.docmd("DATA")
    if code != 354:
        return _refusal(code, reply, Scope.CONTENT)
    try:
        code, reply = connection.send_content(content)
    except smtplib.SMTPException as error:
        return Result(Outcome.UNKNOWN, detail=_one_line(str(error)))
    if 200 <= code < 300:
        identity = message_id(message)[:MESSAGE_ID_LENGTH]
        return Result(Outcome.ACCEPTED, identity, str(code), _one_line(reply))
    if not 400 <= code < 600:
        return Result(Outcome.UNKNOWN, code=str(code), detail=_one_line(reply))
    return _refusal(code, reply, Scope.CONTENT)


def _refusal(code: int, reply: bytes | str, scope: Scope) -> Result:
    """A reply that is no yes: 421 says “too much”, 4xx “not now”, 5xx “never” (RFC 5321 §4.2.1)."""
    detail = _one_line(reply)
    if code == 421:
        return Result(Outcome.THROTTLED, code="421", detail=detail)
    if 500 <= code < 600:
        scope = Scope.ACCOUNT if code in _LOGIN_CODES else scope
        return Result(Outcome.PERMANENT, code=str(code), detail=detail, scope=scope)
    return Result(Outcome.TRANSIENT, code=str(code), detail=detail)


def _connection_failure(error: Exception) -> Result:
    """Why there is no connection: a reply, a login that cannot work, or the network."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _refusal(error.smtp_code, error.smtp_error, Scope.ACCOUNT)
    detail = _one_line(str(error) or type(error).__name__)
    # What is left of smtplib's own errors: no STARTTLS there, no way to log in that both sides know.
    lost = isinstance(error, smtplib.SMTPServerDisconnected)
    if isinstance(error, UnicodeError) or (isinstance(error, smtplib.SMTPException) and not lost):
        return Result(Outcome.PERMANENT, detail=detail, scope=Scope.ACCOUNT)
    return Result(Outcome.TRANSIENT, detail=detail)


def _one_line(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return encode_subject(text)[:DETAIL_LENGTH]


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "host": (
        lambda value: isinstance(value, str) and _HOST.fullmatch(value) is not None,
        "“host” is needed: a host name or an IP address.",
    ),
    "port": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536,
        "“port” is needed: a number from 1 to 65535.",
    ),
    "security": (
        lambda value: isinstance(value, str) and value in SECURITIES,
        "“security” is needed: “none”, “starttls” or “tls”.",
    ),
}
