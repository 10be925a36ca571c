"""CSV: rows of text with a separator, in any encoding, with quotes and line breaks in quotes."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tables.reading.encoding import detect_encoding
from tables.reading.errors import UnreadableFileError
from tables.reading.limits import MAX_READ_CHARACTERS
from tables.reading.rows import Row

SEPARATORS: Final = ",;\t|"
_SAMPLE_CHARACTERS: Final = 64_000
_SAMPLE_ROWS: Final = 20

csv.field_size_limit(MAX_READ_CHARACTERS)  # of the process: Python's own limit of 131,072 would end the reading


def read_delimited(path: Path) -> tuple[Iterator[Row], str, str]:
    """Return the rows of a file, its encoding and its separator. Raises UnreadableFileError, also while reading."""
    encoding = detect_encoding(path)
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
    return _rows_of_file(path, encoding, separator_of(sample)), encoding, separator_of(sample)


def separator_of(sample: str) -> str:
    """Return the separator under which the first rows have several columns, most of them equally many.

    A first line `sep=;` says it, as Excel writes and reads.
    """
    first_line = sample.lstrip("\ufeff").split("\n", 1)[0].strip()
    if (named := _separator_line(first_line)) is not None:
        return named
    return max(SEPARATORS, key=lambda separator: _score(sample, separator))


def _score(sample: str, separator: str) -> tuple[bool, float, int]:
    reader = csv.reader(io.StringIO(sample.lstrip("\ufeff"), newline=""), delimiter=separator)
    try:
        widths = [len(row) for row in islice(reader, _SAMPLE_ROWS) if row]
    except csv.Error:
        return False, 0, 0
    if len(widths) > 1 and len(sample) == _SAMPLE_CHARACTERS:
        widths.pop()  # the last row may be cut
    width = widths[0] if widths else 0
    return width > 1, widths.count(width) / max(len(widths), 1), width


def _separator_line(line: str) -> str | None:
    if line[:4].lower() != "sep=" or len(line) > 5:
        return None
    return line[4:] if line[4:] in SEPARATORS else None


def _rows_of_file(path: Path, encoding: str, separator: str) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        yield from _rows_of(file, separator)


def _rows_of(lines: Iterable[str], separator: str) -> Iterator[Row]:
    """Yield the rows that have a value. Rows are counted as spreadsheets do: a cell may have several lines."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            if number == 1 and len(cells) <= 2 and _separator_line(separator.join(cells)) is not None:
                continue
            if any(cells) and any(map(str.strip, cells)):
                yield Row(number, cells)
    except csv.Error as error:
        if "end of data" in str(error) or "field larger" in str(error):
            raise UnreadableFileError("quote_not_closed", row=number + 1) from None
        raise UnreadableFileError("stray_quote", row=number + 1, line=reader.line_num) from None
