"""The numbers at the top, and what waits for which reason."""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from distributor.control_room.home.data import HomeData

WAITING_LIST: Final = "admin:distributor_recipient_changelist"

# By the reasons of home/backlog.py, and those of decisions (rules/phrases/) that defer a message.
REASONS: Final[Mapping[str, str | Promise]] = {
    "paused": _("paused"),
    "sending": _("being sent"),
    "account_broken": _("account unreachable or refused"),
    "account_paused": _("account paused"),
    "rate_limit": _("rate limit"),
    "due": _("due now"),
    "reminder": _("reminders"),
    "thank_you": _("thank-yous"),
    "scheduled": _("scheduled"),
    "fallback": _("next channel"),
    "later": _("later"),
    "quiet_hours": _("quiet hours"),
    "throttled": _("interval between surveys"),
    "frequency_rule": _("frequency rule"),
    "transient_failure": _("next attempt"),
    "asking_again": _("asking the provider again"),
    "awaiting_evidence": _("the provider's report"),
    "unknown_outcome": _("another attempt after a lost answer"),
    "account_unavailable": _("account unreachable or refused"),
    "provider_account_fault": _("account unreachable or refused"),
    "sender_refused": _("sender refused"),
}


def read_tiles(data: HomeData) -> Mapping[str, Any]:
    """Return the values of the tiles."""
    backlog, counts = data.backlog, data.counts
    week = counts.funnels.get(7, {})
    sent_day, failed_day = counts.total("sent_day"), counts.total("failed_day")
    return {
        "backlog": backlog,
        "reasons": [_reason(why, people, data) for why, people in backlog.by_reason().items()],
        "pace": sum(account.per_minute for account in counts.accounts.values()),
        "failed_day": failed_day,
        "tried_day": sent_day + failed_day,
        "responded_week": week.get("responded", 0),
        "sent_week": week.get("sent", 0),
        "next_hours": list(backlog.by_hour),
    }


def _reason(why: str, people: int, data: HomeData) -> Mapping[str, Any]:
    """Return a reason in words, with a link to what waits for it: to the account if it is one, else to the people."""
    held_by = {group.held_by for group in data.backlog.groups if group.why == why and group.held_by is not None}
    url = f"{reverse(WAITING_LIST)}?state=waiting"
    if len(held_by) == 1:
        url = reverse("admin:channels_provideraccount_change", args=list(held_by))
    return {"label": REASONS.get(why, why.replace("_", " ")), "people": people, "url": url}
