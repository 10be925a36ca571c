"""The frame of every page: who looks, at which organisations, and what time it is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from contacts.models import Organization
from contacts.operators.access import Access, access_of
from distributor.control_room.layout.labels import page_language
from distributor.engine.infrastructure.clock import database_now
from distributor.rules.timing.time_zones import zone_named

# The session's key of the organisation that a user has chosen. Absent: all that the user may see.
CHOSEN: Final = "shown_organization"

ViewParams = ParamSpec("ViewParams")


@dataclass(frozen=True, slots=True)
class Room:
    """What a page may show: the user's access, and the organisations that the user has chosen to see.

    `organizations` are those the user may see, by name. `chosen` is None if all of them are shown.
    """

    user: Any
    access: Access
    organizations: Sequence[Organization]
    chosen: Organization | None
    now: datetime

    @property
    def organization_ids(self) -> list[UUID]:
        """Return the organisations that the page shows. Every query of a page is limited to them."""
        return [organization.pk for organization in self.shown]

    @property
    def shown(self) -> Sequence[Organization]:
        return self.organizations if self.chosen is None else [self.chosen]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of what is shown; UTC if several organisations are shown that have different ones."""
        names = {organization.time_zone for organization in self.shown}
        return zone_named(*names) if len(names) == 1 else zone_named("UTC")

    @property
    def language(self) -> str:
        """The language of the page, such as "pl". Pass it to what explains decisions (rules/phrases)."""
        return page_language()

    def allows(self, permission: str, organization_id: UUID | None = None) -> bool:
        """Whether the user has the permission, such as "distributor.control_distribution". None: anywhere."""
        return self.access.allows(permission, organization_id)


View = Callable[Concatenate[HttpRequest, Room, ViewParams], HttpResponse]


def room_page(view: View[ViewParams]) -> Callable[..., HttpResponseBase]:
    """Decorate a view of the control room: for operators who are signed in, in the time zone of what is shown."""

    @admin.site.admin_view
    @wraps(view)
    def respond(request: HttpRequest, *args: ViewParams.args, **kwargs: ViewParams.kwargs) -> HttpResponse:
        room = enter_room(request)
        with timezone.override(room.zone):
            return view(request, room, *args, **kwargs)

    return respond


def enter_room(request: HttpRequest) -> Room:
    """Read which organisations the user may see, and which one is chosen."""
    access = access_of(request.user)
    visible = access.narrow(Organization.objects.order_by("name", "pk"), "contacts.view_organization", "pk")
    organizations = list(visible.only("pk", "name", "time_zone", "phone_region"))
    chosen_id = request.session.get(CHOSEN, "")
    chosen = next((each for each in organizations if str(each.pk) == chosen_id), None)
    if len(organizations) == 1:
        chosen = organizations[0]
    return Room(request.user, access, organizations, chosen, database_now())


def render_room(
    request: HttpRequest, room: Room, template: str, title: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a template that extends `control_room/base.html`."""
    site = admin.site
    frame = {
        "site_title": site.site_title,
        "site_header": site.site_header,
        "has_permission": True,
        "is_popup": False,
        "is_nav_sidebar_enabled": False,
        "room": room,
        "title": title,
    }
    return render(request, template, {**frame, **context}, status=status)
