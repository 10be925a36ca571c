"""The pages on a phone, in a real browser."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from contacts.models import Contact
from distributor.models import Response
from tests.support.journeys import make_contact, make_sent_journey, make_survey

pytestmark = pytest.mark.django_db(transaction=True)
SMALLEST_TARGET_PIXELS = 44


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 360, "height": 640})
    return page


def fits_the_width(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_person_answers_on_a_phone_and_the_link_is_used_up(phone: Page, live_server: LiveServer) -> None:
    survey = make_survey(thank_you_message="Your words reach the ward today.")
    code = make_sent_journey(survey).code
    phone.goto(f"{live_server.url}/p/{code}")
    assert fits_the_width(phone)
    phone.get_by_role("radio", name="9", exact=True).check()
    phone.get_by_label("Would you like to tell us more?").fill("Kind staff,\nshort wait.")
    phone.get_by_role("button", name="Send the answer").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(phone.get_by_text("Your words reach the ward today.")).to_be_visible()
    assert urlsplit(phone.url).path == f"/p/{code}/thanks"
    assert Response.objects.get().answers == {"score": 9, "comment": "Kind staff,\nshort wait."}
    phone.goto(f"{live_server.url}/p/{code}")
    expect(phone.get_by_role("heading", name="This survey has been answered")).to_be_visible()
    assert fits_the_width(phone)


def test_a_missing_score_is_reported_and_the_comment_is_kept(phone: Page, live_server: LiveServer) -> None:
    phone.goto(f"{live_server.url}/p/{make_sent_journey().code}")
    phone.get_by_label("Would you like to tell us more?").fill("I wrote this first")
    phone.get_by_role("button", name="Send the answer").click()
    expect(phone.get_by_role("alert")).to_have_text("Choose a number from 0 to 10.")
    expect(phone).to_have_title(re.compile("^Please check your answer"))
    expect(phone.get_by_label("Would you like to tell us more?")).to_have_value("I wrote this first")
    phone.get_by_role("radio", name="10", exact=True).check()
    phone.get_by_role("button", name="Send the answer").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()


def test_the_page_works_with_the_keyboard_alone(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{make_sent_journey().code}")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="7", exact=True)).to_be_checked()
    outline = page.locator("input:checked + span").evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Response.objects.get().answers["score"] == 7


def test_every_number_is_large_enough_for_a_thumb(phone: Page, live_server: LiveServer) -> None:
    phone.goto(f"{live_server.url}/p/{make_sent_journey().code}")
    boxes = [radio.bounding_box() for radio in phone.get_by_role("radio").all()]
    sizes = [(box["width"], box["height"]) for box in boxes if box is not None]
    assert len(sizes) == 11
    assert min(min(size) for size in sizes) >= SMALLEST_TARGET_PIXELS


def test_the_question_labels_the_group_of_scores(phone: Page, live_server: LiveServer) -> None:
    phone.goto(f"{live_server.url}/p/{make_sent_journey(make_survey(question='Was it clean?')).code}")
    group = phone.get_by_role("group", name="Was it clean?")
    expect(group.get_by_role("radio")).to_have_count(11)


def test_a_person_unsubscribes_in_polish_without_scripts(browser: Browser, live_server: LiveServer) -> None:
    survey = make_survey()
    contact = make_contact(survey.organization, locale="pl")
    code = make_sent_journey(survey, contact).code
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{live_server.url}/p/{code}")
        page.get_by_role("link", name="Nie chcę otrzymywać ankiet").click()
        assert not Contact.objects.filter(opted_out_at__isnull=False).exists()
        page.get_by_role("button", name="Rezygnuję z ankiet").click()
        expect(page.get_by_role("heading", name="Nie będziemy już przysyłać ankiet")).to_be_visible()
        assert context.cookies() == []
    finally:
        context.close()
    assert Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=False).exists()


def test_no_page_violates_its_content_security_policy(phone: Page, live_server: LiveServer) -> None:
    complaints: list[str] = []
    phone.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    survey = make_survey(thank_you_link_url="https://clinic.example/", thank_you_link_text="Home")
    recipient = make_sent_journey(survey)
    for path in (f"/p/{recipient.code}", f"/u/{recipient.code}"):
        phone.goto(f"{live_server.url}{path}")
    phone.goto(f"{live_server.url}/p/{recipient.code}")
    phone.get_by_role("radio", name="0", exact=True).check()
    phone.get_by_role("button", name="Send the answer").click()
    expect(phone.get_by_role("link", name="Home")).to_be_visible()
    assert complaints == []
