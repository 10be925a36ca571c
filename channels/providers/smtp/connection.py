"""A connection to an SMTP server: smtplib, with a limit on all waiting."""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from time import monotonic
from typing import Any

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
_LEADING_PERIOD = re.compile(rb"^\.", re.MULTILINE)


class Connection(smtplib.SMTP):
    """smtplib's, but it connects and reads with timeouts of their own, and waits for nothing beyond `limit`.

    `limit` is a moment of time.monotonic(). Whatever goes wrong once it is open is an smtplib.SMTPException.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limit: float) -> None:
        self._tls = tls
        self.limit = limit
        super().__init__(host, port, local_hostname=_own_name())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = socket.create_connection((host, port), CONNECT_SECONDS)
        if self._tls is None:
            return connected
        try:
            return self._tls.wrap_socket(connected, server_hostname=host)
        except OSError:
            connected.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        self._limit_waiting()
        return super().getreply()

    def send_content(self, content: bytes) -> None:
        """What follows 354: the content, periods at the start of a line doubled (RFC 5321 §4.5.2), and its end.

        Where this raises, the end has not left, and no server takes a mail without it (§4.1.1.4).
        """
        self._limit_waiting()
        self.send(_LEADING_PERIOD.sub(b"..", content) + b".\r\n")

    def _limit_waiting(self) -> None:
        left_seconds = self.limit - monotonic()
        if left_seconds <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("The server took too long.")
        if self.sock is not None:
            self.sock.settimeout(min(READ_SECONDS, left_seconds))

    def answers(self, command: str) -> bool:
        """Whether the server says 250 to a command that it cannot refuse."""
        try:
            return self.docmd(command)[0] == 250
        except smtplib.SMTPException:
            return False

    def interrupt(self) -> None:
        """End it under the thread that waits for it."""
        if (sock := self.sock) is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        with contextlib.suppress(smtplib.SMTPException):
            self.docmd("QUIT")
        self.close()


def connect(configuration: Mapping[str, Any], credentials: Mapping[str, str], limit: float) -> Connection:
    """Connect, secure and log in as configured.

    Raises OSError (smtplib's errors are) for what the network or the server does, and UnicodeError for a username
    or a password that smtplib cannot send: it knows only ASCII.
    """
    security = configuration["security"]
    tls = None if security == "none" else tls_context()
    connection = Connection(configuration["host"], configuration["port"], tls if security == "tls" else None, limit)
    try:
        if security == "starttls":
            connection.starttls(context=tls)
        connection.ehlo_or_helo_if_needed()
        if credentials.get("username"):
            connection.login(credentials["username"], credentials.get("password", ""))
    except (OSError, UnicodeError):
        connection.close()
        raise
    return connection


@cache
def tls_context() -> ssl.SSLContext:
    """Verifies the server's certificate and name. Once a process: reading the system's authorities takes a while."""
    return ssl.create_default_context()


@cache
def _own_name() -> str:
    """How this machine names itself in EHLO. Once a process: it asks the resolver, which can take seconds."""
    return smtplib.SMTP().local_hostname
