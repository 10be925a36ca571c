"""The rows of an import that have faults, in the order of the file, also as CSV to correct and import again."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, Final

from distributor.engine.imports.columns import ERROR_COLUMNS
from distributor.engine.imports.faults import RowFault
from distributor.models import FileImport, ImportFault
from tables.writing.csv_rows import write_csv_head, write_csv_rows

_PAGE: Final = 500


def row_faults(stored: ImportFault) -> list[RowFault]:
    return [RowFault(**fault) for fault in stored.faults]


def error_file(row: FileImport) -> Iterator[bytes]:
    """Yield a CSV file in pieces: the file's own columns, then the row's number and what is wrong with it."""
    yield write_csv_head([*row.header, *ERROR_COLUMNS])
    after = 0
    while page := list(ImportFault.objects.filter(file_import=row, row__gt=after).order_by("row")[:_PAGE]):
        after = page[-1].row
        yield write_csv_rows((_cells(stored, len(row.header)) for stored in page), UTC)


def _cells(stored: ImportFault, width: int) -> Sequence[Any]:
    cells = [*stored.cells[:width], *[""] * (width - len(stored.cells))]
    reasons = (f"{fault.column}: {fault}" if fault.column else str(fault) for fault in row_faults(stored))
    return [*cells, stored.row, " ".join(reasons)]
