"""The pages of imports: all of them, a new one, and one with its progress."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts.ids import new_id
from contacts.models import MailingList, Organization
from distributor.control_room.imports.mapping import LABELS, columns_of, mapping_given, preview_of
from distributor.control_room.imports.uploads import UploadForm, takes_large_file
from distributor.control_room.layout.acts import find_row, inside
from distributor.control_room.layout.panels import Panel, answer_fragments, render_panels
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.audience.list_people import create_list
from distributor.engine.imports.columns import MappingError, resolve_targets
from distributor.engine.imports.error_file import error_file, row_faults
from distributor.engine.imports.faults import sentence_of
from distributor.engine.imports.finish import faults_of
from distributor.engine.imports.start import (
    ImportNotInStateError,
    ImportOptions,
    cancel_import,
    map_columns,
    record_import,
    run_after_dry_run,
    start_import_once,
)
from distributor.engine.infrastructure.audit import actor_of_user
from distributor.models import FileImport, ImportFault
from distributor.models.file_import import ExistingContacts, ImportState
from tables.reading.errors import UnreadableFileError

VIEW: Final = "contacts.view_contact"
ADD: Final = "contacts.add_contact"
ADD_LIST: Final = "contacts.add_mailinglist"
PAGE: Final = 50
SHOWN_FAULTS: Final = 20
_ROWS: Final = FileImport.objects.select_related("organization", "mailing_list", "distribution")
_PROGRESS: Final[Panel[FileImport]] = Panel(
    "progress", "control_room/imports/progress.html", lambda row: _progress(row), 2
)


@require_safe
@room_page
def show_imports(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the imports, newest first."""
    may_see = [each.pk for each in room.shown if room.allows(VIEW, each.pk)]
    if not may_see:
        raise PermissionDenied
    context = {
        "rows": _ROWS.filter(organization_id__in=may_see)[:PAGE],
        "may_import": any(room.allows(ADD, each.pk) for each in room.shown),
    }
    return render_room(request, room, "control_room/imports/list.html", _("Imports"), context)


@takes_large_file
@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def upload_import(request: HttpRequest, room: Room) -> HttpResponse:
    """Take a file. Nothing is read of it before its columns are explained."""
    may_add = [each for each in room.shown if room.allows(ADD, each.pk)]
    named = request.POST.get("organization") or request.GET.get("organization", "")
    allowed = [each for each in may_add if str(each.pk) == named] if named else may_add
    if not allowed:
        raise PermissionDenied
    chosen = allowed[0] if len(allowed) == 1 else None
    is_sent = request.method == "POST" and chosen is not None
    form = UploadForm(allowed[0], request.POST, request.FILES) if is_sent else UploadForm(allowed[0])
    if is_sent and chosen is not None and form.is_valid():
        row = _start(request, room, chosen, form)
        return HttpResponseRedirect(reverse("room-import", args=[row.pk]))
    context = {
        "form": form,
        "organizations": may_add,
        "chosen": chosen,
        "needs_organization": request.method == "POST" and chosen is None,
        "crumbs": [(_("Imports"), reverse("room-imports"))],
    }
    return render_room(request, room, "control_room/imports/new.html", _("Import a file"), context)


def _start(request: HttpRequest, room: Room, organization: Organization, form: UploadForm) -> FileImport:
    given, actor = form.cleaned_data, actor_of_user(request.user)
    known = FileImport.objects.filter(pk=given["key"], organization=organization).first()
    if known is not None:  # the form was posted twice
        return known
    chosen: MailingList | None = given["mailing_list"]
    if given["new_list"]:
        if not room.allows(ADD_LIST, organization.pk):
            raise PermissionDenied
        chosen, _is_new = create_list(organization, new_id(), given["new_list"], [], actor, room.now)
    options = ImportOptions(
        mapping=None,
        existing=ExistingContacts(given["existing"]),
        list_id=None if chosen is None else chosen.pk,
    )
    source = f"operator {request.user.get_username()}"
    row, _is_new = start_import_once(organization, source, form.upload(), options, room.now, given["key"], actor)
    return row


