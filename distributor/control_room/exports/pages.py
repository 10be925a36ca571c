"""The exports of the organisations that are shown; one of them, its progress, its file; deleting it."""

from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from distributor.control_room.exports.access import ADD, DELETE, VIEW, find_export, visible_exports
from distributor.control_room.exports.form import STATE_TITLES, TITLES
from distributor.control_room.layout.acts import inside
from distributor.control_room.layout.panels import Panel, answer_fragments, render_panels
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.exports.download import CONTENT_TYPES, read_file
from distributor.engine.exports.expiry import delete_export
from distributor.engine.infrastructure.audit import actor_of_user, record
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export
from distributor.models.export import ExportKind
from distributor.rules.exports import ExportState

PAGE: Final = 50
_GOING_ON: Final = (ExportState.QUEUED, ExportState.RUNNING)


def _progress_values(export: Export) -> dict[str, object]:
    state = export.state_at(database_now())
    return {
        "export": export,
        "state": state.value,
        "state_title": STATE_TITLES[state.value],
        "is_going_on": state in _GOING_ON,
        "percent": round(export.progress * 100),
    }


_PROGRESS: Final[Panel[Export]] = Panel("export", "control_room/exports/progress.html", _progress_values, 2)


@require_safe
@room_page
def show_exports(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the exports of the last week, newest first."""
    if not any(room.allows(VIEW, each) for each in room.organization_ids):
        raise PermissionDenied
    exports = visible_exports(room, room.organization_ids).select_related("organization").order_by("-pk")
    now = database_now()
    rows = [
        (export, TITLES[ExportKind(export.kind)], STATE_TITLES[export.state_at(now).value]) for export in exports[:PAGE]
    ]
    context = {"rows": rows, "may_make": any(room.allows(ADD, each) for each in room.organization_ids)}
    return render_room(request, room, "control_room/exports/exports.html", _("Exports"), context)


@require_safe
@room_page
def show_export(request: HttpRequest, room: Room, export_id: UUID) -> HttpResponse:
    """Show how far an export is, and its download once it is ready."""
    export = find_export(room, export_id)
    with inside(room, export.organization) as own_room:
        context = {"room": own_room, "request": request, "export": export}
        fragments = answer_fragments(request, [_PROGRESS], export, context)
        if fragments is not None:
            return fragments
        values = {
            **context,
            "panels": render_panels(request, [_PROGRESS], export, context),
            "may_delete": own_room.allows(DELETE, export.organization_id),
            "crumbs": [(_("Exports"), reverse("room-exports"))],
        }
        title = str(TITLES[ExportKind(export.kind)])
        return render_room(request, own_room, "control_room/exports/export.html", title, values)


@require_safe
@room_page
def download(request: HttpRequest, room: Room, export_id: UUID) -> Any:
    """Send the file, and write down who took it. An export that is not ready leads back to its page."""
    export = find_export(room, export_id)
    if export.state_at(database_now()) is not ExportState.READY:
        return HttpResponseRedirect(reverse("room-export", args=[export.pk]))
    record(actor_of_user(request.user), "downloaded", export)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.file_name}"',
        "Content-Length": str(export.byte_count),
    }
    return StreamingHttpResponse(read_file(export), content_type=CONTENT_TYPES[export.format], headers=headers)


@require_POST
@room_page
def delete(request: HttpRequest, room: Room, export_id: UUID) -> HttpResponse:
    """Delete an export and its file."""
    export = find_export(room, export_id, DELETE)
    record(actor_of_user(request.user), "deleted", export)
    delete_export(export)
    return HttpResponseRedirect(reverse("room-exports"))
