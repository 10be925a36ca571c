"""How a file would be read: the columns with what they mean, and what the first rows become. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from contacts.contact_fields import ContactFields
from distributor.engine.imports.columns import MappingError, propose_targets, resolve_targets
from distributor.engine.imports.faults import FileFault, RowFault
from distributor.engine.imports.people import PeopleReader
from tables.reading.open_table import open_table
from tables.reading.rows import Table

SHOWN_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row: its number, its cells, what it becomes, and what is wrong with it."""

    number: int
    cells: Sequence[str]
    person: ContactFields
    faults: Sequence[RowFault]


@dataclass(frozen=True, slots=True)
class Preview:
    """`targets` are the fields of the columns, "" for one that is left out. `rows` is empty if `faults` are not."""

    table: Table
    targets: Sequence[str]
    rows: Sequence[PreviewRow]
    faults: Sequence[FileFault]


def preview_file(path: Path, mapping: Mapping[str, str | None], unknown_columns: str, region: str) -> Preview:
    """Read the first rows of a file. Raises UnreadableFileError."""
    table = open_table(path)
    try:
        targets = resolve_targets(table.header, mapping, unknown_columns)
    except MappingError as error:
        return Preview(table, propose_targets(table.header, unknown_columns), (), error.faults)
    reader = PeopleReader(table.header, targets, region)
    rows = [
        PreviewRow(row.number, row.cells, *reader.read(row.cells, row.faults)) for row in islice(table.rows, SHOWN_ROWS)
    ]
    return Preview(table, targets, rows, ())
