"""The home page in a browser: live without a reload, usable by keyboard and on a phone, silent under the policy."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.account_state.buckets import break_account
from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.engine.schedule.sweep import SWEEP
from distributor.models import Heartbeat, Recipient, Survey
from tests.admin.conftest import person, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> None:
    """An organisation in which somebody was reached, somebody failed, and a broken account is waited for."""
    account = accounts[Channel.EMAIL]
    account.configuration = {"failAddresses": {"bob@example.com": "permanent", "carla@example.com": "transient"}}
    account.save()
    send(survey, account, templates[Channel.EMAIL], [person(name, name.title()) for name in ("anna", "bob", "carla")])
    recipient = Recipient.objects.get(contact__external_id="anna")
    record_response(recipient.code, {"score": 9, "comment": "Kind people " * 20}, database_now())
    break_account(accounts[Channel.SMS].pk, "connection refused " * 6, database_now())


@pytest.fixture
def signed_in(page: Page, live_server: LiveServer, db: None) -> Page:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def test_the_page_is_live_and_keeps_to_the_policy(signed_in: Page, live_server: LiveServer, filled: None) -> None:
    page, troubles = signed_in, []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{live_server.url}/admin/")
    expect(page.locator("#alerts li").first).to_contain_text("No worker has run yet")
    page.evaluate("window.isSamePage = true")
    Heartbeat.objects.create(name=SWEEP, beat_at=database_now())
    expect(page.locator("#alerts li").first).to_contain_text("SMS sandbox has been refused", timeout=9_000)
    assert page.evaluate("window.isSamePage")
    page.keyboard.press("/")
    page.keyboard.type("ann")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Anna", exact=True)).to_be_visible()
    page.goto(f"{live_server.url}/admin/channels/template/{Template.objects.filter(channel='email').get().pk}/change/")
    expect(page.frame_locator("iframe.preview-html").first.get_by_text("Hello Anna")).to_be_visible()
    page.goto(f"{live_server.url}/admin/distributor/recurringdistribution/add/")  # select2, inlines, calendars
    assert troubles == []


def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, signed_in: Page, live_server: LiveServer, filled: None
) -> None:
    page = signed_in
    page.set_viewport_size({"width": 390, "height": 844})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path in ("/admin/", "/admin/search/?q=anna", "/admin/search/"):
            page.goto(live_server.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_buttons_work_without_script(
    browser: Browser, live_server: LiveServer, filled: None, accounts: dict[Channel, ProviderAccount]
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("button", name="Use again SMS sandbox").first.click()
    expect(page.get_by_text("SMS sandbox is used again.")).to_be_visible()
    context.close()
