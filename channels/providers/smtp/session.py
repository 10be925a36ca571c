"""Sends messages over one SMTP connection, and opens it again after it was lost."""

import smtplib
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from channels.providers.base import MESSAGE_ID_LENGTH, Account, Message, Outcome, Result, Scope, describe_error
from channels.providers.egress import AddressRefusedError
from channels.providers.mime import compose_email, message_id
from channels.providers.smtp.connection import CONNECT_SECONDS, Connection, connect
from channels.providers.smtp.replies import (
    Stage,
    decode_reply,
    is_connection_full,
    read_connection_error,
    read_refusal,
)


class NoConnectionError(Exception):
    """The server accepts no connection now. `result` is the result of the messages that needed it."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


class Session:
    """At most one connection, used by one thread at a time. All `limit`s are times of time.monotonic()."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connection: Connection | None = None
        self._limit = 0.0

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def check(self, limit: float) -> None:
        """Find out whether an open connection still works, because servers close idle ones; if not, drop it."""
        if self._connection is None:
            return
        self._connection.limit = min(monotonic() + CONNECT_SECONDS, limit)
        if self._connection.answers("NOOP"):
            self._connection.limit = limit
        else:
            self.drop()

    def open(self, limit: float) -> None:
        """Connect unless connected; wait for nothing beyond `limit`. Raises NoConnectionError."""
        self._limit = limit
        if self._connection is not None:
            return
        try:
            self._connection = connect(self._account.configuration, self._account.credentials, limit)
        except (OSError, UnicodeError, AddressRefusedError) as error:
            raise NoConnectionError(read_connection_error(error)) from error

    def send(self, message: Message) -> Result:
        """Send one message over the open connection, which may be dropped afterwards. Raises NoConnectionError."""
        content = compose_email(message, datetime.now(UTC))
        result = self._send(message, content)
        if is_connection_full(result):
            # The server has taken nothing, and takes the message over another connection: no attempt is lost.
            self.drop()
            self.open(self._limit)
            result = self._send(message, content)
            if is_connection_full(result):
                self.drop()
                return replace(result, outcome=Outcome.THROTTLED, scope=Scope.ACCOUNT, is_suspect=False)
        return result

    def _send(self, message: Message, content: bytes) -> Result:
        assert self._connection is not None
        try:
            result = _transact(self._connection, message, content)
        except smtplib.SMTPException as error:
            # The connection was lost before the end of the content, so the server cannot have accepted it.
            result = Result(Outcome.TRANSIENT, detail=describe_error(error), scope=Scope.ROUTE)
        if result.outcome in (Outcome.UNKNOWN, Outcome.THROTTLED):
            self.drop()
        elif result.outcome is not Outcome.ACCEPTED and not self._connection.answers("RSET"):
            # RSET prepares for the next message after a refusal, and shows whether the connection was lost.
            self.drop()
        return result

    def leave(self, limit: float) -> None:
        """Say QUIT, if that takes no longer than `limit`, and close."""
        if self._connection is not None:
            self._connection.limit = limit
            self._connection.leave()
            self._connection = None

    def drop(self) -> None:
        """Close without QUIT."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """End the connection from another thread, so that the thread that waits for it gets an error."""
        if (connection := self._connection) is not None:
            connection.interrupt()


def _transact(connection: Connection, message: Message, content: bytes) -> Result:
    """Do one mail transaction (RFC 5321 §3.3). Raises SMTPException if the connection is lost before its last byte."""
    for command, address, stage in (
        ("MAIL FROM:", message.sender.email, Stage.MAIL),
        ("RCPT TO:", message.to, Stage.RCPT),
    ):
        code, reply = connection.docmd(f"{command}<{address}>")
        if not 200 <= code < 300:
            return read_refusal(code, reply, stage)
    code, reply = connection.docmd("DATA")
    if code != 354:
        return read_refusal(code, reply, Stage.DATA)
    connection.send_content(content)
    try:
        code, reply = connection.getreply()
    except smtplib.SMTPException as error:
        return Result(Outcome.UNKNOWN, detail=describe_error(error), scope=Scope.ROUTE)
    if 200 <= code < 300:
        return Result(Outcome.ACCEPTED, message_id(message)[:MESSAGE_ID_LENGTH], str(code), decode_reply(reply))
    if not 400 <= code < 600:
        return Result(Outcome.UNKNOWN, code=str(code), detail=decode_reply(reply))
    return read_refusal(code, reply, Stage.CONTENT)
