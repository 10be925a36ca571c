"""The buttons of a distribution's page that act at once: pause, resume, send again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from distributor.control_room.distribution.page import CONTROL, ROWS, VIEW
from distributor.control_room.layout.acts import find_row, log, require
from distributor.control_room.layout.organization_switch import page_to_return_to
from distributor.control_room.layout.retrying import retry_selected
from distributor.control_room.layout.room import Room, room_page
from distributor.engine.control import DistributionOverError, pause, resume
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection

_SWITCHES: Final[Mapping[str, tuple[Callable[[UUID, datetime], Distribution], str]]] = {
    "pause": (pause, "Paused."),
    "resume": (resume, "Resumed."),
}


def page_of(distribution: Distribution) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:distributor_distribution_change", args=[distribution.pk]))


def find_controlled(room: Room, object_id: UUID) -> Distribution:
    """Return a distribution that the user may control. Raises Http404 and PermissionDenied."""
    distribution = find_row(room, ROWS, object_id, VIEW, "organization")
    require(room, CONTROL, distribution.organization)
    return distribution


def warn_over(request: HttpRequest, refusal: DistributionOverError) -> None:
    messages.warning(request, _("Nothing was changed: the distribution is over (%s).") % refusal.status.value)


@require_POST
@room_page
def switch(request: HttpRequest, room: Room, object_id: UUID, act: str) -> HttpResponse:
    """Pause or resume, and go back to the page that the form names in `next`, or to the distribution's."""
    distribution = find_controlled(room, object_id)
    change, logged = _SWITCHES[act]
    try:
        change(distribution.pk, room.now)
    except DistributionOverError as refusal:
        warn_over(request, refusal)
    else:
        log(request, distribution, logged)
        done = _("%(name)s is paused. Links stay open.")
        if act == "resume":
            done = _("%(name)s goes on. What came due meanwhile leaves now.")
        messages.success(request, done % {"name": distribution})
    return HttpResponseRedirect(page_to_return_to(request)) if "next" in request.POST else page_of(distribution)


@require_POST
@room_page
def retry(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Send again to those who failed: all, or those of one reason, channel and code."""
    distribution = find_controlled(room, object_id)
    retry_selected(request, room, distribution, _selection(request))
    return page_of(distribution)


def _selection(request: HttpRequest) -> RetrySelection:
    outcome = request.POST.get("outcome") or RetriedOutcome.FAILED
    if outcome not in list(RetriedOutcome):
        raise Http404
    reason, channel = request.POST.get("reason", ""), request.POST.get("channel", "")
    is_whole = not (reason or channel)
    return RetrySelection(
        outcomes=[RetriedOutcome(outcome)],
        reasons=[reason] if reason else (),
        channels=[channel] if channel else (),
        codes=() if is_whole else [request.POST.get("code", "")],
    )
