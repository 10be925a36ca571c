"""The twilio package over connections of ours: pooled, timed, never retried, and errors with their headers.

Its own client has no timeouts, a pool of CPUs + 4, and drops Retry-After from its errors: 16 threads cost 3.7 ms of CPU
a message, over this pool 1.05 ms. Imported when the first message leaves, because the SDK is heavy.
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

from channels.providers.base import Account
from channels.providers.http_connections import open_pool, read_as_far_as_it_comes, read_retry_after

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


class Refused(Exception):
    """An answer that is no 2xx. `code` is Twilio's own; None when the body, perhaps a proxy's, names none."""

    def __init__(self, status: int, code: int | None, message: str, retry_after_seconds: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """Serves as many threads as `pool_size`, each over a connection that it finds again.

    `base_urls` replaces the addresses that the SDK knows, by the first name of their hosts: {"api": "https://…"}.
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
        """One request, one try. Raises NotSent, Refused, or urllib3's errors: then it may have been taken."""
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
            retries=False,  # nor is a redirect followed
            preload_content=False,
        )
        if not 200 <= answer.status < 300:
            raise _refused(answer.status, answer.headers, read_as_far_as_it_comes(answer))
        return Response(answer.status, answer.read().decode(), answer.headers)

    def close(self) -> None:
        self._pool.clear()

    def _rebase(self, uri: str) -> str:
        parts = urlsplit(uri)
        base = self._base_urls.get(parts.netloc.partition(".")[0])
        return uri if base is None else base + parts._replace(scheme="", netloc="").geturl()


def open_client(account: Account, pool_size: int) -> Client:
    """The SDK's client for an account, over a pool of its own, at the addresses that the account names."""
    known = account.configuration
    base_urls = {"api": known.get("baseUrl"), "lookups": known.get("lookupsBaseUrl")}
    return Client(
        account.credentials["account_sid"],
        account.credentials["auth_token"],
        http_client=PooledHttpClient(pool_size, {name: url for name, url in base_urls.items() if url}),
    )


def _refused(status: int, headers: Mapping[str, str], body: bytes) -> Refused:
    """Twilio answers `{"code", "message", "more_info", "status"}`, newer APIs RFC 9457; proxies whatever they like."""
    retry_after = read_retry_after(headers.get("Retry-After"), datetime.now(UTC))
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return Refused(status, None, f"HTTP {status}", retry_after)
    code = told.get("code")
    message = told.get("message") or told.get("detail") or told.get("title") or f"HTTP {status}"
    return Refused(status, code if isinstance(code, int) else None, str(message), retry_after)
