"""A new operator's tour in a browser: from the first visit to why somebody did not get the message.

On a wide screen by day, and on a phone at night without script. TOUR_PICTURES=folder keeps a picture of each stop.
"""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.models import Template, TemplateVariant
from contacts.models import Contact, Organization
from distributor.models import Distribution, Survey
from tests.support.accessibility import OF_SIZE_AND_COLOURS, find_violations
from tests.support.channels.mail_server import MailServer
from tests.support.engine.people import dispatch

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
PEOPLE = "email,first name,last name\njane@example.com,Jane,Doe\nbob@example.com,Bob,Stone\nann@example.com,Ann,Lee\n"


class Tour:
    """The browser of a new operator. Every stop is looked at: nothing may be wrong with the page."""

    def __init__(self, page: Page, address: str, *, has_script: bool, width: int) -> None:
        self.page, self.address, self.has_script, self.width = page, address, has_script, width
        self.troubles: list[str] = []
        self._stops = 0
        page.on("console", lambda message: self._complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))

    def _complain(self, text: str) -> None:
        self.troubles.append(f"{self.page.url}: {text}")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def stop(self, name: str) -> None:
        """Look at the page: accessible, not wider than the screen; and keep a picture of it if asked to.

        The phone shows the same pages as the wide screen, in other sizes and colours.
        """
        self._stops += 1
        if (folder := os.environ.get("TOUR_PICTURES")) is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            name = f"{self.width}-{self._stops:02}-{name}.png"
            self.page.screenshot(path=Path(folder) / name, full_page=True)
        if self.has_script:
            known = len(self.troubles)
            violations = find_violations(self.page, *(OF_SIZE_AND_COLOURS if self.width < 1_000 else ()))
            del self.troubles[known:]  # what axe itself tries, and the policy forbids
            self.troubles += [f"{self.page.url}: {violation}" for violation in violations]
            if (scrolled := self.page.evaluate("document.documentElement.scrollWidth")) > self.width:
                self.troubles.append(f"{self.page.url} is {scrolled} px wide")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fill(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}]").fill(value)

    def choose(self, name: str, label: str) -> None:
        self.page.locator(f"[name={name}]").select_option(label=label)


@pytest.fixture
def clinic(db: None) -> Organization:
    """What `manage.py setup` leaves: an organisation with a survey and a template, and its first operator."""
    clinic = Organization.objects.create(name="Clinic", slug="clinic", time_zone="Europe/Warsaw", phone_region="PL")
    Survey.objects.create(organization=clinic, name="Your stay")
    template = Template.objects.create(organization=clinic, name="Invitation", channel="email")
    text = "Hello ${contact:firstName|there}: ${link} ${unsubscribe}"
    TemplateVariant.objects.create(
        template=template, locale="en", subject="Your stay", html=f"<p>{text}</p>", text=text
    )
    User.objects.create_superuser("olga", "olga@clinic.example", PASSWORD)
    return clinic


@pytest.mark.parametrize(
    ("width", "scheme", "has_script"), [(1440, "light", True), (390, "dark", True), (390, "light", False)]
)
def test_a_new_operator_gets_around(
    browser: Browser, live_server: LiveServer, clinic: Organization, width: int, scheme: str, has_script: bool
) -> None:
    context = browser.new_context(
        locale="en-GB",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=has_script,
    )
    context.set_default_timeout(20_000)
    tour = Tour(context.new_page(), live_server.url, has_script=has_script, width=width)
    with MailServer(replies={("RCPT", "bob@example.com"): "550 5.2.1 mailbox disabled"}).running() as server:
        for part in (first_visit, lambda it: connect_provider(it, server), look_at_template, send_and_watch, find_jane):
            part(tour)
    assert sorted(server.recipients) == ["ann@example.com", "jane@example.com", "olga@clinic.example"]
    assert not tour.troubles, "\n".join(tour.troubles)
    context.close()


def first_visit(tour: Tour) -> None:
    tour.open("/admin/")
    tour.fill("username", "olga")
    tour.fill("password", PASSWORD)
    tour.press("Log in")
    expect(tour.page.get_by_text("First steps")).to_be_visible()
    tour.stop("first-visit")


def connect_provider(tour: Tour, server: MailServer) -> None:
    page = tour.page
    page.get_by_role("link", name="Add a provider account").click()
    page.get_by_role("link", name="SMTP").click()
    if tour.has_script:
        page.locator(".select2-selection").first.click()
        page.get_by_role("option", name="Clinic").click()
    else:
        tour.open(f"/admin/channels/provideraccount/add/?kind=smtp&organization={Organization.objects.get().pk}")
    tour.fill("name", "Relay")
    tour.fill("from_email", "surveys@clinic.example")
    tour.fill("setting_host", "127.0.0.1")
    tour.fill("setting_port", str(server.port))
    tour.choose("setting_security", "none")
    tour.stop("provider")
    tour.press("Save")
    page.get_by_role("link", name="Test", exact=True).click()
    tour.press("Test the connection")
    expect(page.get_by_text("Connected, without a login.")).to_be_visible()
    tour.press("Send a test message")
    expect(page.get_by_role("heading", name="Sent.")).to_be_visible()
    tour.stop("test-message")


def look_at_template(tour: Tour) -> None:
    tour.open("/admin/templates/")
    tour.page.get_by_role("link", name="Invitation").first.click()
    tour.stop("template")


def send_and_watch(tour: Tour) -> None:
    page = tour.page
    tour.open("/admin/send/")
    tour.choose("survey", "Your stay")
    tour.fill("name", "March guests")
    tour.press("Next")
    page.locator("[name=audience][value=people]").check()
    tour.fill("people", PEOPLE)
    tour.stop("audience")
    tour.press("Next")
    tour.choose("account_1", page.locator("[name=account_1] option", has_text="Relay").first.inner_text())
    tour.choose("template_1", page.locator("[name=template_1] option", has_text="Invitation").first.inner_text())
    tour.press("Next")
    tour.press("Next")
    tour.press("Next")
    expect(page.get_by_text("3 people in the audience.")).to_be_visible()
    tour.stop("check")
    tour.press("Send")
    expect(page.get_by_role("heading", name="March guests")).to_be_visible()
    tour.press("Pause")
    dispatch()
    assert Distribution.objects.get().sent_count == 0
    page.reload()
    expect(page.get_by_role("button", name="Resume", exact=True).first).to_be_visible()
    tour.press("Resume")
    dispatch()
    if not tour.has_script:
        page.reload()
    # With script, the page brings itself up to date.
    expect(page.get_by_text("5.2.1 mailbox disabled").first).to_be_visible(timeout=30_000)
    tour.stop("distribution")
    page.get_by_role("button", name="Retry these 1").click()
    dispatch()


def find_jane(tour: Tour) -> None:
    page = tour.page
    tour.open("/admin/")
    tour.stop("home")
    for name, words in (("Jane", "the message"), ("Bob", "5.2.1 mailbox disabled")):
        page.get_by_role("searchbox").fill(name)
        page.get_by_role("searchbox").press("Enter")
        tour.stop(f"search-{name.lower()}")
        page.get_by_role("link", name="March guests").first.click()
        contact = Contact.objects.get(first_name=name)
        assert contact.journeys.count() == 1
        expect(page.get_by_text(words).first).to_be_visible()
        tour.stop(f"story-of-{name.lower()}")
