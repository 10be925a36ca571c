"""The caller: a backend that accepts recipients over HTTP, repeats calls until they are answered, and remembers."""

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

# A backend's usual patience with one request, and how soon it asks again.
TIMEOUT_SECONDS = 15.0
REPEAT_SECONDS = 0.3


@dataclass(frozen=True)
class Promise:
    """A call that was answered with 2xx: who will be sent to, and who said no before."""

    distribution_id: str
    addresses: Sequence[str]
    refused: frozenset[str] = frozenset()


class NotAcknowledgedError(Exception):
    """A call was refused, or not answered for as long as the caller repeated it."""


@dataclass
class Caller:
    """Calls the native API. `promises` are the calls that were acknowledged."""

    port: int
    api_key: str
    repeats: int = 0
    promises: list[Promise] = field(default_factory=list)
    in_doubt: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, method: str, path: str, body: Any = None, *, limit_seconds: float = 120.0, key: str = ""
    ) -> dict[str, Any]:
        """Call until there is an answer below 500 that is no 409 “still in progress”. Raises NotAcknowledgedError."""
        deadline = time.monotonic() + limit_seconds
        headers = {"Content-Type": "application/json", "x-api-key": self.api_key}
        if key:
            headers["Idempotency-Key"] = key
        sent = None if body is None else json.dumps(body).encode()
        while True:
            status, answer = self._call(method, f"/api/v1/{path}", sent, headers)
            if 200 <= status < 300:
                parsed: dict[str, Any] = json.loads(answer) if answer else {}
                return parsed
            is_repeatable = status >= 500 or status in (0, 409, 429)
            if not is_repeatable or time.monotonic() > deadline:
                raise NotAcknowledgedError(f"{method} {path}: {status} {answer[:500]!r}")
            self.repeats += 1
            time.sleep(REPEAT_SECONDS)

    def accept(
        self, survey_id: str, steps: Sequence[Mapping[str, Any]], contacts: Sequence[Mapping[str, Any]], **further: Any
    ) -> Promise:
        """Make one call with an idempotency key, repeated until it is acknowledged; remember the promise."""
        refused = frozenset(further.pop("refused", ()))
        limit_seconds = further.pop("limit_seconds", 120.0)
        addresses = [contact.get("email") or contact["phone"] for contact in contacts]
        body = {"surveyId": survey_id, "steps": list(steps), "audience": {"contacts": list(contacts)}, **further}
        with self._lock:
            self.in_doubt.update(addresses)
        answer = self.ask("POST", "distributions", body, limit_seconds=limit_seconds, key=str(uuid4()))
        promise = Promise(answer["id"], [address for address in addresses if address not in refused], refused)
        with self._lock:
            self.in_doubt.difference_update(addresses)
            self.promises.append(promise)
        return promise

    def try_once(self, method: str, path: str, body: Any) -> int:
        """Make one call, which is not repeated; return its status."""
        headers = {"Content-Type": "application/json", "x-api-key": self.api_key}
        return self._call(method, f"/api/v1/{path}", json.dumps(body).encode(), headers)[0]

    def post_webhook(self, path: str, webhook: Mapping[str, Any], *, limit_seconds: float = 120.0) -> int:
        """Post a provider's request, repeated on 5xx and silence as providers do. Returns the last status, 0: none."""
        deadline = time.monotonic() + limit_seconds
        while True:
            status, _ = self._call("POST", path, webhook["body"].encode(), webhook["headers"])
            if 0 < status < 500 or time.monotonic() > deadline:
                return status
            time.sleep(REPEAT_SECONDS)

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Return the status and body; status 0 when there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()
