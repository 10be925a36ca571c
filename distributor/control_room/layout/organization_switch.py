"""The switch between one organisation and all that the user may see. The choice is kept in the session."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from distributor.control_room.layout.room import CHOSEN, Room, room_page


@require_POST
@room_page
def choose_organization(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the organisation named by `organization`; empty, all. An organisation that is not the user's is ignored."""
    named = request.POST.get("organization", "")
    if not named:
        request.session.pop(CHOSEN, None)
    elif any(str(organization.pk) == named for organization in room.organizations):
        request.session[CHOSEN] = named
    return HttpResponseRedirect(page_to_return_to(request))


def page_to_return_to(request: HttpRequest) -> str:
    """Return the page of ours that a form names in `next`, or the home page."""
    named = request.POST.get("next", "")
    is_ours = named.startswith("/") and url_has_allowed_host_and_scheme(named, allowed_hosts=None)
    return named if is_ours else reverse("admin:index")
