"""(u) A large export: every contact becomes a recipient, and all of them a CSV file, written by one worker process."""

import subprocess
import sys
import time
from typing import Final

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Length

from contacts.models import Contact, Organization
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.start import ExportRequest, start_export
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Export, ExportPart, Recipient
from tests.bench.stage.copied_rows import RECIPIENT_ROWS, recipient_lines
from tests.bench.stage.database import Stage

_CHUNK: Final = 20_000
# A process of its own, so that its memory is that of the export alone.
_WRITER: Final = """
import django, resource, sys, time
django.setup()
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.monotonic()
while write_next(database_now()):
    pass
print(time.monotonic() - started, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure_export(stage: Stage) -> dict[str, float]:
    """Return rows per second, and what the process's memory was at most."""
    distribution = _fill(stage)
    asked = ExportRequest("recipients", "csv", ExportFilters(distribution_id=distribution.pk))
    export = start_export(Organization.objects.get(pk=stage.organization_id), asked, SYSTEM, "bench", database_now())
    written = subprocess.run([sys.executable, "-c", _WRITER], check=True, capture_output=True, text=True)
    seconds, before_kib, most_kib = map(float, written.stdout.split()[-3:])
    export = Export.objects.get(pk=export.pk)
    if export.finished_at is None or export.row_count != distribution.accepted_count:
        raise RuntimeError(f"{export.row_count:,} rows of {distribution.accepted_count:,}: {export.last_error}")
    stored = ExportPart.objects.filter(export=export).aggregate(bytes=Sum(Length("content")))["bytes"]
    return {
        "rows": export.row_count,
        "per_second": export.row_count / seconds,
        "before_mib": before_kib / 1024,
        "peak_mib": most_kib / 1024,
        "file_mib": export.byte_count / 2**20,
        "stored_mib": stored / 2**20,
    }


def _fill(stage: Stage) -> Distribution:
    ids = list(
        Contact.objects.filter(organization_id=stage.organization_id).order_by("pk").values_list("pk", flat=True)
    )
    distribution = Distribution.objects.create(
        organization_id=stage.organization_id,
        survey_id=stage.survey_id,
        source="bench",
        accepted_count=len(ids),
        registered_count=len(ids),
        created_at=database_now(),
    )
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        with connection.cursor() as cursor, cursor.copy(RECIPIENT_ROWS.statement) as copy:
            copy.write(recipient_lines(chunk, range(start, start + len(chunk)), distribution.pk, 2026))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Recipient._meta.db_table}")
    time.sleep(1)
    return distribution
