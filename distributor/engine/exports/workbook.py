"""Making an XLSX file of an export's rows, once all of them are read. It cannot be resumed: it is made again."""

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from distributor.engine.exports.columns import Column, find_column
from distributor.engine.exports.kinds import KINDS
from distributor.engine.infrastructure.chunked_job import postpone
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export, ExportPart
from distributor.rules.timing.time_zones import zone_named
from tables.writing.deflated import inflate

logger = structlog.get_logger(__name__)
PIECE: Final = 256 * 1024  # bytes
# A worker that has not renewed its claim for so long is taken for dead.
_LEASE: Final = timedelta(seconds=60)
_RENEWED_EVERY: Final = 10  # parts of 2,000 rows: a few seconds


class _ClaimLostError(Exception):
    """The export was withdrawn or begun anew meanwhile, or another worker has taken it over."""


def make_next_workbook(due: QuerySet[Export], now: datetime) -> bool:
    """Make the file of the next of these exports that is read. Return whether there was one.

    No transaction is open while the file is made: a million rows take minutes.
    """
    export = _claim(due)
    if export is None:
        return False
    claim = _Claim(export)
    from tables.writing.xlsx_file import write_xlsx  # its library takes 2 MB

    try:
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / "export.xlsx"
            write_xlsx(path, export.columns, _rows(claim), zone_named(export.organization.time_zone))
            _store(claim, path)
    except _ClaimLostError:
        return True
    except Exception as error:
        failures = export.failures + 1
        logger.exception("chunk_failed", work="Export", id=str(export.pk), failures=failures)
        postpone(export, failures, error, now)
    return True


@transaction.atomic
def _claim(due: QuerySet[Export]) -> Export | None:
    rows = due.filter(is_read=True).select_related("organization")
    export = rows.select_for_update(skip_locked=True, of=("self",)).first()
    if export is not None:
        export.due_at = database_now() + _LEASE
        export.save(update_fields=["due_at"])
    return export


class _Claim:
    """A claim of an export. Each renewal changes `due_at`, by which the claim of another worker is told."""

    def __init__(self, export: Export) -> None:
        self.export = export

    def renew(self) -> None:
        """Raise _ClaimLostError if the export is no longer ours."""
        until = database_now() + _LEASE
        if not self.rows().update(due_at=until):
            raise _ClaimLostError
        self.export.due_at = until

    def rows(self) -> QuerySet[Export]:
        return Export.objects.filter(
            pk=self.export.pk, is_read=True, finished_at=None, withdrawn_at=None, due_at=self.export.due_at
        )


def _rows(claim: _Claim) -> Iterator[list[Any]]:
    """Yield the rows that the parts hold, with moments as moments."""
    export = claim.export
    columns = [find_column(KINDS[export.kind].columns, name) for name in export.columns]
    for piece in inflate(_parts(claim)):
        for line in piece.splitlines():
            values = json.loads(line).values()  # orjson would round whole numbers beyond 64 bits
            yield [_value(column, value) for column, value in zip(columns, values, strict=True)]


def _parts(claim: _Claim) -> Iterator[bytes]:
    parts = ExportPart.objects.filter(export=claim.export).values_list("content", flat=True)
    for number in range(claim.export.part_count):
        if number % _RENEWED_EVERY == 0:
            claim.renew()
        content = parts.filter(number=number).first()
        if content is None:
            raise _ClaimLostError
        yield bytes(content)


def _value(column: Column | None, value: Any) -> Any:
    is_moment = column is not None and column.is_moment and isinstance(value, str)
    return datetime.fromisoformat(value) if is_moment else value


@transaction.atomic
def _store(claim: _Claim, path: Path) -> None:
    """Put the file in the place of the rows. Of these only the people stay, below number 0."""
    export = claim.rows().select_for_update().first()
    if export is None:
        raise _ClaimLostError
    parts = ExportPart.objects.filter(export=export, number__gte=0)
    parts.update(number=-1 - F("number"), content=b"")
    size = count = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            ExportPart.objects.create(export=export, number=count, content=piece)
            size, count = size + len(piece), count + 1
    export.part_count, export.byte_count, export.failures, export.last_error = count, size, 0, ""
    export.finished_at = database_now()
    export.save(update_fields=["part_count", "byte_count", "failures", "last_error", "finished_at"])
