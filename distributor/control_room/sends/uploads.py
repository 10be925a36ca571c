"""Forms that take a small file of people: CSV or XLSX, read as the text that could be typed instead."""

import csv
import io
import re
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.utils.translation import gettext as _

from distributor.control_room.layout.files import takes_files
from distributor.control_room.sends.people_text import MAX_BYTES, MAX_ROWS
from distributor.engine.imports.faults import sentence_of
from tables.reading.encoding import detect_encoding
from tables.reading.errors import UnreadableFileError
from tables.reading.open_table import open_table, sniff_format

_SHOWN_FAULTS: Final = 5
_LINE_BREAK: Final = re.compile(r"\r\n?|\n")


class _SmallFile(MemoryFileUploadHandler):
    """Keeps one file of at most MAX_BYTES in memory. More is read no further than to know that it is too long."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True
        self._length = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._length += len(raw_data)
        if self._length <= MAX_BYTES + 1:
            self.file.write(raw_data)


takes_file = takes_files(_SmallFile)


def text_of_file(request: HttpRequest, name: str) -> tuple[str, str]:
    """Return the text of an uploaded file, and what is wrong with it. Both are "" without a file."""
    file = request.FILES.get(name)
    if file is None or not file.size:
        return "", ""
    raw = file.read()
    if len(raw) > MAX_BYTES:
        return "", _("The file is too long: at most 2 MB.")
    return decode_text(raw)


def decode_text(raw: bytes) -> tuple[str, str]:
    """Return the text of a CSV or XLSX file, a workbook as CSV, and what is wrong with it or ""."""
    with tempfile.NamedTemporaryFile(prefix="distributor-people-", suffix=".xlsx") as copy:
        copy.write(raw)
        copy.flush()
        path = Path(copy.name)
        try:
            if sniff_format(path) == "xlsx":
                return _text_of_workbook(path)
            return raw.decode(detect_encoding(path), errors="replace"), ""
        except UnreadableFileError as error:
            return "", sentence_of(error.code, error.values)


def _text_of_workbook(path: Path) -> tuple[str, str]:
    """Return the rows as CSV, each in the line of its number. A cell whose value was lost is a fault of the file.

    Of what read_people() refuses as too long, only as much is read as it takes to refuse it.
    """
    table = open_table(path)
    text = io.StringIO()
    line_count = _write_row(text, 0, table.header_row, table.header)
    lost: list[str] = []
    for row in islice(table.rows, MAX_ROWS + 1):
        for place, code in row.faults.items():
            column = table.header[place] if place < len(table.header) else ""
            sentence = sentence_of(code, {"value": row.cells[place][:80]})
            lost.append(_("Line %(line)s") % {"line": row.number} + f", {column}: {sentence}")
        if len(lost) >= _SHOWN_FAULTS or text.tell() > MAX_BYTES:
            break
        line_count = _write_row(text, line_count, row.number, row.cells)
    return ("", " ".join(lost[:_SHOWN_FAULTS])) if lost else (text.getvalue(), "")


def _write_row(text: io.StringIO, line_count: int, number: int, cells: Sequence[str]) -> int:
    """Write a row into the line of its number, or the next free one: cells may have several lines. Return the count."""
    blank_count = max(number - 1 - line_count, 0)
    text.write("\n" * blank_count)
    csv.writer(text).writerow(cells)
    return line_count + blank_count + 1 + sum(len(_LINE_BREAK.findall(cell)) for cell in cells)
