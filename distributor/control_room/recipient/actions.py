"""The buttons of a recipient's page: send again, suppress an address. Erasing and exporting are the contact's."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts.models.suppression import SuppressionReason
from contacts.suppressions import suppress_address
from distributor.control_room.layout.acts import find_row, log, require
from distributor.control_room.layout.retrying import retry_selected
from distributor.control_room.layout.room import Room, room_page
from distributor.control_room.recipient.addresses import open_addresses
from distributor.control_room.recipient.page import CONTROL, PATH, ROWS, VIEW
from distributor.models import Recipient
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection

SUPPRESS: Final = "contacts.add_suppression"


def _page_of(recipient: Recipient) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:distributor_recipient_change", args=[recipient.pk]))


@require_POST
@room_page
def send_again(request: HttpRequest, room: Room, object_id: int) -> HttpResponse:
    """Begin the journey anew if the recipient was not reached."""
    recipient = find_row(room, ROWS, object_id, VIEW, PATH)
    distribution = recipient.distribution
    require(room, CONTROL, distribution.organization)
    selection = RetrySelection(outcomes=list(RetriedOutcome), contact_ids=[recipient.contact_id])
    retry_selected(request, room, distribution, selection)
    return _page_of(recipient)


@require_POST
@room_page
def suppress(request: HttpRequest, room: Room, object_id: int) -> HttpResponse:
    """Close one of the contact's addresses on its channel: nothing is sent there any more."""
    recipient = find_row(room, ROWS, object_id, VIEW, PATH)
    organization = recipient.distribution.organization
    require(room, SUPPRESS, organization)
    channel, _separator, address = request.POST.get("address", "").partition(":")
    if (channel, address) not in open_addresses(recipient.contact):
        raise Http404
    source = f"operator {request.user.get_username()}"
    row, is_new = suppress_address(organization.pk, channel, address, SuppressionReason.MANUAL, source)
    if is_new:
        log(request, row, "Suppressed.")
        messages.success(request, _("Suppressed. Nothing is sent to %s any more.") % address)
    else:
        messages.warning(request, _("%s was suppressed before.") % address)
    return _page_of(recipient)
