"""The links at the top of every page, and who sees which."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.operators.access import access_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A link. `permission`: who does not have it anywhere does not see the link; empty: everybody sees it."""

    label: str | Promise
    url_name: str
    permission: str = ""


ENTRIES: Final = (
    Entry(_("Home"), "admin:index"),
    Entry(_("Distributions"), "admin:distributor_distribution_changelist", "distributor.view_distribution"),
    Entry(_("Make a send"), "room-send", "distributor.control_distribution"),
    Entry(_("Recurring"), "room-recurring", "distributor.view_recurringdistribution"),
    Entry(_("Lists"), "room-lists", "contacts.view_mailinglist"),
    Entry(_("Imports"), "room-imports", "contacts.view_contact"),
    Entry(_("People"), "admin:contacts_contact_changelist", "contacts.view_contact"),
    Entry(_("Surveys"), "admin:distributor_survey_changelist", "distributor.view_survey"),
    Entry(_("Templates"), "room-templates", "channels.view_template"),
    Entry(_("Branding"), "room-brandings", "contacts.change_organization"),
    Entry(_("Exports"), "room-exports", "distributor.view_export"),
    Entry(_("Providers"), "admin:channels_provideraccount_changelist", "channels.view_provideraccount"),
    Entry(_("Sandbox"), "sandbox:inbox", "channels.view_sandboxmessage"),
    Entry(_("API"), "docs"),
    Entry(_("All tables"), "room-tables"),
)


def links_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the links that the user may follow, and which one leads to this page."""
    access = access_of(request.user)
    links = []
    for entry in ENTRIES:
        if entry.permission and not access.allows(entry.permission):
            continue
        url = reverse(entry.url_name)
        is_home = entry.url_name == "admin:index"
        is_here = request.path == url if is_home else request.path.startswith(url)
        links.append({"label": entry.label, "url": url, "is_here": is_here})
    return links
