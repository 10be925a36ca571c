"""The page of search results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import ProviderAccount, Template
from contacts.addresses import strip_unseen
from contacts.models import MailingList
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.search.public_ids import read_keys
from distributor.engine.search.by_index import LEAST_PART, TooCommonError
from distributor.engine.search.others import Found, Scope, contact_id_of, find_others
from distributor.engine.search.people import SHOWN, PersonFound, Terms, find_people
from distributor.models import Distribution, Recipient, RecurringDistribution, Response, Survey

LONGEST: Final = 200
TITLES: Final[Mapping[type[Model], str | Promise]] = {
    Recipient: gettext_lazy("Recipients"),
    Distribution: gettext_lazy("Distributions"),
    RecurringDistribution: gettext_lazy("Recurring distributions"),
    Survey: gettext_lazy("Surveys"),
    Template: gettext_lazy("Templates"),
    MailingList: gettext_lazy("Lists"),
    ProviderAccount: gettext_lazy("Provider accounts"),
    Response: gettext_lazy("Responses"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A found row as a link."""

    title: str
    detail: str
    url: str


@room_page
def show_results(request: HttpRequest, room: Room) -> HttpResponse:
    """Find `q` in the organisations that are shown: people first, then everything else by kind."""
    text = strip_unseen(request.GET.get("q", "").replace("\0", ""))[:LONGEST].strip()
    people: list[PersonFound] = []
    others: list[tuple[str | Promise, list[Hit]]] = []
    is_too_common = False
    if text:
        may_see = [each for each in room.shown if room.allows("contacts.view_contact", each.pk)]
        scope = scope_of(room)
        try:
            people = find_people(may_see, Terms(text, contact_id_of(text, scope)))
            others = [
                (TITLES[kind.model], [hit_of(each) for each in found]) for kind, found in find_others(scope, text)
            ]
        except TooCommonError:
            is_too_common = True
    values = {
        "query": text,
        "people": people,
        "others": others,
        "is_capped": len(people) == SHOWN,
        "is_short": 0 < len(text) < LEAST_PART,
        "least": LEAST_PART,
        "is_too_common": is_too_common,
    }
    return render_room(request, room, "control_room/search/results.html", _("Search"), values)


def scope_of(room: Room) -> Scope:
    """Return where a page looks: the organisations that it shows, by the roles of the user."""

    def organizations_of(permission: str) -> list[Any]:
        return [each.pk for each in room.shown if room.allows(permission, each.pk)]

    return Scope(room.organization_ids, organizations_of, read_keys)


def hit_of(found: Found) -> Hit:
    meta = type(found.row)._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[found.row.pk])
    return Hit(str(found.row), found.detail, url)
