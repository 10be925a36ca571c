"""Who may see and make exports: who may see such rows, and has the permission for exports."""

from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from contacts.models import Organization
from distributor.control_room.layout.room import Room
from distributor.engine.exports.kinds import KINDS
from distributor.models import Export

VIEW: Final = "distributor.view_export"
ADD: Final = "distributor.add_export"
DELETE: Final = "distributor.delete_export"


def may_export(room: Room, kind: str, organization: Organization) -> bool:
    """Whether the user may make exports of a kind in an organisation."""
    return room.allows(ADD, organization.pk) and room.allows(KINDS[kind].permission, organization.pk)


def visible_exports(room: Room, organizations: list[UUID]) -> QuerySet[Export]:
    """Return the exports in these organisations whose rows the user may see."""
    seen = Q(pk__in=[])
    for kind, about in KINDS.items():
        allowed = [each for each in organizations if room.allows(VIEW, each) and room.allows(about.permission, each)]
        seen |= Q(kind=kind, organization_id__in=allowed)
    return Export.objects.filter(seen)


def find_export(room: Room, export_id: UUID, deed: str = VIEW) -> Export:
    """Return an export that the user may see. Raises Http404, and PermissionDenied for another deed."""
    organizations = [organization.pk for organization in room.organizations]
    export = visible_exports(room, organizations).filter(pk=export_id).select_related("organization").first()
    if export is None:
        raise Http404
    if not room.allows(deed, export.organization_id):
        raise PermissionDenied
    return export
