"""Changes of a distribution that have a page of their own: reschedule, clone, add a reminder, cancel."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from distributor.control_room.distribution.actions import find_controlled, page_of, warn_over
from distributor.control_room.distribution.forms import CloneForm, RescheduleForm, StepForm
from distributor.control_room.layout.acts import inside, log
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.acceptance.references import SenderNotAllowedError, UnknownReferencesError
from distributor.engine.audience.clone import CloneRefusedError, audience_of, clone
from distributor.engine.control import DistributionOverError, cancel, reschedule
from distributor.engine.follow_up.add import FollowUpRefusal, FollowUpRefusedError, add_follow_up
from distributor.models import Distribution
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, StepRequest

SOURCE: Final = "admin"
form_page = require_http_methods(["GET", "HEAD", "POST"])


def _show(
    request: HttpRequest, room: Room, row: Distribution, title: str, template: str, **values: Any
) -> HttpResponse:
    own_page = reverse("admin:distributor_distribution_change", args=[row.pk])
    crumbs = [(_("Distributions"), reverse("admin:distributor_distribution_changelist")), (str(row), own_page)]
    context = {"row": row, "crumbs": crumbs, "back_url": own_page, **values}
    return render_room(request, room, f"control_room/distribution/{template}.html", title, context)


@form_page
@room_page
def reschedule_page(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Move what has not been sent yet to another time."""
    row = find_controlled(room, object_id)
    with inside(room, row.organization) as own_room:
        form = RescheduleForm(request.POST or None, initial={"scheduled_at": row.scheduled_at})
        if request.method == "POST" and form.is_valid():
            try:
                reschedule(row.pk, form.cleaned_data["scheduled_at"], room.now)
            except DistributionOverError as refusal:
                warn_over(request, refusal)
            else:
                log(request, row, "Rescheduled.")
                messages.success(request, _("Rescheduled."))
            return page_of(row)
        return _show(request, own_room, row, _("Reschedule"), "reschedule", form=form)


@form_page
@room_page
def clone_page(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Send it again, to the same audience."""
    row = find_controlled(room, object_id)
    with inside(room, row.organization) as own_room:
        form = CloneForm(request.POST or None, initial={"name": row.name})
        if request.method == "POST" and form.is_valid():
            made = _clone(row, form, room)
            if isinstance(made, Distribution):
                log(request, made, "Cloned.")
                messages.success(request, _("Cloned. This is the new distribution."))
                return page_of(made)
            form.add_error(None, made)
        return _show(request, own_room, row, _("Clone"), "clone", form=form, audience=_audience_in_words(row))


def _clone(row: Distribution, form: CloneForm, room: Room) -> Distribution | str:
    """Return the clone, also if an earlier click made it, or why there is none."""
    values = form.cleaned_data
    made = Distribution.objects.filter(pk=values["row"], organization=row.organization).first()
    if made is not None:
        return made
    try:
        return clone(
            row,
            None,
            room.now,
            source=SOURCE,
            scheduled_at=values["scheduled_at"],
            name=values["name"],
            distribution_id=values["row"],
        )
    except IntegrityError:
        return Distribution.objects.get(pk=values["row"])  # a click at the same moment was first
    except CloneRefusedError:
        return _("Nobody is left in its audience.")
    except UnknownReferencesError as unknown:
        return _("What it used cannot be used any more: %s.") % _in_words(unknown)
    except SenderNotAllowedError as refusal:
        return " ".join(refusal.faults)


def _audience_in_words(row: Distribution) -> str:
    try:
        selection = audience_of(row)
    except CloneRefusedError:
        return _("Nobody is left in its audience.")
    if selection.embedded_data is not None:
        return _("Everybody who matches its filter now.")
    if selection.list_id is not None:
        return _("Everybody on the list “%s” now.") % (row.mailing_list or selection.list_id)
    return _("The same people, as far as they are still known: %s.") % len(selection.contact_ids)


def _in_words(unknown: UnknownReferencesError) -> str:
    return ", ".join(sorted({f"{fault.what} {fault.code.replace('_', ' ')}" for fault in unknown.faults}))


@form_page
@room_page
def add_step_page(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Add a reminder or thank-you."""
    row = find_controlled(room, object_id)
    with inside(room, row.organization) as own_room:
        form = StepForm(row.organization, request.POST or None)
        if request.method == "POST" and form.is_valid():
            fault = _add_step(row, form, room)
            if not fault:
                log(request, row, "Step added.")
                messages.success(request, _("Added. Workers bring it to its recipients."))
                return page_of(row)
            form.add_error(None, fault)
        return _show(request, own_room, row, _("Add a reminder"), "add_step", form=form)


def _add_step(row: Distribution, form: StepForm, room: Room) -> str:
    """Add the step; return why that is not possible, or ""."""
    values = form.cleaned_data
    asked = StepRequest(
        channel=values["account"].channel,
        provider_account_id=values["account"].pk,
        template_id=values["template"].pk,
        subject=values["subject"],
        kind=StepKind(values["kind"]),
        scheduled_at=values["scheduled_at"] or room.now,
    )
    try:
        add_follow_up(row.pk, asked, room.now, step_id=values["row"])
    except FollowUpRefusedError as refusal:
        return _refusals()[refusal.reason]
    except UnknownReferencesError as unknown:
        return _("This cannot be used any more: %s.") % _in_words(unknown)
    return ""


def _refusals() -> dict[FollowUpRefusal, str]:
    return {
        FollowUpRefusal.CANCELLED: _("The distribution is cancelled."),
        FollowUpRefusal.EXPIRED: _("The distribution has ended: nothing more is sent."),
        FollowUpRefusal.TOO_LATE: _("The distribution ends before this time."),
        FollowUpRefusal.NOTHING_SENT: _("Its recipients only have links: nothing was sent to them."),
        FollowUpRefusal.NOBODY_TO_THANK: _("Its links are anonymous: nobody knows who has responded."),
        FollowUpRefusal.NOT_A_RECIPIENT: _("This contact is no recipient."),
        FollowUpRefusal.TOO_MANY_ATTRIBUTES: _("There is too much data."),
        FollowUpRefusal.TOO_MANY: _("It has as many added steps as possible."),
    }


@form_page
@room_page
def cancel_page(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Say what a cancel ends, and do it once it is confirmed."""
    row = find_controlled(room, object_id)
    with inside(room, row.organization) as own_room:
        if request.method == "POST":
            try:
                cancel(row.pk, room.now)
            except DistributionOverError as refusal:
                warn_over(request, refusal)
            else:
                log(request, row, "Cancelled.")
                messages.success(request, _("Cancelled. Nothing more is sent, and the links are closed."))
            return page_of(row)
        ends = {
            "waiting": row.waiting_count,
            "links": row.recipient_count - (row.responded_count if row.link_type == LinkType.ONE_TIME else 0),
        }
        return _show(request, own_room, row, _("Cancel for good"), "cancel", ends=ends)
