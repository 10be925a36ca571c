"""How an import ends."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from distributor.engine.imports.faults import FileFault
from distributor.engine.imports.start import forget_content
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import FileImport
from distributor.models.file_import import ImportState
from distributor.rules.event_types import EventType


@transaction.atomic
def fail_import(row: FileImport, faults: Sequence[FileFault], now: datetime) -> None:
    """End an import whose file cannot be read, or whose list or send is refused."""
    stored = [{"code": fault.code, "values": dict(fault.values)} for fault in faults]
    running = FileImport.objects.filter(pk=row.pk, is_running=True, fence=row.fence)
    if running.update(fault=stored, finished_at=now, is_running=False):
        tell_finished(row, ImportState.FAILED)
        forget_content(row)


def tell_finished(row: FileImport, state: ImportState) -> None:
    """Tell callers that an import has ended. Dry runs are not told of: whoever asks for one waits for it."""
    if not row.is_dry_run:
        details = {"importId": row.pk, "state": state.value, "rows": row.row_count, "faultyRows": row.faulty_count}
        write_bundles([NewBundle(EventType.IMPORT_FINISHED, row.organization_id, row.distribution_id, details=details)])


def faults_of(row: FileImport) -> list[FileFault]:
    """Return why an import failed; empty if it did not."""
    return [FileFault(fault["code"], fault["values"]) for fault in row.fault or ()]
