"""HTTP connections of providers: pooled, kept open, and exact about which requests can have arrived.

`Connection` overrides methods of urllib3's HTTPConnection; tests/channels/test_vendor_privates.py names them.
"""

import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from time import monotonic
from typing import Any

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from channels.providers.base import Outcome, Result, Scope, describe_error
from channels.providers.egress import AddressRefusedError, open_socket
from channels.providers.tls import tls_context

# Servers close idle connections, and routers drop them silently: a request sent then is lost without an answer.
IDLE_SECONDS = 30.0
# The limit for sending a whole request. One with a thousand e-mails has a few megabytes.
SEND_SECONDS = 10.0
# The most that is read of an answer, after decompression. Answers of providers have a few kilobytes.
BODY_MAX_BYTES = 65_536


class NotSentError(Exception):
    """The request cannot have arrived whole, so the server did not act on it."""


class NotConnectedError(NotSentError):
    """Nothing was sent: DNS, refused, TLS or a connect timeout. The next request would fail the same way."""


class NotAllowedError(NotConnectedError):
    """Nothing was sent: the account's address must not be connected to (channels/providers/egress.py)."""


class Connection(HTTPConnection):
    """Distinguishes requests that cannot have arrived from those that may have: urllib3 reports any reset alike."""

    _send_error: OSError | None = None  # what interrupted the sending of the last request
    _used_at = 0.0
    _is_encrypted = False

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use the connection again."""
        return self._send_error is None and monotonic() - self._used_at < IDLE_SECONDS and super().is_connected

    def connect(self) -> None:
        self._send_error, self._used_at = None, monotonic()
        try:
            super().connect()
        except AddressRefusedError as error:
            raise NotAllowedError(str(error)) from error
        except (OSError, HTTPException, HTTPError) as error:
            raise NotConnectedError(str(error) or type(error).__name__) from error

    def _new_conn(self) -> socket.socket:
        limit = self.timeout if isinstance(self.timeout, int | float) else None
        return open_socket(self.host, self.port, limit, is_encrypted=self._is_encrypted)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.timeout = SEND_SECONDS  # urllib3 sends with this timeout; until here it was the limit for connecting
        try:
            super().request(*args, **kwargs)
        except OSError as error:
            # The server may have answered before everything was sent.
            self._send_error = error

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # so does urllib3
        try:
            return super().getresponse()
        except (OSError, HTTPException) as error:
            if self._send_error is not None:
                # A server discards a request whose body is shorter than its Content-Length (RFC 9112 §8).
                raise NotSentError(str(self._send_error)) from error
            raise
        finally:
            self._used_at = monotonic()


class TlsConnection(Connection, HTTPSConnection):
    """The same over TLS."""

    _is_encrypted = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = TlsConnection


def open_pool(size: int) -> PoolManager:
    """Return a pool of up to `size` connections per host. Callers must turn off retries and redirects per request."""
    pool = PoolManager(maxsize=size, ssl_context=tls_context())
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pool


def result_of_unsent(error: NotSentError) -> Result:
    """Return the result of a message whose request did not arrive."""
    if isinstance(error, NotAllowedError):
        return Result(Outcome.PERMANENT, detail=describe_error(error), scope=Scope.ACCOUNT)
    return Result(Outcome.TRANSIENT, detail=describe_error(error), scope=Scope.ROUTE)


def read_body(answer: BaseHTTPResponse) -> bytes:
    """Return at most BODY_MAX_BYTES of the decompressed body, or b"" if it was cut short or cannot be decompressed.

    The status alone tells what became of the request. Unlimited, a gzip body of 388 KB took a worker to 2 GB.
    """
    try:
        body = answer.read(BODY_MAX_BYTES)
    except HTTPError:
        body = b""
    if not answer.closed:
        answer.close()  # a connection with an unread rest cannot be used again
    answer.release_conn()
    return body


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return Retry-After in seconds from now; it is a number or a date (RFC 9110 §10.2.3). None if unreadable."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0)
