"""NDJSON: a JSON object a line, with the columns' names as keys."""

from collections.abc import Iterable, Sequence
from typing import Any

from tables.writing.values import to_json


def write_ndjson_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a line for each row. Lists and objects stay what they are; moments are in UTC."""
    return b"".join(to_json(dict(zip(names, row, strict=True))) + b"\n" for row in rows)
