"""A call as data: what is sent, what the answer is, and whether it may be repeated. Nothing here does any I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from distributor_client.operations import KEYED_PATHS

AnswerT = TypeVar("AnswerT")
Id = UUID | str
Time = datetime | str
Query = Mapping[str, Any]

PREFIX: Final = "/api/v1"
# POSTs that change nothing more when they are repeated, or change nothing at all.
REPEATABLE_PATHS: Final = frozenset(
    {
        "/contacts",
        "/contacts/search",
        "/contacts/{contact_id}/opt-in",
        "/contacts/{contact_id}/opt-out",
        "/distributions/{distribution_id}/cancel",
        "/distributions/{distribution_id}/pause",
        "/distributions/{distribution_id}/recipients/search",
        "/distributions/{distribution_id}/resume",
        "/distributions/{distribution_id}/skipped/search",
        "/erasures",
        "/imports/preview",
        "/imports/{import_id}/cancel",
        "/recipients/search",
        "/responses/search",
        "/suppressions",
    }
)


@dataclass(frozen=True)
class Upload:
    """A file for a form: its part `file`, and the JSON of its part `options`."""

    path: Path
    options: bytes


@dataclass(frozen=True)
class Call(Generic[AnswerT]):
    """A call of the API. `answer` is what its answer is parsed as; None: it has none."""

    method: str
    path: str  # with the names of its ids, for example /contacts/{contact_id}
    answer: Any
    ids: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    upload: Upload | None = None
    idempotency_key: str | None = None
    wait_seconds: float = 0  # how long the server waits before it answers

    @property
    def address(self) -> str:
        """The path below the server's address."""
        parts = iter(self.ids)
        return PREFIX + "/".join(
            quote(next(parts), safe="") if piece.startswith("{") else piece for piece in self.path.split("/")
        )

    @property
    def is_repeatable(self) -> bool:
        """Whether repeating it is safe even if the server may have done it already."""
        return self.method != "POST" or self.path in KEYED_PATHS or self.path in REPEATABLE_PATHS

    @property
    def accept(self) -> str:
        return "application/json" if self.answer is not bytes else "*/*"


def get(
    path: str, answer: type[AnswerT], *ids: Id, query: Query | None = None, wait_seconds: float = 0
) -> Call[AnswerT]:
    return Call("GET", path, answer, _texts(ids), _pairs(query or {}), wait_seconds=wait_seconds)


def delete(path: str, *ids: Id) -> Call[None]:
    return Call("DELETE", path, None, _texts(ids))


def write(
    method: str, path: str, answer: type[AnswerT], *ids: Id, shape: Any, body: Mapping[str, Any], key: str | None = None
) -> Call[AnswerT]:
    """Return a call with a body. `shape` is the body's TypedDict: it knows the names on the wire."""
    return Call(method, path, answer, _texts(ids), body=body_of(shape, body), idempotency_key=_key(method, key))


def act(path: str, answer: type[AnswerT], *ids: Id) -> Call[AnswerT]:
    """Return a POST without a body."""
    return Call("POST", path, answer, _texts(ids), idempotency_key=_key("POST", None))


def upload(
    path: str, answer: type[AnswerT], file: Path, *, shape: Any, options: Mapping[str, Any], key: str | None = None
) -> Call[AnswerT]:
    content = Upload(file, body_of(shape, options))
    return Call("POST", path, answer, upload=content, idempotency_key=_key("POST", key))


def next_page(call: Call[AnswerT], cursor: str) -> Call[AnswerT]:
    """Return the call for the page at a cursor. A search has it in its body."""
    if call.body is not None:
        return replace(call, body=json.dumps({**json.loads(call.body), "cursor": cursor}).encode())
    kept = tuple(pair for pair in call.query if pair[0] != "cursor")
    return replace(call, query=(*kept, ("cursor", cursor)))


def body_of(shape: Any, body: Mapping[str, Any]) -> bytes:
    """Return the JSON of a body. Values are not checked: the server does, and reports every fault at once."""
    return _adapter(shape).dump_json(body, by_alias=True, warnings=False)


def parse(answer: Any, content: bytes) -> Any:
    """Return the content of an answer as its model."""
    return None if answer is None else _adapter(answer).validate_json(content)


@lru_cache(maxsize=256)
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _key(method: str, given: str | None) -> str | None:
    return given or (str(uuid4()) if method == "POST" else None)


def _texts(ids: tuple[Id, ...]) -> tuple[str, ...]:
    return tuple(str(each) for each in ids)


def _pairs(query: Query) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in query.items() if value is not None)
