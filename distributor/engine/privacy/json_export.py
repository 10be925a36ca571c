"""An export as JSON, in pieces. The API and the admin send the same bytes."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic.alias_generators import to_camel

from distributor.engine.privacy.export import PersonalData


def write_json(data: PersonalData, now: datetime) -> Iterator[bytes]:
    """Yield a JSON object: `exportedAt`, `contact`, and a list for each other part of the data."""
    yield b'{"exportedAt":' + _dump(now)
    for field in fields(data):
        yield b",\n" + _dump(to_camel(field.name)) + b":"
        value = getattr(data, field.name)
        if is_dataclass(value):
            yield _dump(value)
        else:
            yield from _write_list(value)
    yield b"}\n"


def _write_list(records: Iterable[Any]) -> Iterator[bytes]:
    separator = b"["
    for record in records:
        yield separator + _dump(record)
        separator = b",\n"
    yield b"[]" if separator == b"[" else b"]"


def _dump(value: Any) -> bytes:
    return orjson.dumps(in_camel_case(value), option=orjson.OPT_UTC_Z)


def in_camel_case(value: Any) -> Any:
    """Return records as dictionaries with names in camelCase. Names in data of callers stay as they are."""
    if is_dataclass(value):
        return {to_camel(field.name): in_camel_case(getattr(value, field.name)) for field in fields(value)}
    return [in_camel_case(item) for item in value] if isinstance(value, list) else value
