"""Exports that hold a person who is erased: finished ones are withdrawn, unfinished ones are written anew."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from distributor.models import Export, ExportPart
from distributor.models.export import ExportKind

# As if nothing had been written yet.
_FROM_THE_START: Final[dict[str, Any]] = {
    "after_key": "", "is_read": False, "total_count": None,
    **dict.fromkeys(("scanned_count", "row_count", "part_count", "byte_count", "checksum"), 0),
    "data_keys": {},
}  # fmt: skip


def withdraw_exports(organization_id: UUID, contact_id: UUID | None, now: datetime) -> None:
    """Delete the stored files that hold the contact, and lists of addresses. None: only the lists of addresses.

    Only under lock_erasures(): no page of an export is being written meanwhile.
    """
    holding = Q(export__kind=ExportKind.SUPPRESSIONS)
    if contact_id is not None:
        holding |= Q(contact_ids__contains=[contact_id])
    parts = ExportPart.objects.filter(holding, export__organization_id=organization_id)
    ids = sorted(set(parts.values_list("export_id", flat=True)))
    if not ids:
        return
    list(Export.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
    ExportPart.objects.filter(export_id__in=ids).delete()
    exports = Export.objects.filter(pk__in=ids, withdrawn_at=None)
    exports.filter(finished_at__isnull=False).update(withdrawn_at=now)
    exports.filter(finished_at=None).update(**_FROM_THE_START, due_at=now)
