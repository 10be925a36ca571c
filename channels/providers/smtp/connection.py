"""A connection to an SMTP server: smtplib's, with a limit on all waiting.

`Connection` overrides a private method of smtplib.SMTP (tests/channels/test_vendor_privates.py).
"""

import contextlib
import re
import smtplib
import socket
from collections.abc import Mapping
from functools import cache
from time import monotonic
from typing import Any

from channels.providers.egress import open_socket
from channels.providers.tls import tls_context

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
_LEADING_PERIOD = re.compile(rb"^\.", re.MULTILINE)


class Connection(smtplib.SMTP):
    """smtplib's SMTP with separate timeouts for connecting and reading, which waits for nothing beyond `limit`.

    `limit` is a time of time.monotonic(). Once the connection is open, all its errors are smtplib.SMTPException.
    """

    def __init__(self, host: str, port: int, security: str, limit: float) -> None:
        self._security = security
        self.limit = limit
        super().__init__(host, port, local_hostname=_host_name())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = open_socket(host, port, CONNECT_SECONDS, is_encrypted=self._security != "none")
        if self._security != "tls":
            return connected
        try:
            return tls_context().wrap_socket(connected, server_hostname=host)
        except OSError:
            connected.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        self._limit_waiting()
        return super().getreply()

    def send_content(self, content: bytes) -> None:
        """Send what follows 354: the content, with leading periods doubled (RFC 5321 §4.5.2), and its end mark.

        If this raises, the end mark was not sent, so the server does not accept the mail (§4.1.1.4).
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
        """Send a command that a working server always accepts; return whether it did."""
        try:
            return self.docmd(command)[0] == 250
        except smtplib.SMTPException:
            return False

    def interrupt(self) -> None:
        """Shut the socket down, so that a thread that waits for it gets an error."""
        if (sock := self.sock) is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        with contextlib.suppress(smtplib.SMTPException):
            self.docmd("QUIT")
        self.close()


def connect(configuration: Mapping[str, Any], credentials: Mapping[str, str], limit: float) -> Connection:
    """Connect, switch to TLS and log in, as configured.

    Raises OSError, which includes smtplib's errors, for what the network or the server does; AddressRefusedError; and
    UnicodeError for a username or password that is not ASCII, because smtplib cannot send it.
    """
    security = configuration["security"]
    connection = Connection(configuration["host"], configuration["port"], security, limit)
    try:
        if security == "starttls":
            connection.starttls(context=tls_context())
        connection.ehlo_or_helo_if_needed()
        if credentials.get("username"):
            connection.login(credentials["username"], credentials.get("password", ""))
    except (OSError, UnicodeError):
        connection.close()
        raise
    return connection


@cache
def _host_name() -> str:
    """Return this machine's name for EHLO. Read once per process: the resolver can take seconds."""
    return smtplib.SMTP().local_hostname
