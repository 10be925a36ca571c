"""XLSX: the rows of the first sheet that has any."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from tables.reading.cells import cell_text
from tables.reading.errors import UnreadableFileError
from tables.reading.rows import Row
from tables.reading.workbook_parts import SheetFacts, look_at_parts, look_at_sheet

_SHOWN_MERGED: Final = 5


def read_workbook(path: Path) -> tuple[Iterator[Row], str]:
    """Return the rows of the first sheet with values, and its name. Raises UnreadableFileError."""
    for name, part in look_at_parts(path):
        facts = look_at_sheet(path, part)
        if facts.cell_count:
            sheet = _open_sheet(path, name)
            _refuse_merged(sheet)
            return _rows_of(sheet, facts), name
    raise UnreadableFileError("empty_file")


def _open_sheet(path: Path, name: str) -> CalamineSheet:
    try:
        with CalamineWorkbook.from_path(path) as book:
            return book.get_sheet_by_name(name)
    except PasswordError:
        raise UnreadableFileError("encrypted") from None
    except (CalamineError, OSError, ValueError):
        raise UnreadableFileError("broken_file") from None


def _refuse_merged(sheet: CalamineSheet) -> None:
    """Refuse merged cells: only the first of them has the value, so the others would be read as empty."""
    merged = sheet.merged_cell_ranges or []
    if merged:
        ranges = [f"{_cell_name(*start)}:{_cell_name(*end)}" for start, end in merged]
        more = ", …" if len(ranges) > _SHOWN_MERGED else ""
        raise UnreadableFileError("merged_cells", cells=", ".join(ranges[:_SHOWN_MERGED]) + more)


def _rows_of(sheet: CalamineSheet, facts: SheetFacts) -> Iterator[Row]:
    # The rows come from the sheet's first one on, each from the first column that has a value anywhere.
    first_column = sheet.start[1] if sheet.start else 0
    lost: dict[int, dict[int, str]] = {}
    for (row, column), code in facts.lost.items():
        lost.setdefault(row, {})[column - first_column] = code
    for place, values in enumerate(sheet.iter_rows()):
        yield from _row(place + 1, values, lost.get(place, {}))


def _row(number: int, values: Sequence[Any], lost: Mapping[int, str]) -> Iterator[Row]:
    cells, faults = [], {column: code for column, code in lost.items() if 0 <= column < len(values)}
    for column, value in enumerate(values):
        if type(value) is str:  # almost every cell
            cells.append(value)
            continue
        text, fault = cell_text(value)
        cells.append(text)
        if fault:
            faults[column] = fault
    if faults or any(map(str.strip, cells)):
        yield Row(number, cells, faults)


def _cell_name(row: int, column: int) -> str:
    """Return a cell's name as spreadsheets show it: A1 for (0, 0)."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
