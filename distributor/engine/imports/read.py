"""Read a file into pieces of checked rows. Nothing of it is a contact yet.

A reader claims the import with a lease and a fence, because opening a workbook again for each piece would take longer
than reading it. Each piece is one transaction with its faults and the last row that was read: if the reader dies, the
next one goes on behind that row when the lease has ended.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import structlog
from django.db import transaction

from distributor.engine.imports.columns import MappingError, resolve_targets
from distributor.engine.imports.faults import FileFault, RowFault
from distributor.engine.imports.finish import fail_import
from distributor.engine.imports.people import PeopleReader
from distributor.engine.imports.stored_file import delete_file, stored_file
from distributor.engine.infrastructure.chunked_job import pause_after
from distributor.models import FileImport, ImportFault, ImportPiece
from distributor.models.file_import import MAX_FAILURES, FaultyRows
from tables.reading.errors import UnreadableFileError
from tables.reading.open_table import open_table
from tables.reading.rows import Row

logger = structlog.get_logger(__name__)
PIECE_ROWS: Final = 1_000
# Opening the largest workbook takes 13 s of a core, and much longer on a busy machine.
LEASE: Final = timedelta(minutes=5)
# After this long the reader gives others a turn; the next one opens the file again.
READ_SECONDS: Final = 15.0
_KEPT_CHARACTERS: Final = 10_000

Clock = Callable[[], datetime]


class LeaseLostError(Exception):
    """Another reader has the import, or it was cancelled. Nothing of this piece was written."""


def read_next(clock: Clock) -> bool:
    """Read the import that has waited longest, for a while. Return whether there was one."""
    row = _claim(clock())
    if row is None:
        return False
    if row.failures > MAX_FAILURES:
        fail_import(row, [FileFault("failed_again_and_again", {})], clock())
        return True
    try:
        _read(row, clock)
    except LeaseLostError:
        pass
    except (UnreadableFileError, MappingError) as error:
        fault = error.faults if isinstance(error, MappingError) else [FileFault(error.code, error.values)]
        fail_import(row, fault, clock())
    except Exception as error:
        logger.exception("chunk_failed", work="FileImport", id=str(row.pk), failures=row.failures)
        # Not the error's text: it may quote a person's row.
        FileImport.objects.filter(pk=row.pk, fence=row.fence).update(
            failures=row.failures, due_at=clock() + pause_after(row.failures), last_error=type(error).__name__
        )
    return True


@transaction.atomic
def _claim(now: datetime) -> FileImport | None:
    waiting = FileImport.objects.filter(is_running=True, read_at=None, due_at__lte=now).order_by("due_at", "pk")
    row = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("organization").first()
    if row is not None:
        row.fence += 1
        row.due_at = now + LEASE
        row.failures += 1  # until it has written something: a reader that is killed by its file tells nobody
        row.save(update_fields=["fence", "due_at", "failures"])
    return row


def _read(row: FileImport, clock: Clock) -> None:
    with stored_file(row.pk) as path:
        table = open_table(path)
        row.header = [_kept(name) for name in table.header]
        targets = resolve_targets(row.header, row.mapping or {}, row.unknown_columns)
        row.format = table.format
        row.details = {"encoding": table.encoding, "separator": table.separator, "sheet": table.sheet}
        reader = PeopleReader(row.header, targets, row.organization.phone_region)
        _update(row, due_at=clock() + LEASE)
        ends_at = time.monotonic() + READ_SECONDS
        rows = (each for each in table.rows if each.number > row.last_row)
        while piece := list(islice(rows, PIECE_ROWS)):
            _store(row, piece, reader, clock())
            if time.monotonic() > ends_at:
                _update(row, due_at=clock())
                return
    _end(row, clock())


def _store(row: FileImport, rows: Sequence[Row], reader: PeopleReader, now: datetime) -> None:
    """Write a piece and its faults, and renew the lease."""
    people, faulty = [], []
    for each in rows:
        person, faults = reader.read(each.cells, each.faults)
        if faults:
            faulty.append(_fault_row(row, each.number, each.cells, faults))
        else:
            people.append([each.number, person])
    row.last_row = rows[-1].number
    row.row_count += len(rows)
    row.faulty_count += len(faulty)
    row.piece_count += bool(people)
    with transaction.atomic():
        _update(row, due_at=now + LEASE)
        ImportFault.objects.bulk_create(faulty)
        if people:
            ImportPiece.objects.create(file_import=row, number=row.piece_count, rows=people)


def _fault_row(row: FileImport, number: int, cells: Sequence[str], faults: Sequence[RowFault]) -> ImportFault:
    stored = [_without_nul(fault.as_stored()) for fault in faults]
    return ImportFault(file_import=row, row=number, cells=[_kept(cell) for cell in cells], faults=stored)


def _kept(cell: str) -> str:
    """Return what is kept of a cell. PostgreSQL stores no NUL."""
    return cell[:_KEPT_CHARACTERS].replace("\0", "\ufffd")


def _without_nul(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: value.replace("\0", "\ufffd") if isinstance(value, str) else value for name, value in stored.items()}


def _end(row: FileImport, now: datetime) -> None:
    """The whole file was read: the rows are written, unless some have faults and the file is refused for them."""
    if row.faulty_count and row.on_fault == FaultyRows.REFUSE and not row.is_dry_run:
        fail_import(row, [FileFault("rows_have_faults", {})], now)
        return
    with transaction.atomic():
        _update(row, due_at=now, read_at=now)
        delete_file(row.pk)


def _update(row: FileImport, **changes: Any) -> None:
    """Write the progress, if this reader still has the import. Raises LeaseLostError."""
    names = ("header", "format", "details", "last_row", "row_count", "faulty_count", "piece_count")
    progress = {name: getattr(row, name) for name in names}
    mine = FileImport.objects.filter(pk=row.pk, fence=row.fence, is_running=True)
    if not mine.update(**progress, **changes, failures=0, last_error=""):
        raise LeaseLostError
