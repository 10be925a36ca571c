"""Writing exports: a page of rows, compressed, with the new position in one transaction.

A worker that dies loses one page, which the next one reads again: no row stands in the file twice, and none is missing.
"""

import time
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from distributor.engine.consent.forget import erasure_lock
from distributor.engine.exports.columns import Picker, add_keys
from distributor.engine.exports.filters import read_filters
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.pages import Page, Row, Scope
from distributor.engine.exports.workbook import make_next_workbook
from distributor.engine.infrastructure.chunked_job import (
    InputsChangedError,
    record_progress,
    run_chunk,
    run_time_slice,
)
from distributor.engine.infrastructure.transactions import release_connection
from distributor.models import Export, ExportPart
from distributor.models.export import ExportFormat
from distributor.rules.exports import MAX_FAILURES, ExportState
from distributor.rules.timing.time_zones import zone_named
from tables.writing.csv_rows import write_csv_head, write_csv_rows
from tables.writing.deflated import deflate_piece
from tables.writing.ndjson_rows import write_ndjson_rows

PAGE: Final = 2_000  # rows
LARGE_WORKBOOK: Final = 20_000  # rows: about 2 s
_PAUSE_SECONDS: Final = 0.1
_TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def due_exports(now: datetime) -> QuerySet[Export]:
    """Return the exports of which a page or the workbook is due."""
    open_ones = Export.objects.filter(finished_at=None, withdrawn_at=None, due_at__lte=now, expires_at__gt=now)
    return open_ones.filter(failures__lt=MAX_FAILURES).order_by("due_at", "pk")


def has_due_exports(now: datetime) -> bool:
    return due_exports(now).exists()


def write_due_exports(clock: Callable[[], datetime]) -> bool:
    """Write for a moment. Return whether there may be more to do."""
    return run_time_slice(write_next, clock)


def write_next(now: datetime) -> bool:
    """Write a page of the export that has waited longest, or else make a workbook. Return whether one was due."""
    return _write_next_page(due_exports(now), now) or make_next_workbook(due_exports(now), now)


def write_here(export_id: UUID, seconds: float, clock: Callable[[], datetime]) -> None:
    """Write this export for so long, in the process of the call that asked for it, so that a small one is ready.

    Workers may write at the same time, and go on afterwards. A large XLSX file is left to them.
    """
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        now = clock()
        export = Export.objects.filter(pk=export_id).first()
        if export is None or export.state_at(now) not in (ExportState.QUEUED, ExportState.RUNNING):
            return
        due = due_exports(now).filter(pk=export_id)
        is_small = export.row_count <= LARGE_WORKBOOK
        if not _write_next_page(due, now) and not (is_small and make_next_workbook(due, now)):
            release_connection()
            time.sleep(_PAUSE_SECONDS)


def _write_next_page(due: QuerySet[Export], now: datetime) -> bool:
    unread = due.filter(is_read=False).select_for_update(skip_locked=True, of=("self",))
    lock_next: Callable[[], Export | None] = unread.select_related("organization").first
    return run_chunk(lock_next, lambda export: _write_page(export, now), now)


def _write_page(export: Export, now: datetime) -> None:
    _keep_erasures_out(export)
    kind, scope = KINDS[export.kind], Scope(export.organization, read_filters(export.filters), now)
    if export.total_count is None:
        export.total_count = kind.count(scope)
    page = kind.read_page(scope, export.after_key, PAGE)
    rows, is_last = _within_limit(export, page)
    picker = Picker(kind.columns, export.columns)
    data = _encode(export, [picker.pick(row.values) for row in rows])
    if data:
        people = sorted({row.contact_id for row in rows if row.contact_id is not None})
        ExportPart.objects.create(
            export=export, number=export.part_count, content=deflate_piece(data), contact_ids=people
        )
        export.part_count += 1
        export.byte_count += len(data)
        export.checksum = zlib.crc32(data, export.checksum)
    if export.rendering:
        export.data_keys = add_keys(kind.columns, export.data_keys, [row.values for row in rows])
    export.after_key, export.is_read = page.after, is_last
    export.scanned_count += page.scanned
    export.row_count += len(rows)
    if is_last and export.format != ExportFormat.XLSX:
        export.finished_at = now
    record_progress(export, now, *_PROGRESS)


_PROGRESS: Final = (
    "after_key", "is_read", "scanned_count", "total_count", "row_count", "part_count", "byte_count", "checksum",
    "data_keys", "finished_at",
)  # fmt: skip


def _within_limit(export: Export, page: Page) -> tuple[Sequence[Row], bool]:
    """Return the page's rows that the limit allows, and whether they are the last."""
    if export.row_limit is None:
        return page.rows, page.is_last
    left = export.row_limit - export.row_count
    return page.rows[:left], page.is_last or len(page.rows) >= left


def _keep_erasures_out(export: Export) -> None:
    """Let no erasure begin until the page is committed, so that each sees what the other wrote.

    An erasure that runs is not waited for: it may wait for the row of this export.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRY_LOCK, [erasure_lock(export.organization_id)])
        if not cursor.fetchone()[0]:
            raise InputsChangedError


def _encode(export: Export, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the next piece of the file. An XLSX file is made of NDJSON later."""
    if export.format != ExportFormat.CSV:
        return write_ndjson_rows(export.columns, rows)
    head = b"" if export.part_count else write_csv_head(export.columns)
    return head + write_csv_rows(rows, zone_named(export.organization.time_zone))
