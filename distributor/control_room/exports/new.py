"""GET and POST /admin/exports/new/: choose the kind, then the format and the columns."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts.models import MailingList, Organization
from distributor.control_room.exports.access import ADD, may_export
from distributor.control_room.exports.form import TITLES, ExportForm
from distributor.control_room.layout.acts import find_row, inside
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.start import (
    ExportRefusedError,
    ExportRequest,
    TooManyExportsError,
    propose_columns,
    start_export,
)
from distributor.engine.exports.write import write_here
from distributor.engine.infrastructure.audit import actor_of_user
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Export, Survey
from distributor.models.export import ExportFormat, ExportKind

# How long the page waits for a small export, so that its download is the next thing to see.
WAIT_SECONDS: Final = 2.0
# Of what the rows are: the parameter, the filter of the API, the model, and what the user needs to see it.
_ABOUT: Final[tuple[tuple[str, str, type[Model], str], ...]] = (
    ("distribution", "distributionId", Distribution, "distributor.view_distribution"),
    ("survey", "surveyId", Survey, "distributor.view_survey"),
    ("list", "listId", MailingList, "contacts.view_mailinglist"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def make_export(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the kinds; with `kind`, the form. `distribution`, `survey` or `list` narrow the rows."""
    about, organization = _read_subject(request, room)
    kind = request.GET.get("kind", "")
    if kind not in KINDS or organization is None:
        return _show_choices(request, room, about, organization)
    if not may_export(room, kind, organization):
        raise PermissionDenied
    with inside(room, organization) as own_room:
        filters = _filters(about)
        if KINDS[kind].needs_one_of and not KINDS[kind].needs_one_of & filters.to_json().keys():
            return _show_choices(request, own_room, about, organization)
        columns = propose_columns(organization, ExportRequest(kind, ExportFormat.XLSX, filters), room.now)
        form = ExportForm(request.POST if request.method == "POST" else None, kind, columns)
        if form.is_valid() and (export := _start(request, room, organization, kind, form, about)):
            write_here(export.pk, WAIT_SECONDS, database_now)
            return HttpResponseRedirect(reverse("room-export", args=[export.pk]))
        context = {
            "form": form,
            "kind_title": TITLES[ExportKind(kind)],
            "subject": next(iter(about.values()), None),
            "crumbs": [(_("Exports"), reverse("room-exports"))],
        }
        return render_room(request, own_room, "control_room/exports/new.html", _("New export"), context)


def _read_subject(request: HttpRequest, room: Room) -> tuple[dict[str, Any], Organization | None]:
    """Return the rows that the query names, by the API's filter, and whose they are. Raises Http404."""
    about: dict[str, Any] = {}
    for parameter, name, model, permission in _ABOUT:
        if text := request.GET.get(parameter):
            rows = model._default_manager.select_related("organization")
            about[name] = find_row(room, rows, _uuid(text), permission, "organization")
    owners = {row.organization_id: row.organization for row in about.values()}
    if len(owners) > 1:
        raise Http404
    if owners:
        return about, next(iter(owners.values()))
    named = request.GET.get("organization", "")
    known = next((each for each in room.organizations if str(each.pk) == named), None)
    return about, known or room.chosen


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _filters(about: dict[str, Any], **others: Any) -> ExportFilters:
    ids = {name: row.pk for name, row in about.items()}
    return ExportFilters(
        distribution_id=ids.get("distributionId"), survey_id=ids.get("surveyId"), list_id=ids.get("listId"), **others
    )


def _show_choices(
    request: HttpRequest, room: Room, about: dict[str, Any], organization: Organization | None
) -> HttpResponse:
    """Let the user choose the organisation and the kind. Links need something whose links they are."""
    organizations = [each for each in ([organization] if organization else room.shown) if room.allows(ADD, each.pk)]
    if not organizations:
        raise PermissionDenied
    choices = [
        (TITLES[ExportKind(kind)], _address(request, kind, each), each)
        for each in organizations
        for kind, of_kind in KINDS.items()
        if may_export(room, kind, each)
        and about.keys() <= of_kind.filters
        and (not of_kind.needs_one_of or of_kind.needs_one_of & about.keys())
    ]
    context = {
        "choices": choices,
        "subject": next(iter(about.values()), None),
        "crumbs": [(_("Exports"), reverse("room-exports"))],
    }
    return render_room(request, room, "control_room/exports/choose.html", _("New export"), context)


def _address(request: HttpRequest, kind: str, organization: Organization) -> str:
    query = request.GET.copy()
    query["kind"], query["organization"] = kind, str(organization.pk)
    return f"?{query.urlencode()}"


def _start(
    request: HttpRequest, room: Room, organization: Organization, kind: str, form: ExportForm, about: dict[str, Any]
) -> Export | None:
    given = form.cleaned_data
    filters = _filters(
        about, states=tuple(given.get("states", ())), since=given.get("since"), before=given.get("before")
    )
    asked = ExportRequest(kind, given["format"], filters, given["columns"])
    actor = actor_of_user(request.user)
    try:
        return start_export(organization, asked, actor, f"operator {actor.name}", room.now)
    except ExportRefusedError as refusal:
        for fault in refusal.faults:
            messages.error(request, fault.text)
    except TooManyExportsError:
        messages.error(request, _("Too many exports are being written. Wait until one is ready, or delete one."))
    return None
