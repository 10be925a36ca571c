"""The twilio package on our own connections: pooled, with timeouts, without retries, and errors with their headers.

The package's own client has no timeouts, a pool of CPUs + 4, and drops Retry-After from its errors. With 16 threads it
costs 3.7 ms of CPU per message, with this pool 1.05 ms. Imported with the first message, because the SDK is slow to
import. `PooledHttpClient` overrides `HttpClient.request` (tests/channels/test_vendor_privates.py).
"""

import logging
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3 import Timeout
from urllib3.exceptions import ProtocolError

from channels.providers.base import Account
from channels.providers.http_connections import open_pool, read_body, read_retry_after

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


class RefusedError(Exception):
    """An answer that is no 2xx. `code` is Twilio's own; None if the body, perhaps a proxy's, has none."""

    def __init__(self, status: int, code: int | None, message: str, retry_after_seconds: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """An HTTP client for `pool_size` threads, which reuses connections.

    `base_urls` replaces the SDK's URLs, by the first label of their hosts: {"api": "https://…"}.
    """

    def __init__(self, pool_size: int, base_urls: Mapping[str, str]) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False)
        self._base_urls = {name: url.rstrip("/") for name, url in base_urls.items()}
        self._pool = open_pool(pool_size)

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request, without retries.

        Raises NotSentError, RefusedError, or urllib3's errors: then Twilio may have taken the message.
        """
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        url = self._rebase(uri)
        if params:
            url += "?" + urlencode(params, doseq=True)
        answer = self._pool.request(
            method,
            url,
            body=urlencode(data, doseq=True) if data else None,
            headers=sent,
            timeout=Timeout(connect=CONNECT_SECONDS, read=timeout or READ_SECONDS),
            retries=False,  # redirects are not followed, either
            preload_content=False,
        )
        body = read_body(answer)
        if not 200 <= answer.status < 300:
            raise _read_refusal(answer.status, answer.headers, body)
        if not body:
            raise ProtocolError("The answer was cut short.")
        return Response(answer.status, body.decode(), answer.headers)

    def close(self) -> None:
        self._pool.clear()

    def _rebase(self, uri: str) -> str:
        parts = urlsplit(uri)
        base = self._base_urls.get(parts.netloc.partition(".")[0])
        return uri if base is None else base + parts._replace(scheme="", netloc="").geturl()


def open_client(account: Account, pool_size: int) -> Client:
    """Return the SDK's client for an account, on a pool of its own, with the account's base URLs."""
    known = account.configuration
    base_urls = {"api": known.get("baseUrl"), "lookups": known.get("lookupsBaseUrl")}
    return Client(
        account.credentials["account_sid"],
        account.credentials["auth_token"],
        http_client=PooledHttpClient(pool_size, {name: url for name, url in base_urls.items() if url}),
    )


def _read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> RefusedError:
    """Read a refusal: `{"code", "message", "more_info", "status"}`, in newer APIs RFC 9457, from proxies anything."""
    retry_after = read_retry_after(headers.get("Retry-After"), datetime.now(UTC))
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        return RefusedError(status, None, f"HTTP {status}", retry_after)
    code = parsed.get("code")
    message = parsed.get("message") or parsed.get("detail") or parsed.get("title") or f"HTTP {status}"
    return RefusedError(status, code if isinstance(code, int) else None, str(message), retry_after)
