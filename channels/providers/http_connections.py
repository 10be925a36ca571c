"""Connections of providers that are called by HTTP: pooled, kept open, and exact about what can have arrived."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException
from time import monotonic
from typing import Any

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

# Servers close what is idle, and routers forget it without a word: what crosses that is lost without an answer.
IDLE_SECONDS = 30.0
# For a whole request: a thousand e-mails in one are a few megabytes.
SEND_SECONDS = 10.0


class NotSent(Exception):
    """The request cannot have arrived whole: nothing came of it."""


class NotConnected(NotSent):
    """Not a byte of the request has left: DNS, a refusal, TLS, a connect timeout. The next would fare no better."""


class Connection(HTTPConnection):
    """Tells what cannot have been taken from what may have been; urllib3 reports a reset in either case alike."""

    _cut: OSError | None = None  # what ended the sending of the last request
    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again: the pool asks before it does."""
        return self._cut is None and monotonic() - self._used_at < IDLE_SECONDS and super().is_connected

    def connect(self) -> None:
        self._cut, self._used_at = None, monotonic()
        try:
            super().connect()
        except (OSError, HTTPException, HTTPError) as error:
            raise NotConnected(str(error) or type(error).__name__) from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.timeout = SEND_SECONDS  # urllib3 sends with this, which was the limit for connecting
        try:
            super().request(*args, **kwargs)
        except OSError as error:
            # An answer may have come before all was sent.
            self._cut = error

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # so does urllib3
        try:
            return super().getresponse()
        except (OSError, HTTPException) as error:
            if self._cut is not None:
                # A body that ends short of its Content-Length is no request (RFC 9112 §8).
                raise NotSent(str(self._cut)) from error
            raise
        finally:
            self._used_at = monotonic()


class TlsConnection(Connection, HTTPSConnection):
    """The same, encrypted."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = TlsConnection


def open_pool(size: int) -> PoolManager:
    """Keeps up to `size` connections to each host. Its callers say that nothing is retried or redirected."""
    pool = PoolManager(maxsize=size, ssl_context=tls_context())
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pool


def read_as_far_as_it_comes(answer: BaseHTTPResponse) -> bytes:
    """A body that may be cut short: what became of the request, the status says all the same."""
    try:
        return answer.read()
    except HTTPError:
        answer.close()
        return b""


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Retry-After in seconds from now: a number, or a date (RFC 9110 §10.2.3). None: it says nothing sensible."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0)


@cache
def tls_context() -> ssl.SSLContext:
    """Verifies the server's certificate and name. Once a process: reading the system's authorities takes a while."""
    return ssl.create_default_context()
