"""Every page of the admin: no serious fault of accessibility, no sideways scrolling, and silence under the policy."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from channels.models import ProviderAccount, Template
from contacts.models import Contact, MailingList
from distributor.models import Distribution, Recipient, Survey
from tests.control_room.test_in_browser import filled, signed_in
from tests.support.accessibility import OF_SIZE_AND_COLOURS, find_violations

__all__ = ["filled", "signed_in"]

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = (
    "distributor_distribution",
    "distributor_recipient",
    "distributor_survey",
    "contacts_contact",
    "contacts_mailinglist",
    "channels_template",
    "channels_provideraccount",
)


def paths() -> list[str]:
    changed = (Distribution, Recipient, Contact, MailingList, Template, ProviderAccount)
    rows = [(model._meta.label_lower.replace(".", "_"), model._default_manager.order_by("pk")[0]) for model in changed]
    account = ProviderAccount.objects.get(channel="email")
    return [
        reverse("room-home"),
        f"{reverse('room-search')}?q=anna",
        *(reverse(f"admin:{name}_changelist") for name in LISTS),
        *(reverse(f"admin:{name}_change", args=[row.pk]) for name, row in rows),
        *(reverse(name) for name in ("room-send", "room-recurring", "room-lists", "room-templates", "room-brandings")),
        reverse("room-exports"),
        f"{reverse('room-export-new')}?kind=recipients&distribution={rows[0][1].pk}",
        reverse("room-branding", args=[account.organization_id]),
        reverse("room-survey-texts", args=[Survey.objects.get().pk]),
        reverse("room-template", args=[Template.objects.get(channel="email").pk]),
        f"{reverse('admin:channels_provideraccount_add')}?kind=twilio",
        reverse("admin:channels_provideraccount_trial", args=[account.pk]),
    ]


def test_pages_can_be_used_by_everybody(signed_in: Page, live_server: LiveServer, filled: None) -> None:
    """On a wide screen, and on a phone at night: there, only what depends on size and colours is looked at again."""
    page, troubles, complaints = signed_in, list[str](), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in paths():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})
        complaints.clear()  # axe itself tries what the policy forbids
        page.goto(live_server.url + path, wait_until="load")
        found = [*complaints, *find_violations(page)]
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        found += find_violations(page, *OF_SIZE_AND_COLOURS)
        if (scrolled := page.evaluate("document.documentElement.scrollWidth")) > 390:
            found.append(f"is {scrolled} px wide")
        troubles += [f"{path} {fault}" for fault in found]
    assert not troubles, "\n".join(troubles)
