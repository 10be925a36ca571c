"""What needs somebody now, the gravest first, each with what can be done about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from distributor.control_room.home.data import HomeData
from distributor.control_room.home.providers import Refusal, Standing
from distributor.control_room.layout.formats import format_minute, format_number, format_share, format_span

# Beat ticks every 2 s. After 30 s without a sweep, beat, the broker or all workers are gone (as /readyz says).
BEAT_LIMIT: Final = timedelta(seconds=30)
# If messages are due for so long and none leaves, no worker takes them.
LATE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Alert:
    """A sentence; `standing` if an account is the matter, which its buttons then are for."""

    text: str
    is_grave: bool = True
    standing: Standing | None = None
    url: str = ""
    link: str = ""


def find_alerts(data: HomeData) -> list[Alert]:
    """Return all alerts, grave ones first."""
    found = [*_of_memory(data), *_of_workers(data), *_of_accounts(data), *_of_endpoints(data)]
    return sorted(found, key=lambda alert: not alert.is_grave)


def _of_memory(data: HomeData) -> Iterator[Alert]:
    if data.memory.recovering_since is not None:
        link = _("See what was found, and let sending go on")
        text = _(
            "Nothing has been sent since %(since)s: the database was restored and had forgotten %(count)s hand-overs."
        )
        count = format_number(data.memory.forgotten_count)
        values = {"since": format_minute(data.memory.recovering_since), "count": count}
        yield Alert(text % values, url=reverse("admin-recovery"), link=link)
    if data.memory.is_journal_broken:
        text = _("The journal of hand-overs is %(journal)s. A restored database would not know of what is sent now.")
        yield Alert(text % {"journal": data.memory.journal})


def _of_workers(data: HomeData) -> Iterator[Alert]:
    age, late = data.backlog.beat_age, data.backlog.oldest_due_seconds
    if age is None:
        yield Alert(_("No worker has run yet: beat, the broker or the workers are not started. Nothing is sent."))
    elif age > BEAT_LIMIT:
        text = _("Nothing was heard of the workers for %(time)s: beat, the broker or all workers are gone.")
        yield Alert(text % {"time": format_span(age.total_seconds())})
    elif late is not None and late > LATE_SECONDS and not data.counts.total("sent_lately"):
        text = _("Messages have been due for %(time)s and none leaves: does a worker run for their queue?")
        yield Alert(text % {"time": format_span(late)})


def _of_accounts(data: HomeData) -> Iterator[Alert]:
    for standing in data.standings:
        if standing.is_in_trouble:
            yield Alert(_trouble(standing), is_grave=standing.is_broken, standing=standing)
        for refusal in standing.refusals:
            yield Alert(
                _refused_sender(standing, refusal),
                is_grave=False,
                url=_address_of(standing),
                link=_("Open the account"),
            )
        if standing.fails_unusually:
            text = _("%(account)s: %(share)s failed in 24 hours, usually %(usual)s.")
            counts = standing.counts
            shares = {
                "share": format_share(counts.failed_day, counts.sent_day + counts.failed_day),
                "usual": format_share(counts.failed_usually, counts.tried_usually),
            }
            link, url = _("See what failed"), "#failures"
            yield Alert(text % {"account": standing.account.name, **shares}, is_grave=False, url=url, link=link)
        if standing.is_silent:
            text = _("%(account)s has reported nothing since %(time)s, although messages leave: is its webhook set up?")
            values = {"account": standing.account.name, "time": format_minute(standing.counts.last_event_at)}
            yield Alert(text % values, is_grave=False, url=_address_of(standing), link=_("Open the account"))


def _of_endpoints(data: HomeData) -> Iterator[Alert]:
    for endpoint in data.backlog.endpoints:
        text = _("%(name)s has taken no events since %(since)s: “%(words)s”")
        if endpoint.is_disabled:
            text = _("Events are no longer sent to %(name)s since %(since)s: “%(words)s”")
        values = {"name": endpoint.name, "since": format_minute(endpoint.since), "words": endpoint.words}
        url = reverse("admin:distributor_eventendpoint_change", args=[endpoint.id])
        yield Alert(text % values, is_grave=endpoint.is_disabled, url=url, link=_("Open the endpoint"))


def _refused_sender(standing: Standing, refusal: Refusal) -> str:
    values = {
        "account": standing.account.name,
        "email": refusal.email,
        "since": format_minute(refusal.since),
        "words": refusal.words,
    }
    text = _("%(account)s has refused the sender %(email)s since %(since)s: “%(words)s”; messages with it wait.")
    return text % values


def _address_of(standing: Standing) -> str:
    return reverse("admin:channels_provideraccount_change", args=[standing.account.pk])


def _trouble(standing: Standing) -> str:
    values = {
        "account": standing.account.name,
        "since": format_minute(standing.health.since),
        "words": standing.health.reason,
        "waiting": format_number(standing.waiting),
    }
    if not standing.health.reason:
        return _("%(account)s has been failing since %(since)s; %(waiting)s wait for it.") % values
    if standing.is_unreachable:
        return _("%(account)s has been unreachable since %(since)s: “%(words)s”; %(waiting)s wait for it.") % values
    return _("%(account)s has been refused since %(since)s: “%(words)s”; %(waiting)s wait for it.") % values
