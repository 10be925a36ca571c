"""XLSX, written row by row into a file: constant memory, however many rows.

Texts stay texts: leading zeros and long numbers are kept, and nothing becomes a formula or a link.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tables.writing.values import to_text

MAX_ROWS: Final = 1_048_576  # of a sheet, with the head
MAX_TEXT: Final = 32_767  # characters of a cell
MAX_EXACT: Final = 10**15  # Excel keeps 15 digits; longer numbers are written as text
_WIDTH: Final = 18  # characters
_OPTIONS: Final = {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}


def write_xlsx(
    path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]], zone: tzinfo, *, rows_per_sheet: int = MAX_ROWS
) -> int:
    """Write the rows into a workbook and return their number. What does not fit into a sheet goes into the next one.

    Moments become Excel's dates in `zone`. Longer texts than a cell holds are cut, and end with “…”.
    """
    folder = str(path.parent)
    with Workbook(str(path), {**_OPTIONS, "strings_to_urls": False, "tmpdir": folder}) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet, line, count = _add_sheet(book, names), 0, 0
        for row in rows:
            if line + 1 >= rows_per_sheet:
                sheet, line = _add_sheet(book, names), 0
            line, count = line + 1, count + 1
            for column, value in enumerate(row):
                _write_cell(sheet, line, column, value, zone, date)
    return count


def _add_sheet(book: Workbook, names: Sequence[str]) -> Worksheet:
    sheet = book.add_worksheet()
    sheet.set_column(0, max(len(names) - 1, 0), _WIDTH)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, name in enumerate(names):
        sheet.write_string(0, column, _shortened(name), bold)
    return sheet


def _write_cell(sheet: Worksheet, line: int, column: int, value: Any, zone: tzinfo, date: Format) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, int | float) and abs(value) < MAX_EXACT:
        sheet.write_number(line, column, value)
    elif isinstance(value, datetime) and value.year >= 1900:
        # Excel's dates have no zone and no fractions that anybody reads.
        sheet.write_datetime(line, column, value.astimezone(zone).replace(tzinfo=None, microsecond=0), date)
    else:
        sheet.write_string(line, column, _shortened(to_text(value, zone)))


def _shortened(text: str) -> str:
    # Excel counts UTF-16 units: a character beyond the first plane counts as two.
    if len(text) <= MAX_TEXT // 2:
        return text
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * MAX_TEXT:
        return text
    return units[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
