"""Many values in one parameter. psycopg writes an array element by element in Python (8 ms per 1,000), these do not."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson


def array_of(values: Iterable[int | UUID]) -> str:
    """A PostgreSQL array literal; the statement casts it: `%s::bigint[]`, `%s::uuid[]`."""
    return "{" + ",".join(map(str, values)) + "}"


def storable(text: str, length: int) -> str:
    """A foreign text cut to a column's length, without the NUL characters that PostgreSQL refuses."""
    return text[:length].replace("\0", "")


# An escaped backslash is stepped over: what follows it is text.
_NUL_IN_JSON = re.compile(r"(\\\\)|\\u0000")


def without_nul(json: str) -> str:
    """JSON text without the NUL characters that PostgreSQL refuses."""
    return _NUL_IN_JSON.sub(r"\1", json) if "\\u0000" in json else json


def rows_of(rows: Sequence[Any]) -> str:
    """JSON for `json_to_recordset` or `json_array_elements_text`."""
    return orjson.dumps(rows).decode()
