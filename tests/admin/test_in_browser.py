import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels.models import Template
from contacts.channel import Channel
from contacts.models import ApiKey, Organization
from distributor.models import Distribution, Recipient
from tests.support.admin_pages import address

PASSWORD = "a-password-of-olga"


def log_in(page: Page, live_server: LiveServer, user: User) -> None:
    user.set_password(PASSWORD)
    user.save()
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("Username").fill(user.get_username())
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def is_error(message: ConsoleMessage) -> bool:
    """Whether it is about a page. There is no icon of the site."""
    return message.type == "error" and not message.location["url"].endswith("favicon.ico")


@pytest.mark.django_db(transaction=True)
def test_an_operator_follows_a_distribution_down_to_a_recipients_story(
    page: Page, live_server: LiveServer, user: User, distribution: Distribution, anna: Recipient
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if is_error(message) else None)
    log_in(page, live_server, user)
    page.goto(live_server.url + address(Distribution, "changelist"))
    page.get_by_role("link", name="Spring visits").click()
    expect(page.get_by_role("img", name="1 reached, 1 failed, 1 not reached yet, 1 left out")).to_be_visible()
    failed = page.locator("svg.bar rect.failed")
    bar, part = page.locator("svg.bar").bounding_box(), failed.bounding_box()
    assert bar is not None
    assert part is not None
    assert part["width"] == pytest.approx(bar["width"] / 4, rel=0.02)
    page.locator("#progress").evaluate("panel => { panel.dataset.seen = 'before'; panel.dataset.refreshSeconds = 0 }")
    expect(page.locator("#progress[data-seen]")).to_have_count(0)  # the panel was replaced by a newer one
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#progress")).to_contain_text("Paused since")
    page.locator("#funnel a[href*='state=failed']").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list tbody th a").click()
    expect(page.locator("ol.story li q").first).to_have_text("The sandbox refuses this address.")
    page.set_viewport_size({"width": 390, "height": 800})
    for row in (anna, distribution):
        page.goto(live_server.url + address(row, "change"))
        rights = "[...document.querySelectorAll('#content *')].map(each => each.getBoundingClientRect().right)"
        assert page.evaluate(f"Math.max(...{rights})") < 391
    page.goto(live_server.url + address(anna, "change"))
    page.locator(".message summary").click()
    part_of_message = page.frame_locator(".message iframe")
    expect(part_of_message.get_by_text("Hello Anna")).to_be_visible()
    page.goto(live_server.url + address(Distribution, "changelist"))
    expect(page.locator("#result_list .field-status")).to_be_in_viewport()
    expect(page.locator("#result_list .field-progress")).to_be_in_viewport()
    assert not errors


@pytest.mark.django_db(transaction=True)
def test_a_template_is_previewed_as_it_will_look_and_cannot_run_a_script(
    page: Page, live_server: LiveServer, user: User, templates: dict[Channel, Template]
) -> None:
    variant = templates[Channel.EMAIL].variants.get(locale="en")
    variant.html += "<script>document.body.innerHTML = 'script ran'</script>"
    variant.save()
    log_in(page, live_server, user)
    page.goto(live_server.url + address(templates[Channel.EMAIL], "change"))
    part = page.frame_locator("iframe.preview-html").first
    expect(part.get_by_text("Hello Anna")).to_be_visible()
    expect(part.get_by_text("script ran")).to_have_count(0)


@pytest.mark.django_db(transaction=True)
def test_a_new_key_is_shown_to_who_made_it(
    page: Page, live_server: LiveServer, user: User, organization: Organization
) -> None:
    log_in(page, live_server, user)
    page.goto(live_server.url + address(ApiKey, "add"))
    page.get_by_label("Name").fill("HIS production")
    page.locator(".select2").click()
    page.locator(".select2-results__option", has_text="ACME").click()
    page.get_by_label("send:").check()
    page.get_by_role("button", name="Save", exact=True).click()
    key = page.locator("#created-key").inner_text()
    assert Client(headers={"x-api-key": key}).post("/api/v1/links/abcdefghijkl/responses").status_code != 401
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text(key[:11])).to_be_visible()
    expect(page.get_by_text(key)).to_have_count(0)
