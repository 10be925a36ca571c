"""SendGrid's client on a connection of ours: kept open, with timeouts, and exact about what can have arrived.

The package's own transport opens a connection and reads the system's certificate authorities for each call: 33–43 ms
of CPU (here 0.4 ms), without a timeout. Importing the package takes 0.17 s, so this module is imported with the first
message. `_PooledClient` overrides private methods of python_http_client (tests/channels/test_vendor_privates.py).
"""

from time import monotonic
from typing import Any

import sendgrid
from python_http_client.client import Client
from python_http_client.exceptions import HTTPError, err_dict
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError as TransportError

from channels.providers.http_connections import open_pool, read_body
from channels.providers.sendgrid.answers import Answer, AnswerLostError

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0


class MailApi:
    """The calls of one account, on one connection."""

    def __init__(self, api_key: str, base_url: str) -> None:
        self._pool = open_pool(1)  # a worker process makes one call at a time
        self._api = sendgrid.SendGridAPIClient(api_key, host=base_url)
        headers = {**self._api.client.request_headers, "Content-Type": "application/json"}
        self._api.client = _PooledClient(self._pool, base_url, headers, version=3)

    def send(self, body: bytes, limit: float) -> Answer:
        """POST mail/send and return the answer before `limit`, a time of time.monotonic().

        The only errors of the network that it raises are NotSentError and AnswerLostError.
        """
        try:
            answer: Answer = self._api.client.mail.send.post(request_body=body, timeout=_timeout(limit))
        except HTTPError as error:
            return Answer(error.status_code, error.headers, error.body)
        return answer

    def read_scopes(self, limit: float) -> Answer:
        """GET scopes, which any key may call: it tells whether the key is valid. Raises as `send` does."""
        try:
            answer: Answer = self._api.client.scopes.get(timeout=_timeout(limit))
        except HTTPError as error:
            return Answer(error.status_code, error.headers, error.body)
        return answer

    def close(self) -> None:
        self._pool.clear()


def _timeout(limit: float) -> Timeout:
    return Timeout(total=limit - monotonic(), connect=CONNECT_SECONDS, read=READ_SECONDS)


class _PooledClient(Client):  # type: ignore[misc]  # the package has no types
    """The package's client, which builds URLs and headers, on our pool."""

    def __init__(self, pool: PoolManager, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pool = pool

    def _build_client(self, name: str | None = None) -> "_PooledClient":
        path = [*self._url_path, name] if name else self._url_path
        return _PooledClient(self._pool, self.host, self.request_headers, self._version, path)

    def post(self, *, request_body: bytes, timeout: Timeout) -> Answer:
        """Raise the package's HTTPError for any status but 2xx; NotSentError; AnswerLostError."""
        return self._call("POST", request_body, timeout)

    def get(self, *, timeout: Timeout) -> Answer:
        """Raise as `post` does."""
        return self._call("GET", None, timeout)

    def _call(self, method: str, body: bytes | None, timeout: Timeout) -> Answer:
        try:
            response = self._pool.urlopen(
                method,
                self._build_url(None),
                body=body,
                headers=self.request_headers,
                retries=False,
                redirect=False,
                timeout=timeout,
                preload_content=False,
            )
        except TransportError as error:
            raise AnswerLostError(str(error)) from error
        content = read_body(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not 200 <= response.status < 300:
            raise err_dict.get(response.status, HTTPError)(response.status, response.reason, content, headers)
        return Answer(response.status, headers, content)
