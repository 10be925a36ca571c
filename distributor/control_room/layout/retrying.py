"""Starting a manual retry, of a distribution or of one recipient, and telling the operator what came of it."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from distributor.control_room.layout.acts import log
from distributor.control_room.layout.formats import format_number
from distributor.control_room.layout.room import Room
from distributor.engine.manual_retry.start import RetryRefusedError, start_retry
from distributor.engine.manual_retry.unreached import count_unreached
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetrySelection


def retry_selected(request: HttpRequest, room: Room, distribution: Distribution, selection: RetrySelection) -> None:
    """Start a manual retry, and tell the operator what came of it."""
    count = sum(group.recipients for group in count_unreached(distribution.pk, selection))
    if not count:
        messages.warning(request, _("There is nobody to send to again."))
        return
    operator = f"operator {request.user.get_username()}"[:63]
    try:
        start_retry(distribution.pk, selection, operator, room.now)
    except RetryRefusedError as refusal:
        messages.warning(request, _("Nothing was sent: the distribution is over (%s).") % refusal.reason.value)
        return
    log(request, distribution, "Sent again.")
    text = ngettext("Sending again to %(count)s person.", "Sending again to %(count)s people.", count)
    messages.success(request, text % {"count": format_number(count)})
