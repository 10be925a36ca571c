"""What imports keep, and for how long: a file that nobody imports for a week, rows with faults for a month."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from distributor.engine.imports.start import forget_content
from distributor.models import FileImport
from distributor.models.file_import import ImportState

KEEP_CONTENT: Final = timedelta(days=7)
KEEP_IMPORT: Final = timedelta(days=30)
_AT_ONCE: Final = 10


def delete_old_imports(now: datetime) -> int:
    """Delete a few of the imports that are kept no longer, and the content of those that nobody runs. Return how many.

    An uploaded file whose columns nobody has explained within a week is cancelled.
    """
    over = FileImport.objects.filter(is_running=False)
    with transaction.atomic():
        expired = over.filter(created_at__lt=now - KEEP_IMPORT).order_by("created_at")
        old = list(expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
        FileImport.objects.filter(pk__in=old).delete()
    with transaction.atomic():
        idle = over.filter(created_at__lt=now - KEEP_CONTENT, is_content_kept=True).order_by("created_at")
        rows = list(idle.select_for_update(skip_locked=True)[:_AT_ONCE])
        for row in rows:
            forget_content(row)
            if row.state is ImportState.UPLOADED:
                row.cancelled_at = now
                row.save(update_fields=["cancelled_at"])
    return len(old) + len(rows)
