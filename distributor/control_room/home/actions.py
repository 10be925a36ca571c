"""The buttons for provider accounts. Each is a form that works without script, and is written into the audit log."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels.account_state.buckets import pause_account
from channels.models import ProviderAccount
from distributor.control_room.layout.acts import find_row, log, require
from distributor.control_room.layout.organization_switch import page_to_return_to
from distributor.control_room.layout.room import Room, room_page
from distributor.engine.route.waiting_batches import probe_account, resume_account

PAUSE: Final = timedelta(hours=1)


def _test(account: ProviderAccount, now: datetime) -> tuple[str, str]:
    if probe_account(account.pk, now):
        return "Probed.", _("%(name)s: one message that waits for it is sent now, to learn if it works.")
    return "", _("%(name)s is not broken, so there is nothing to find out.")


def _pause(account: ProviderAccount, now: datetime) -> tuple[str, str]:
    pause_account(account.pk, now + PAUSE)
    return "Paused.", _("%(name)s is paused for an hour. Messages wait, or leave by its stand-in.")


def _close(account: ProviderAccount, now: datetime) -> tuple[str, str]:
    resume_account(account.pk, now)
    return "Closed the breaker.", _("%(name)s is used again. Messages that were waiting for it are being sent.")


ACCOUNT_ACTS: Final[Mapping[str, Callable[[ProviderAccount, datetime], tuple[str, str]]]] = {
    "test": _test,
    "pause": _pause,
    "close": _close,
}


@require_POST
@room_page
def act_on_account(request: HttpRequest, room: Room, account_id: UUID, act: str) -> HttpResponse:
    """Probe a broken account at once, pause an account for an hour, or close its breaker and end its pause."""
    rows = ProviderAccount.objects.select_related("organization")
    account = find_row(room, rows, account_id, "channels.view_provideraccount", "organization")
    require(room, "channels.change_provideraccount", account.organization)
    if act not in ACCOUNT_ACTS:
        raise Http404
    logged, text = ACCOUNT_ACTS[act](account, room.now)
    if logged:
        log(request, account, logged)
    messages.success(request, text % {"name": account.name})
    return HttpResponseRedirect(page_to_return_to(request))
