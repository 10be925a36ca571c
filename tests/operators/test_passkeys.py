"""Passkeys in a real browser with a virtual authenticator: as a second factor, and instead of the password."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.support.operators import signed_in

PASSWORD = "a-password-of-olga"


@pytest.fixture
def home(settings: Settings, live_server: LiveServer) -> str:
    """The address of the admin, whose host passkeys belong to."""
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [live_server.url]
    return f"{live_server.url}/admin/"


@pytest.fixture
def owner(page: Page) -> Callable[[bool], None]:
    """A device with passkeys. Call it to say whether its owner agrees to whatever is asked from now on."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def agree(agrees: bool) -> None:
        devtools.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": device, "enabled": agrees})

    return agree


def give_password(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("Thanks for spending")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_a_second_factor_and_a_login(page: Page, home: str, owner: Callable[[bool], None]) -> None:
    User.objects.create_superuser("olga", password=PASSWORD)
    give_password(page, home)
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkey-register-status-message")).not_to_be_empty()
    page.reload()
    expect(page.get_by_text("Passkey, added")).to_be_visible()
    log_out(page)

    owner(False)  # otherwise the passkey is filled in before the password is typed
    give_password(page, home)
    expect(page.get_by_text("Enter the code")).to_be_visible()
    owner(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    log_out(page)

    page.goto(home)  # the browser offers the passkey beside the name, and its owner agrees
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"{", b"\xff", b"{}", b'{"id": "x"}'])
@pytest.mark.parametrize("ceremony", ["registration", "authentication"])
def test_odd_bodies_are_refused(body: bytes, ceremony: str) -> None:
    client: Client = signed_in(User.objects.create_superuser("olga"))
    json: Any = {"content_type": "application/json"}
    assert client.post(f"/admin/passkeys/{ceremony}/begin/").status_code == 200
    assert 400 <= client.post(f"/admin/passkeys/{ceremony}/complete/", body, **json).status_code < 500
    assert not WebAuthnCredential.objects.exists()


@pytest.mark.django_db
def test_strangers_add_no_passkeys() -> None:
    assert Client().post("/admin/passkeys/registration/begin/").status_code in (401, 403)
