"""GET /admin/distributor/recipient/{id}/change/, and the HTML part of a message in a frame of its own."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from contacts.models import Suppression
from distributor.control_room.layout.acts import find_row, inside
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.recipient.addresses import open_addresses
from distributor.control_room.recipient.story import read_attempts_shown, tell
from distributor.engine.reports.journeys import read_journeys
from distributor.engine.reports.outlook import read_outlook
from distributor.engine.reports.sent_message import read_sent_messages
from distributor.engine.reports.timeline import Timeline, timelines_of
from distributor.models import Recipient
from distributor.rules.journey.manual_retry import RetriedOutcome
from distributor.rules.phrases import explain_reason

VIEW: Final = "distributor.view_recipient"
CONTROL: Final = "distributor.control_distribution"
PATH: Final = "distribution__organization"
ROWS: Final = Recipient.objects.select_related("contact", "distribution__organization", "distribution__survey")
# The frame may show styles and pictures, as a mail program does. Its links are dead: an operator who followed the
# recipient's link would open it, or even answer, in the recipient's place.
_PART_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src https: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)


@require_safe
@room_page
def show_recipient(request: HttpRequest, room: Room, object_id: int) -> HttpResponse:
    """Show one timeline with the provider's words, the messages as they were sent, and what follows."""
    recipient = find_row(room, ROWS, object_id, VIEW, PATH)
    with inside(room, recipient.distribution.organization) as own_room:
        timeline = timelines_of([recipient], language=room.language)[0]
        who = recipient.contact.full_name or str(recipient.contact)
        return render_room(request, own_room, "control_room/recipient/page.html", who, _values(own_room, timeline))


@require_safe
@room_page
def show_html_part(request: HttpRequest, room: Room, object_id: int, number: int) -> HttpResponse:
    """Show the HTML part of an attempt's message."""
    recipient = find_row(room, ROWS, object_id, VIEW, PATH)
    timeline = timelines_of([recipient])[0]
    message = read_sent_messages(recipient, timeline.attempts, timeline.steps).get(number)
    if message is None or not message.html:
        raise Http404
    headers = {"Content-Security-Policy": _PART_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(message.html, headers=headers)


def _values(room: Room, timeline: Timeline) -> Mapping[str, Any]:
    recipient, distribution = timeline.recipient, timeline.recipient.distribution
    contact, organization = recipient.contact, distribution.organization
    shown = read_attempts_shown(timeline, may_see_sandbox=room.allows("channels.view_sandboxmessage", organization.pk))
    journeys = read_journeys(contact.pk, language=room.language)
    may_control = room.allows(CONTROL, organization.pk)
    may_change = room.allows("contacts.change_contact", organization.pk) and contact.erased_at is None
    is_retryable = timeline.state in list(RetriedOutcome) and recipient.first_sent_at is None
    return {
        "crumbs": [
            (_("Distributions"), reverse("admin:distributor_distribution_changelist")),
            (str(distribution), reverse("admin:distributor_distribution_change", args=[distribution.pk])),
        ],
        "recipient": recipient,
        "contact": contact,
        "distribution": distribution,
        "timeline": timeline,
        "reason": _reason(timeline, room),
        "moments": tell(timeline, shown),
        "attempts": shown,
        "last_decision": _last_deferral(timeline),
        "outlook": read_outlook(timeline, room.now),
        "journeys": [each for each in journeys if each.recipient_id != recipient.pk],
        "link": f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}",
        "suppressions": _suppressions(recipient),
        "may_retry": may_control and is_retryable and distribution.cancelled_at is None,
        "may_change": may_change,
        "may_suppress": room.allows("contacts.add_suppression", organization.pk) and contact.erased_at is None,
        "addresses": open_addresses(contact),
    }


def _reason(timeline: Timeline, room: Room) -> str:
    """Return why the journey ended, in words; "" if it ended as it should."""
    if not timeline.reason:
        return ""
    facts = {"channel": timeline.attempts[-1].channel} if timeline.attempts else {}
    return explain_reason(timeline.reason, facts, now=room.now, zone=room.zone, language=room.language)


def _last_deferral(timeline: Timeline) -> str:
    """Return why the recipient waits, in a sentence; "" if nothing but the time of the next step is waited for."""
    if timeline.due_at is None:
        return ""
    last = next((each for each in reversed(timeline.decisions) if each.kind == "deferred"), None)
    is_current = last is not None and last.until is not None and last.until >= timeline.due_at
    return last.sentence(timeline.zone, timeline.language) if last is not None and is_current else ""


def _suppressions(recipient: Recipient) -> list[Suppression]:
    """Return what closes the contact's addresses."""
    contact = recipient.contact
    addresses = [address for address in (contact.email.lower(), contact.phone) if address]
    if not addresses:
        return []
    found = Suppression.objects.filter(organization=contact.organization_id, address__in=addresses)
    return list(found.filter(channel__in=["email", "sms", "whatsapp"]))