@require_safe
@room_page
def show_import(request: HttpRequest, room: Room, import_id: UUID) -> HttpResponse:
    """Show the columns of a file that waits for its mapping, or how far an import has come."""
    row = find_row(room, _ROWS, import_id, VIEW, "organization")
    with inside(room, row.organization) as own_room:
        if row.state is ImportState.UPLOADED:
            return _show_mapping(request, own_room, row)
        context = {"room": own_room, "row": row, "may_import": own_room.allows(ADD, row.organization_id)}
        fragments = answer_fragments(request, [_PROGRESS], row, context)
        if fragments is not None:
            return fragments
        values = {**context, "panels": render_panels(request, [_PROGRESS], row, context), "crumbs": _crumbs()}
        return render_room(request, own_room, "control_room/imports/page.html", str(row), values)


def _show_mapping(request: HttpRequest, room: Room, row: FileImport) -> HttpResponse:
    """Show what each column means, and what the first rows become. `?column_0=email` tries a mapping."""
    context: dict[str, Any] = {"row": row, "crumbs": _crumbs(), "labels": LABELS.items()}
    context["may_import"] = room.allows(ADD, row.organization_id)
    try:
        found = preview_of(row, {})
        if any(name.startswith("column_") for name in request.GET):
            found = preview_of(row, mapping_given(found.table.header, request.GET.dict()))
    except UnreadableFileError as error:
        context["file_fault"] = sentence_of(error.code, error.values)
        return render_room(request, room, "control_room/imports/mapping.html", str(row), context)
    context |= {"found": found, "columns": columns_of(found), "faults": found.faults}
    return render_room(request, room, "control_room/imports/mapping.html", str(row), context)


def _progress(row: FileImport) -> dict[str, Any]:
    shown = ImportFault.objects.filter(file_import=row).order_by("row")[:SHOWN_FAULTS] if row.faulty_count else ()
    return {
        "row": row,
        "state": row.state.value,
        "done_percent": 100 * row.done_count // row.row_count if row.row_count else 0,
        "faults": faults_of(row),
        "rows_with_faults": [(each.row, row_faults(each)) for each in shown],
        "has_more_faults": row.faulty_count > SHOWN_FAULTS,
    }


@require_POST
@room_page
def map_import(request: HttpRequest, room: Room, import_id: UUID) -> HttpResponse:
    """Take what the columns mean, and let workers check the file."""
    row = _find_to_change(room, import_id)
    back = HttpResponseRedirect(reverse("room-import", args=[row.pk]))
    try:
        header = preview_of(row, {}).table.header
        mapping = mapping_given(header, request.POST.dict())
        resolve_targets(header, mapping, row.unknown_columns)
        map_columns(row.pk, mapping, is_dry_run=True, now=room.now)
    except UnreadableFileError as error:
        messages.error(request, sentence_of(error.code, error.values))
    except MappingError as error:
        messages.error(request, " ".join(map(str, error.faults)))
    except ImportNotInStateError:
        messages.info(request, _("This was done already."))
    return back


@require_POST
@room_page
def act_on_import(request: HttpRequest, room: Room, import_id: UUID, act: str) -> HttpResponse:
    """Import what was checked (`run`), or stop (`cancel`)."""
    row = _find_to_change(room, import_id)
    try:
        if act == "run":
            record_import(actor_of_user(request.user), "started", run_after_dry_run(row.pk, room.now))
        else:
            record_import(actor_of_user(request.user), "cancelled", cancel_import(row.pk, room.now))
    except ImportNotInStateError:
        messages.info(request, _("This was done already."))
    return HttpResponseRedirect(reverse("room-import", args=[row.pk]))


@require_safe
@room_page
def download_errors(request: HttpRequest, room: Room, import_id: UUID) -> Any:
    """Answer the rows with faults as CSV, with a reason for each."""
    row = find_row(room, _ROWS, import_id, VIEW, "organization")
    name = f'attachment; filename="import-errors-{row.pk}.csv"'
    return StreamingHttpResponse(
        error_file(row), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
    )


def _find_to_change(room: Room, import_id: UUID) -> FileImport:
    row = find_row(room, _ROWS, import_id, VIEW, "organization")
    if not room.allows(ADD, row.organization_id):
        raise PermissionDenied
    return row


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Imports"), reverse("room-imports"))]
