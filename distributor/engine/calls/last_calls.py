"""The last calls of an API key, for its page in the admin: no bodies, no query strings, no ids from paths."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from distributor.engine.calls.record import LAST_CALLS, list_of_key
from distributor.engine.infrastructure.valkey import ask_valkey


@dataclass(frozen=True, slots=True)
class LastCall:
    """A call as it is shown. `path` is the template of its URL."""

    at: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    request_id: str

    @property
    def is_refused(self) -> bool:
        return self.status >= 400


def read_last_calls(key_id: UUID) -> list[LastCall] | None:
    """Return a key's last calls, newest first. None if Valkey is away."""
    answers = ask_valkey(lambda pipeline: pipeline.lrange(list_of_key(key_id), 0, LAST_CALLS - 1))
    if answers is None:
        return None
    return [_last_call(*orjson.loads(line)) for line in answers[0]]


def _last_call(at: float, method: str, path: str, status: int, milliseconds: float, request_id: str) -> LastCall:
    return LastCall(datetime.fromtimestamp(at, UTC), method, path, status, milliseconds, request_id)
