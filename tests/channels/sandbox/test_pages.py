"""/sandbox/: the inbox, the phones, and who has access."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from channels.models import SandboxMessage
from channels.providers.base import Account, Message
from channels.providers.sandbox import Sandbox
from channels.rendering import compile_variant
from contacts.channel import Channel
from contacts.models import Organization, OrganizationMember
from distributor.engine.journey.attempts import attempt_id
from distributor.pages.sandbox.views import PAGE_SIZE
from tests.support.channels.invitations import SMS, invitation

ANN, BOB, PHONE = "ann+home@example.com", "bob@example.com", "+48601234567"
OTHER_GROUP = str(UUID(int=8))
HOSTILE = "<script>document.title='broken'</script>"


@pytest.fixture(autouse=True)
def open_sandbox(db: None, settings: Settings) -> None:
    settings.SANDBOX_OPEN = True


@pytest.fixture
def visitor() -> Client:
    """A browser without a login."""
    return Client()


def send(channel: Channel, messages: Iterable[Message], organization: int = 2) -> None:
    Sandbox(Account(UUID(int=1), UUID(int=organization), channel)).send_batch(list(messages))


def text_of(visitor: Client, path: str) -> str:
    response = visitor.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def newest() -> SandboxMessage:
    return SandboxMessage.objects.order_by("-id")[0]


def test_the_inbox_lists_emails_of_all_organisations_newest_first(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN)], organization=2)
    send(Channel.EMAIL, [invitation(BOB)], organization=3)
    send(Channel.SMS, [invitation(PHONE, variant=SMS)])
    page = text_of(visitor, "/sandbox/")
    assert 0 < page.index(BOB) < page.index(ANN)
    assert PHONE not in page


def test_the_inbox_can_be_filtered_by_address_and_distribution(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN), invitation(BOB, group_id=OTHER_GROUP)])
    by_address = text_of(visitor, "/sandbox/?to=ann%2Bhome@example.com")
    by_distribution = text_of(visitor, f"/sandbox/?distribution={OTHER_GROUP}")
    assert (ANN in by_address, BOB in by_address) == (True, False)
    assert (ANN in by_distribution, BOB in by_distribution) == (False, True)


def test_a_long_inbox_has_pages_that_keep_the_filter(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN, number=n, to_name=f"Copy {n:03}") for n in range(PAGE_SIZE + 1)])
    send(Channel.EMAIL, [invitation(BOB)])
    response = visitor.get("/sandbox/", {"to": ANN})
    next_query = response.context["next_query"]
    assert "Copy 001" in response.content.decode()
    assert "Copy 000" not in response.content.decode()
    last = text_of(visitor, f"/sandbox/?{next_query}")
    assert ("Copy 000" in last, "Copy 001" in last, BOB in last, "Newest" in last) == (True, False, False, True)


@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/phone/"])
@pytest.mark.parametrize(
    "query", ["", "?to=nobody@example.com", "?to=%00&distribution=%00", "?before=x", f"?before={9**40}"]
)
def test_an_empty_sandbox_is_a_page_whatever_is_asked(visitor: Client, path: str, query: str) -> None:
    assert 'class="empty"' in text_of(visitor, path + query)


def test_an_email_shows_its_subject_sender_text_and_headers(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN, to_name="Ann Lee", values={"contact:firstName": HOSTILE})])
    page = text_of(visitor, f"/sandbox/messages/{newest().id}/")
    for shown in (
        "How was it, &lt;script&gt;",
        "ACME &lt;surveys@acme.example&gt;",
        "Ann Lee",
        "List-Unsubscribe-Post",
    ):
        assert shown in page
    assert '<a href="https://surveys.example/p/1"' in page
    assert "<script" not in page


def test_an_email_without_html_has_no_frame(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN, variant=compile_variant("en", "Hi", "", "Hello"))])
    assert "<iframe" not in text_of(visitor, f"/sandbox/messages/{newest().id}/")


def test_the_html_part_is_confined_by_its_own_policy(visitor: Client) -> None:
    send(Channel.EMAIL, [invitation(ANN)])
    response = visitor.get(f"/sandbox/messages/{newest().id}/html/")
    assert newest().html in response.content.decode()
    policy = {directive.strip() for directive in response["Content-Security-Policy"].split(";")}
    assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} <= policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert not any(directive.startswith("script-src") for directive in policy)


@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/phone/"])
def test_the_pages_allow_no_script_and_no_inline_style(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("part", ["", "html/"])
def test_only_emails_can_be_read_as_emails(visitor: Client, part: str) -> None:
    send(Channel.SMS, [invitation(PHONE, variant=SMS)])
    for message_id in (newest().id, newest().id + 1, 10**30):
        assert visitor.get(f"/sandbox/messages/{message_id}/{part}").status_code == 404


def test_the_phones_show_a_conversation_for_each_number_and_app_oldest_bubble_first(visitor: Client) -> None:
    send(Channel.SMS, [invitation(PHONE, number=1, variant=SMS), invitation("+48602000000", number=2, variant=SMS)])
    send(Channel.WHATSAPP, [invitation(PHONE, number=3, variant=SMS)])
    send(Channel.SMS, [invitation(PHONE, number=4, variant=SMS)])
    send(Channel.EMAIL, [invitation(ANN, number=5)])
    conversations = visitor.get("/sandbox/phone/").context["conversations"]
    assert [
        (phone.channel, phone.to, [message.attempt_id for message in phone.messages]) for phone in conversations
    ] == [
        ("sms", PHONE, ["1-1", "4-1"]),
        ("whatsapp", PHONE, ["3-1"]),
        ("sms", "+48602000000", ["2-1"]),
    ]


def test_a_bubble_shows_text_as_text(visitor: Client) -> None:
    send(Channel.SMS, [invitation(PHONE, variant=SMS, values={"contact:firstName": HOSTILE})])
    page = text_of(visitor, "/sandbox/phone/?to=%2B48601234567")
    assert "&lt;script&gt;" in page
    assert "<script" not in page


ALL_PATHS = ["/sandbox/", "/sandbox/phone/", "/sandbox/messages/{id}/", "/sandbox/messages/{id}/html/"]


@pytest.mark.parametrize("path", ALL_PATHS)
@pytest.mark.parametrize("is_staff", [None, False, True])
def test_a_closed_sandbox_is_for_operators(
    visitor: Client, settings: Settings, path: str, is_staff: bool | None
) -> None:
    settings.SANDBOX_OPEN = False
    send(Channel.EMAIL, [invitation(ANN)])
    if is_staff is not None:
        eve = get_user_model().objects.create_user("eve", is_staff=is_staff)
        owner = Organization.objects.create(pk=UUID(int=2), name="ACME", slug="acme")
        OrganizationMember.objects.create(organization=owner, user=eve, role="viewer")
        visitor.force_login(eve)
    response = visitor.get(path.format(id=newest().id))
    if is_staff:
        assert response.status_code == 200
    else:
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/phone/"])
def test_the_pages_are_only_read(visitor: Client, path: str) -> None:
    assert visitor.post(path).status_code == 405


def test_in_a_browser_an_email_is_read_and_its_link_opens_in_a_tab_of_its_own(
    live_server: LiveServer, page: Page
) -> None:
    link = f"{live_server.url}/sandbox/phone/"
    html = f'<style>p {{ color: rgb(1, 2, 3) }}</style><p>Dear ${{contact:firstName}}</p><a href="{link}">answer</a>'
    script = "<script>document.body.textContent = 'broken'</script>"
    variant = compile_variant("en", "How was it?", html + script, "Dear ${contact:firstName}")
    send(Channel.EMAIL, [invitation(ANN, variant=variant, values={"contact:firstName": "Anna Łęcka"})])
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server.url}/sandbox/")
    expect(page.get_by_text("Pick an e-mail")).to_be_visible()
    assert complaints == []

    page.get_by_role("link", name=ANN).click()
    expect(page.get_by_role("heading", name="How was it?")).to_be_visible()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Dear Anna Łęcka")).to_have_css("color", "rgb(1, 2, 3)")
    # Only the mail's own script is blocked, by the frame or by its policy.
    assert complaints
    assert all("script" in complaint for complaint in complaints)

    with page.expect_popup() as popup:
        frame.get_by_role("link", name="answer").click()
    expect(popup.value.get_by_text("No SMS or WhatsApp message yet")).to_be_visible()


def test_in_a_browser_a_phone_shows_the_list_or_the_email_and_nothing_is_cut_off(
    live_server: LiveServer, page: Page
) -> None:
    send(Channel.EMAIL, [invitation("a" * 60 + "@example.com", to_name="Ann")])
    send(Channel.SMS, [invitation(PHONE, variant=SMS, values={"contact:firstName": "x" * 300})])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}/sandbox/")
    expect(page.get_by_role("region", name="Inbox")).to_be_visible()
    expect(page.get_by_text("Pick an e-mail")).to_be_hidden()
    assert_nothing_is_cut_off(page)

    page.get_by_role("link", name="Ann").click()
    expect(page.get_by_role("region", name="Inbox")).to_be_hidden()
    expect(page.get_by_role("heading", name="How was it, friend?")).to_be_visible()
    assert_nothing_is_cut_off(page)

    page.get_by_role("link", name="Back to the inbox").click()
    expect(page.get_by_role("region", name="Inbox")).to_be_visible()
    page.get_by_role("link", name="SMS and WhatsApp").click()
    expect(page.get_by_role("link", name=PHONE)).to_be_visible()
    assert_nothing_is_cut_off(page)


def assert_nothing_is_cut_off(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("channel", "to"), [(Channel.EMAIL, ANN), (Channel.SMS, PHONE)])
def test_a_message_leads_to_the_timeline_of_its_recipient(visitor: Client, channel: Channel, to: str) -> None:
    send(channel, [invitation(to) if channel == Channel.EMAIL else invitation(to, variant=SMS)])
    message = newest()
    path = f"/sandbox/messages/{message.pk}/" if channel == Channel.EMAIL else "/sandbox/phone/"
    SandboxMessage.objects.update(attempt_id=attempt_id(4711, 1))
    assert 'href="/admin/distributor/recipient/4711/change/"' in text_of(visitor, path)
    SandboxMessage.objects.update(attempt_id="test-" + "0" * 32)
    assert "/admin/distributor/recipient/" not in text_of(visitor, path)
