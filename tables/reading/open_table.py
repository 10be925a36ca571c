"""Open a file: what it is shows its content, never its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tables.reading.delimited import read_delimited
from tables.reading.errors import UnreadableFileError
from tables.reading.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS
from tables.reading.rows import Row, Table

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OTHER_FORMATS: Final = (b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"{\\rtf")


def open_table(path: Path) -> Table:
    """Open a CSV or XLSX file, named `….xlsx` if it may be one, and read its header: the first row with a value.

    Raises UnreadableFileError, also while its rows are read.
    """
    kind = sniff_format(path)
    encoding = separator = sheet = ""
    if kind == "xlsx":
        from tables.reading.workbook import read_workbook  # its library takes 1 MB

        rows, sheet = read_workbook(path)
    else:
        rows, encoding, separator = read_delimited(path)
    first = next(rows, None)
    if first is None:
        raise UnreadableFileError("empty_file")
    if len(first.cells) > MAX_COLUMNS:
        raise UnreadableFileError("too_many_columns", limit=MAX_COLUMNS)
    return Table(kind, tuple(first.cells), _bounded(rows), encoding, separator, sheet, first.number)


def sniff_format(path: Path) -> str:
    """Return "xlsx" or "csv". Raises UnreadableFileError for what is neither."""
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise UnreadableFileError("file_too_large", limit=MAX_FILE_BYTES // 1_000_000)
    with path.open("rb") as file:
        start = file.read(512)
        if start.startswith(_OLE):
            file.seek(0)
            raise UnreadableFileError("encrypted" if _ENCRYPTED in file.read(1 << 20) + _tail(path) else "old_excel")
    if size <= len(start) and not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UnreadableFileError("empty_file")
    if start.startswith(_ZIP):
        return "xlsx"
    if start.startswith(_OTHER_FORMATS) or start.lstrip()[:20].lower().startswith((b"<html", b"<!doctype", b"<?xml")):
        raise UnreadableFileError("not_a_table")
    return "csv"


def _tail(path: Path) -> bytes:
    """Return the last part of a file: an encrypted workbook's directory may stand at its end."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 20), 0))
        return file.read()


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise UnreadableFileError("too_many_rows", limit=MAX_ROWS)
        yield row
