"""Send requests to endpoints: one connection after the other, kept open, fenced as those of providers are.

No redirect is followed. A request and its answer take 20 seconds at most: abort() ends one that takes longer.
"""

import contextlib
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from channels.providers.http_connections import (
    BODY_MAX_BYTES,
    Connection,
    NotAllowedError,
    NotSentError,
    TlsConnection,
    read_retry_after,
)
from channels.providers.tls import tls_context
from distributor.engine.infrastructure.sql_params import storable

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 20.0
EXCERPT_LENGTH: Final = 1_000
ERROR_LENGTH: Final = 255


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What came of a request. `status` None: no answer, and `error` says why."""

    status: int | None
    excerpt: str = ""
    error: str = ""
    duration_ms: int = 0
    retry_after_seconds: float | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300 and not self.error


class Line:
    """A connection to one URL, used by one thread at a time. It is opened when needed, and again after it was lost."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host, self._port = parts.hostname or "", parts.port
        self._is_encrypted = parts.scheme == "https"
        self._target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self.began_at = 0.0  # of the request that is on its way; 0: none is

    def post(self, body: bytes, headers: dict[str, str]) -> PostAnswer:
        """Send one request. A connection that was lost while idle is opened anew, once."""
        self.began_at = began_at = time.monotonic()
        try:
            is_reused = self._connection is not None and self._connection.is_connected
            answer = self._post(body, headers)
            if is_reused and answer.status is None and time.monotonic() - began_at < 1:
                answer = self._post(body, headers)
        finally:
            self.began_at = 0.0
        return PostAnswer(
            answer.status,
            answer.excerpt,
            answer.error,
            round((time.monotonic() - began_at) * 1_000),
            answer.retry_after_seconds,
        )

    def abort(self) -> None:
        """End the request that is on its way; it fails. For another thread."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes, headers: dict[str, str]) -> PostAnswer:
        try:
            connection = self._connected()
            connection.request("POST", self._target, body=body, headers=headers, preload_content=False)
            self._socket = connection.sock  # an answer that closes its connection takes the socket away
            answer = connection.getresponse()
            excerpt = _read_excerpt(answer)
        except NotAllowedError as error:
            self.close()
            return PostAnswer(None, error=storable(str(error), ERROR_LENGTH))
        except (NotSentError, HTTPError, HTTPException, OSError, UnicodeError, ValueError) as error:
            self.close()
            return PostAnswer(None, error=storable(str(error) or type(error).__name__, ERROR_LENGTH))
        if not answer.closed or answer.headers.get("connection", "").lower() == "close":
            self.close()
        retry_after = read_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
        is_redirect = 300 <= answer.status < 400
        error_text = "Redirects are not followed. Change the URL of the endpoint." if is_redirect else ""
        return PostAnswer(answer.status, excerpt, error_text, retry_after_seconds=retry_after)

    def _connected(self) -> HTTPConnection:
        connection = self._connection
        if connection is None or not connection.is_connected:
            self.close()
            if self._is_encrypted:
                connection = TlsConnection(self._host, self._port, timeout=CONNECT_SECONDS, ssl_context=tls_context())
            else:
                connection = Connection(self._host, self._port, timeout=CONNECT_SECONDS)
            self._connection = connection
        return connection


def _read_excerpt(answer: BaseHTTPResponse) -> str:
    """Read at most 64 KB of an answer, so that its connection can be used again. Returns the beginning."""
    body = b""
    while len(body) < BODY_MAX_BYTES:
        part = answer.read1(BODY_MAX_BYTES - len(body), decode_content=False)
        if not part:
            answer.close()
            break
        body += part
    return storable(body[: EXCERPT_LENGTH * 4].decode("utf-8", "replace"), EXCERPT_LENGTH)
