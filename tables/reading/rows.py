"""A row of a table, and the table that it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number in the file, counted from 1 as spreadsheets count: the header is usually row 1.

    `faults` has a code for each cell, by position, whose value was lost before the file came to us: `digits_lost`,
    `formula_without_value`, `formula_error`.
    """

    number: int
    cells: Sequence[str]
    faults: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: how it was read, the names of its columns, and its rows, to be read once.

    Rows without any value are left out. `sheet` is "" for CSV, `encoding` and `separator` are "" for XLSX.
    `header_row` is the number of the first row with a value.
    """

    format: str
    header: Sequence[str]
    rows: Iterator[Row]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    header_row: int = 1
