"""CSV as RFC 4180: UTF-8 with a byte order mark, commas, quotes where needed, lines that end with CR LF."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any, Final

from tables.writing.values import escape_formula, to_text

BYTE_ORDER_MARK: Final = "\ufeff"  # without it, Excel reads UTF-8 as something else


def write_csv_head(names: Sequence[str]) -> bytes:
    """Return the mark and the line of the columns' names. Keys of people's data may look like formulas, too."""
    return (BYTE_ORDER_MARK + _lines([[escape_formula(name) for name in names]])).encode()


def write_csv_rows(rows: Iterable[Sequence[Any]], zone: tzinfo) -> bytes:
    """Return the rows as lines. Texts that a spreadsheet would take for formulas are escaped; numbers stay numbers."""
    return _lines([_cell(value, zone) for value in row] for row in rows).encode("utf-8", "replace")


def _cell(value: Any, zone: tzinfo) -> str:
    is_number = isinstance(value, int | float)
    return to_text(value, zone) if is_number else escape_formula(to_text(value, zone))


def _lines(rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()
