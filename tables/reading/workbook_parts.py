"""The parts of a workbook, looked at before any of them is unpacked into memory.

The library that reads the cells holds a sheet as one rectangle, and a formula without a stored value as nothing. So
each sheet is first read as a stream: how large it is, and which of its cells have a formula and no value.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import IO, Final

from tables.reading.errors import UnreadableFileError
from tables.reading.limits import MAX_UNPACKED_BYTES, MAX_WORKBOOK_CELLS

_PIECE_BYTES: Final = 1 << 20
_LONGEST_CELL_BYTES: Final = 16 << 20
# Of cells that have content. Attributes are bounded, and a cell ends before the next one begins: without that, a piece
# of 1 MB with tags that are never closed took hours.
_TAG: Final = rb"<(?:\w{1,50}:)?c\b"
_CELL: Final = re.compile(_TAG + rb"([^<>]{0,500}?)(?<!/)>((?:(?!" + _TAG + rb").)*?)</(?:\w{1,50}:)?c>", re.DOTALL)
_PLACED: Final = re.compile(_TAG + rb'[^<>]{0,400}?\br="([A-Z]{1,3})([0-9]{1,7})"[^<>]{0,400}(?<!/)>')
_PLACE: Final = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR: Final = b't="e"'
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f\b")
_VALUE: Final = re.compile(rb"<(?:\w+:)?(?:v|is)>[^<]*[^<\s]|<(?:\w+:)?is>")
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(rb'([\w:]+)="([^"]*)"')
MAX_LOST_VALUES: Final = 100_000


@dataclass(slots=True)
class SheetFacts:
    """A sheet before it is read: the cells of its rectangle, and the codes of cells whose value was lost.

    `lost` is by row and column, both from 0: `formula_without_value`, `formula_error`.
    """

    cell_count: int = 0
    lost: dict[tuple[int, int], str] = field(default_factory=dict)


def look_at_parts(path: Path) -> list[tuple[str, str]]:
    """Return the name and the part of each sheet, in the workbook's order. Raises UnreadableFileError."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive)
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise UnreadableFileError("binary_workbook" if "xl/workbook.bin" in names else "not_a_table")
            return list(_sheets(archive, names))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, ValueError):
        raise UnreadableFileError("broken_file") from None


def look_at_sheet(path: Path, part: str) -> SheetFacts:
    """Read a sheet's part as a stream. Raises UnreadableFileError if it is larger than what may be read."""
    facts, last_column, last_row, unplaced_count = SheetFacts(), 0, 0, 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open(part) as stream:
            for cells in _whole_cells(stream):
                placed = _PLACED.findall(cells)
                if placed:
                    last_column = max(last_column, *map(_column_number, {column for column, _ in placed}))
                    last_row = max(last_row, *(int(row) for _, row in placed))
                elif _CELL.search(cells):
                    unplaced_count += 1
                # Almost no piece has any; looking at each cell of all pieces took 4 s for 100,000 rows.
                if _ERROR in cells or _FORMULA.search(cells):
                    facts.lost |= _lost_values(cells)
                    if len(facts.lost) > MAX_LOST_VALUES:
                        raise UnreadableFileError("too_many_lost_values", limit=MAX_LOST_VALUES)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, KeyError):
        raise UnreadableFileError("broken_file") from None
    facts.cell_count = last_column * last_row + unplaced_count
    if facts.cell_count > MAX_WORKBOOK_CELLS:
        raise UnreadableFileError("too_many_cells", limit=MAX_WORKBOOK_CELLS)
    return facts


def _lost_values(cells: bytes) -> dict[tuple[int, int], str]:
    lost = {}
    for attributes, content in _CELL.findall(cells):
        place = _PLACE.search(attributes)
        if place is not None and (code := _lost(attributes, content)):
            lost[int(place[2]) - 1, _column_number(place[1]) - 1] = code
    return lost


def _lost(attributes: bytes, content: bytes) -> str:
    if _ERROR in attributes:
        return "formula_error"
    return "formula_without_value" if _FORMULA.search(content) and not _VALUE.search(content) else ""


def _check_size(archive: zipfile.ZipFile) -> None:
    """Refuse a bomb: by what the archive says of its parts, then by what unpacking them as a stream gives."""
    if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise UnreadableFileError("unpacks_too_large", limit=MAX_UNPACKED_BYTES // 1_000_000)
    for part in archive.infolist():
        if part.filename.startswith("xl/") and part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as stream:
                while stream.read(_PIECE_BYTES):  # raises BadZipFile where the size or the checksum is a lie
                    pass


def _sheets(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    targets = {}
    if "xl/_rels/workbook.xml.rels" in names:
        for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
            given = _attributes(relation)
            targets[given.get("Id", "")] = given.get("Target", "")
    for sheet in _SHEET.findall(archive.read("xl/workbook.xml")):
        given = _attributes(sheet)
        relation_id = next((value for name, value in given.items() if name.endswith(":id")), "")
        target = targets.get(relation_id, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in names and part.startswith("xl/worksheets/") and given.get("state", "visible") == "visible":
            yield given.get("name", ""), part


def _attributes(element: bytes) -> dict[str, str]:
    return {name.decode(): unescape(value.decode(errors="replace")) for name, value in _ATTRIBUTE.findall(element)}


def _whole_cells(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield pieces of a sheet that end with the end of a cell."""
    rest = b""
    while piece := stream.read(_PIECE_BYTES):
        rest += piece
        end = rest.rfind(b"c>") + 2  # of `</c>`, with or without a prefix
        if end > 1:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > _LONGEST_CELL_BYTES:
            raise UnreadableFileError("cell_too_long")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
