"""The pages of a send on a phone: no sideways scrolling, and no error under the policy."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.models import Distribution, Survey

# Where the widest part of the page's content ends, in pixels.
RIGHTMOST = """Math.max(
    ...[...document.querySelectorAll("#content-main *")].map((part) => part.getBoundingClientRect().right)
)"""
pytestmark = pytest.mark.django_db(transaction=True)


def is_trouble(message: ConsoleMessage) -> bool:
    return message.type == "error" and "favicon" not in message.location["url"]


def test_a_send_is_made_on_a_phone(
    page: Page,
    live_server: LiveServer,
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    ward = MailingList.objects.create(organization=organization, name="Ward B")
    person = Contact.objects.create(organization=organization, email="ann.long.address@hospital.example.com")
    Membership.objects.create(mailing_list=ward, contact=person)
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.set_viewport_size({"width": 390, "height": 844})
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if is_trouble(message) else None)

    def look(name: str) -> None:
        assert page.evaluate(RIGHTMOST) <= 390, name

    def go() -> None:
        page.locator("p.buttons button.primary").click()

    page.goto(f"{live_server.url}/admin/lists/{ward.pk}/")
    look("list")
    page.get_by_role("link", name="Send to this list").click()
    look("survey")
    page.get_by_label("Survey", exact=True).select_option("Your stay")
    go()
    look("audience")
    go()
    look("messages")
    page.get_by_label("Account").first.select_option(str(accounts[Channel.EMAIL].pk))
    page.get_by_label("Template", exact=True).first.select_option(str(templates[Channel.EMAIL].pk))
    page.get_by_label("Subject instead").first.press("Enter")  # goes on, and sends no test
    expect(page.get_by_text("Hours in which messages leave")).to_be_visible()
    look("when")
    go()
    look("rules")
    go()
    expect(page.get_by_text("1 person in the audience.")).to_be_visible()
    look("check")
    go()
    expect(page.get_by_text("Your stay is being sent.")).to_be_visible()
    assert Distribution.objects.get().accepted_count == 1
    for path in ("lists/", "lists/new/", "recurring/"):
        page.goto(f"{live_server.url}/admin/{path}")
        look(path)
    assert troubles == []
