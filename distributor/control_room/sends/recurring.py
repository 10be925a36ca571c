"""Recurring sends: what comes next and what came of it; pause, resume, run now and skip once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts.ids import new_id
from distributor.control_room.layout.formats import format_minute
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.sends.members import ALONE, ON_A_PAGE, count_members
from distributor.control_room.sends.plan import refusal_faults
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.infrastructure.audit import actor_of_user
from distributor.engine.schedule.recurring_control import (
    next_occurrences,
    run_now,
    skip_occurrence,
    switch_recurring,
)
from distributor.models import RecurringDistribution
from distributor.rules.timing.time_zones import zone_named

PAGE: Final = 50
SHOWN_RUNS: Final = 20
OCCURRENCES: Final = 5
VIEW: Final = "distributor.view_recurringdistribution"
CHANGE: Final = "distributor.change_recurringdistribution"
SEND: Final = "distributor.control_distribution"


@room_page
def show_all_recurring(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the recurring sends of the organisations that are shown: first those that come next."""
    may_see = [each.pk for each in room.shown if room.allows(VIEW, each.pk)]
    if not may_see:
        raise PermissionDenied
    rows = RecurringDistribution.objects.filter(organization_id__in=may_see)
    start = _start_of(request)
    found = list(
        rows.select_related("survey", "mailing_list", "organization").order_by("-is_active", "next_at", "name", "pk")[
            start : start + PAGE + 1
        ]
    )
    counts = count_members([row.mailing_list_id for row in found[:PAGE]], ON_A_PAGE)
    context = {
        "rows": [(row, *counts.get(row.mailing_list_id, (0, False))) for row in found[:PAGE]],
        "next_start": start + PAGE if len(found) > PAGE else None,
        "may_make": any(room.allows(SEND, each.pk) for each in room.shown),
    }
    return render_room(request, room, "control_room/sends/recurring_list.html", _("Recurring sends"), context)


@room_page
def show_recurring(request: HttpRequest, room: Room, recurring_id: UUID) -> HttpResponse:
    """Show one recurring send: the next five occurrences, how many people are on its list, and its latest runs."""
    row = find_recurring(room, recurring_id)
    zone = zone_named(row.time_zone, row.organization.time_zone)
    count, has_more = count_members([row.mailing_list_id], ALONE)[row.mailing_list_id]
    runs = row.occurrences.select_related("distribution").order_by("-occurs_at")[:SHOWN_RUNS]
    context = {
        "row": row,
        "steps": row.steps.select_related("provider_account", "template"),
        "zone": zone.key,
        "occurrences": next_occurrences(row, max(room.now, _before(row)), OCCURRENCES),
        "count": count,
        "has_more": has_more,
        "runs": runs,
        "may_change": room.allows(CHANGE, row.organization_id),
        "may_run": room.allows(CHANGE, row.organization_id) and room.allows(SEND, row.organization_id),
        "crumbs": [(_("Recurring sends"), reverse("room-recurring"))],
    }
    with timezone.override(zone):
        return render_room(request, room, "control_room/sends/recurring.html", row.name, context)


@require_POST
@room_page
def act_on_recurring(request: HttpRequest, room: Room, recurring_id: UUID, act: str) -> HttpResponse:
    """Pause, resume, or skip the occurrence that the form names in `occurs_at`."""
    row = find_recurring(room, recurring_id)
    if act not in ("pause", "resume", "skip"):
        raise Http404
    if not room.allows(CHANGE, row.organization_id):
        raise PermissionDenied
    actor = actor_of_user(request.user)
    if act == "skip":
        occurs_at = _moment(request.POST.get("occurs_at", ""))
        if occurs_at is not None and skip_occurrence(row.pk, occurs_at, actor, room.now):
            with timezone.override(zone_named(row.time_zone, row.organization.time_zone)):
                messages.success(request, _("Skipped: %(moment)s.") % {"moment": format_minute(occurs_at)})
        else:
            messages.info(request, _("That one is not the next any more. Nothing was skipped."))
    else:
        switch_recurring(row.pk, actor, room.now, is_active=act == "resume")
        text = _("%(name)s is paused.") if act == "pause" else _("%(name)s goes on.")
        messages.success(request, text % {"name": row.name})
    return HttpResponseRedirect(reverse("room-recurring-one", args=[row.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def run_recurring(request: HttpRequest, room: Room, recurring_id: UUID) -> HttpResponse:
    """Ask before one more send besides the schedule, with how many people are on the list; then send it."""
    row = find_recurring(room, recurring_id)
    if not room.allows(CHANGE, row.organization_id) or not room.allows(SEND, row.organization_id):
        raise PermissionDenied
    faults: list[str] = []
    key = _key(request.POST.get("key", "")) if request.method == "POST" else None
    if key is not None:
        try:
            distribution, is_new = run_now(row.pk, key, actor_of_user(request.user), room.now)
        except UnknownReferencesError as refusal:
            faults = [text for texts in refusal_faults(refusal).values() for text in texts]
        else:
            text = _("%(name)s is being sent.") if is_new else _("%(name)s was sent already. Nothing was sent twice.")
            messages.success(request, text % {"name": row.name})
            return HttpResponseRedirect(reverse("admin:distributor_distribution_change", args=[distribution.pk]))
    count, has_more = count_members([row.mailing_list_id], ALONE)[row.mailing_list_id]
    context = {
        "row": row,
        "count": count,
        "has_more": has_more,
        "faults": faults,
        "key": new_id(),
        "crumbs": [
            (_("Recurring sends"), reverse("room-recurring")),
            (row.name, reverse("room-recurring-one", args=[row.pk])),
        ],
    }
    return render_room(request, room, "control_room/sends/recurring_run.html", _("Run now"), context)


def find_recurring(room: Room, recurring_id: UUID) -> RecurringDistribution:
    """Return a recurring send that the user may see. Raises Http404."""
    rows = RecurringDistribution.objects.select_related("organization", "survey", "mailing_list")
    row = rows.filter(pk=recurring_id).first()
    if row is None or not room.allows(VIEW, row.organization_id):
        raise Http404
    return row


def _before(row: RecurringDistribution) -> datetime:
    """Return a time just before the next occurrence: those that were skipped are not shown again."""
    return row.created_at if row.next_at is None else row.next_at - timedelta(microseconds=1)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _start_of(request: HttpRequest) -> int:
    text = request.GET.get("start", "")
    return min(int(text), 10_000) if text.isascii() and text.isdecimal() else 0
