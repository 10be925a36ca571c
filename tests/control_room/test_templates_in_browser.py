"""The editor of templates in a browser: live with the script, by its button without, silent under the policy."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.models import Template
from channels.starting_texts import Sender, starting_texts
from channels.templates import create_template
from contacts.models import Branding, Organization
from distributor.models import Survey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def template(organization: Organization) -> Template:
    texts = starting_texts("email", "en", Sender("ACME", "1 Street", color="#8a1538"))
    return create_template(organization, "Invitation", "email", {"en": texts}, saved_by="setup")


def sign_in(context: BrowserContext, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])


def test_the_preview_follows_what_is_typed(page: Page, live_server: LiveServer, template: Template) -> None:
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    sign_in(page.context, live_server)
    page.goto(live_server.url + reverse("room-template", args=[template.pk]))
    preview = page.frame_locator("#preview")
    button = preview.frame_locator("iframe").get_by_role("link", name="Answer one question")
    expect(button).to_have_css("background-color", "rgb(138, 21, 56)")
    history = page.evaluate("history.length")
    page.get_by_label("Subject").fill("Hello {{ name }}")
    expect(preview.get_by_text("{{ name }} is sent as it is.")).to_be_visible()
    expect(page.locator(".editor-preview")).to_have_count(1)
    page.get_by_label("Plain-text part").fill("")
    page.get_by_role("button", name="${contact:firstName|…}").click()
    expect(preview.get_by_text("There is no ${link} in the text")).to_be_visible()
    expect(page.get_by_label("Plain-text part")).to_have_value("${contact:firstName|…}")
    assert page.evaluate("history.length") == history
    assert troubles == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 390, "height": 844})
        for path in ("room-template", "room-template-versions"):
            page.goto(live_server.url + reverse(path, args=[template.pk]))
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_it_works_without_script(browser: Browser, live_server: LiveServer, template: Template, survey: Survey) -> None:
    Branding.objects.create(organization=survey.organization, color="#8a1538")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    sign_in(context, live_server)
    page = context.new_page()
    page.goto(live_server.url + reverse("room-template", args=[template.pk]))
    page.get_by_label("Subject").fill("Hello {{ name }}")
    page.get_by_role("button", name="Show in the preview").click()
    expect(page.frame_locator("#preview").get_by_text("{{ name }} is sent as it is.")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Messages that leave from now on")).to_be_visible()
    page.goto(live_server.url + reverse("room-survey-texts", args=[survey.pk]))
    page.get_by_label("Question").fill("Was it clean?")
    page.get_by_role("button", name="Show in the preview").click()
    shown = page.frame_locator("#preview")
    expect(shown.get_by_role("heading", name="Was it clean?")).to_be_visible()
    expect(shown.get_by_role("button", name="Send the answer")).to_have_css("background-color", "rgb(138, 21, 56)")
    context.close()
