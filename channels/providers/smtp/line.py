"""One way into an SMTP server: a connection that is reopened when it is lost, and what each reply means (RFC 5321)."""

import smtplib
from datetime import UTC, datetime
from time import monotonic

from channels.providers.base import Account, Message, Outcome, Result, Scope
from channels.providers.mime import compose_email, message_id
from channels.providers.smtp.connection import CONNECT_SECONDS, Connection, connect
from channels.rendering import encode_subject

DETAIL_LENGTH = 500
MESSAGE_ID_LENGTH = 255

# Said at any stage, these are about our login and not about a recipient (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})


class NoConnectionError(Exception):
    """The server lets nobody in here now: `result` is that of every message that would have gone this way."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


class Line:
    """One connection at most, for one thread at a time."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def wake(self, limit: float) -> None:
        """Servers close what is idle: ask before a message depends on it. `limit` is a moment of time.monotonic()."""
        if self._connection is None:
            return
        self._connection.limit = min(monotonic() + CONNECT_SECONDS, limit)
        if self._connection.answers("NOOP"):
            self._connection.limit = limit
        else:
            self.drop()

    def open(self, limit: float) -> None:
        """Be connected, and wait for nothing beyond `limit`. Raises NoConnectionError."""
        if self._connection is not None:
            return
        try:
            self._connection = connect(self._account.configuration, self._account.credentials, limit)
        except (OSError, UnicodeError) as error:
            raise NoConnectionError(_connection_failure(error)) from error

    def send(self, message: Message) -> Result:
        """One message over the open connection, which may be gone afterwards."""
        assert self._connection is not None
        content = compose_email(message, datetime.now(UTC))
        try:
            result = _transact(self._connection, message, content)
        except smtplib.SMTPException as error:
            # Lost before the end of the content: nothing can have been accepted.
            result = Result(Outcome.TRANSIENT, detail=_one_line(str(error)))
        if result.outcome in (Outcome.UNKNOWN, Outcome.THROTTLED):
            self.drop()
        elif result.outcome is not Outcome.ACCEPTED and not self._connection.answers("RSET"):
            # Ready for the next message after a refusal; a lost connection is found out here, too.
            self.drop()
        return result

    def leave(self, limit: float) -> None:
        """Say goodbye, if that takes no longer than `limit`."""
        if self._connection is not None:
            self._connection.limit = limit
            self._connection.leave()
            self._connection = None

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Called by another thread: whoever waits on this line hears that the connection is lost."""
        if (connection := self._connection) is not None:
            connection.interrupt()


def _transact(connection: Connection, message: Message, content: bytes) -> Result:
    """One mail transaction (RFC 5321 §3.3). Raises SMTPException when the connection is lost before its last byte."""
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
    connection.send_content(content)
    try:
        code, reply = connection.getreply()
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
