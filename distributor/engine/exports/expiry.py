"""Deleting exports whose week is over, with their files."""

from datetime import datetime
from typing import Final

from django.db import transaction

from distributor.models import Export, ExportPart

_AT_ONCE: Final = 20
_PARTS: Final = 200  # of up to 256 KiB


def delete_expired_exports(now: datetime) -> int:
    """Delete some of the exports that have expired. Return how many. Whatever is left is deleted a minute later."""
    expired = Export.objects.filter(expires_at__lte=now).order_by("expires_at")
    return sum(delete_export(export) for export in expired[:_AT_ONCE])


def delete_export(export: Export) -> bool:
    """Delete an export and its file, in short transactions. Return whether it was there."""
    Export.objects.filter(pk=export.pk, withdrawn_at=None).update(withdrawn_at=export.created_at)
    while True:
        with transaction.atomic():
            parts = ExportPart.objects.filter(export_id=export.pk)
            numbers = list(parts.order_by("number").values_list("number", flat=True)[:_PARTS])
            if not numbers:
                return Export.objects.filter(pk=export.pk).delete()[0] > 0
            parts.filter(number__lte=numbers[-1]).delete()
