"""Authenticator apps, recovery codes, and where a second factor is asked for."""

import re
import time
from binascii import hexlify, unhexlify
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from contacts.models import Organization
from tests.support.operators import member

PASSWORD = "mona"


@pytest.fixture(autouse=True)
def mona(organization: Organization) -> User:
    return member(organization, "manager", "mona")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


def log_in(name: str = "mona", next_page: str = "/admin/") -> Client:
    client = Client()
    client.post(f"/admin/login/?next={next_page}", {"username": name, "password": name, "next": next_page})
    return client


def code_of(key: str) -> str:
    totp = TOTP(unhexlify(key))
    totp.time = time.time()
    return f"{totp.token():06d}"


def add_app(client: Client) -> tuple[str, list[str]]:
    """Add an authenticator app as a person does. Return its secret and the recovery codes."""
    page = client.get("/admin/second-factor/app/").content.decode()
    assert "<svg" in page
    key = client.session["new_app_key"]
    done = client.post("/admin/second-factor/app/", {"code": code_of(key)}).content.decode()
    return key, re.findall(r"<li><code>(\w+)</code>", done)


def is_in(client: Client) -> bool:
    """Whether the client gets at the admin and at the sandbox; both or none."""
    statuses = {client.get(path).status_code for path in ("/admin/", "/sandbox/")}
    assert statuses in ({200}, {302})
    return statuses == {200}


def prove(client: Client, code: str) -> int:
    return client.post("/admin/second-factor/prove/", {"code": code, "next": "/admin/"}).status_code


def test_a_password_alone_signs_in_where_no_second_factor_is_required() -> None:
    assert is_in(log_in())


def test_the_app_is_asked_for_once_it_is_added(clock: time_machine.Traveller) -> None:
    first = log_in()
    key, codes = add_app(first)
    assert is_in(first)
    assert len(codes) == 10
    client = log_in()
    assert not is_in(client)
    asked = client.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/admin/second-factor/prove/")
    assert prove(client, code_of(key)) == 200  # this code was used to add the app
    clock.shift(31)
    assert prove(client, code_of(key)) == 302
    assert is_in(client)
    again = log_in()
    assert prove(again, code_of(key)) == 200  # each code is taken once
    assert not is_in(again)


def test_each_recovery_code_signs_in_once(clock: time_machine.Traveller) -> None:
    _, codes = add_app(log_in())
    client = log_in()
    assert prove(client, codes[0].upper()) == 302
    assert is_in(client)
    assert "9 left" in client.get("/admin/second-factor/").content.decode()
    other = log_in()
    assert prove(other, codes[0]) == 200
    assert not is_in(other)


def test_guesses_are_slowed_down(clock: time_machine.Traveller) -> None:
    key, codes = add_app(log_in())
    clock.shift(31)
    client = log_in()
    assert [prove(client, "000000") for _ in range(5)] == [200] * 5
    assert prove(client, code_of(key)) == prove(client, codes[0]) == 200
    clock.shift(60)
    assert prove(client, code_of(key)) == 302


def test_with_a_password_only_nothing_of_the_second_factor_is_changed(clock: time_machine.Traveller) -> None:
    add_app(log_in())
    thief = log_in()
    device = TOTPDevice.objects.get()
    for path in ("", "app/", "codes/", "remove/"):
        answer = thief.post(f"/admin/second-factor/{path}", {"device": device.persistent_id, "code": "000000"})
        assert answer.headers["Location"].startswith("/admin/login/"), path
    for path in ("/admin/confirm/", "/admin/password_change/"):
        assert thief.get(path).status_code == 302
    assert thief.post("/admin/passkeys/registration/begin/").status_code in (401, 403)
    assert (TOTPDevice.objects.count(), StaticToken.objects.count()) == (1, 10)


def test_it_can_be_required_of_everybody(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client = log_in()
    assert not is_in(client)
    assert "requires a second factor" in client.get("/admin/", follow=True).content.decode()
    add_app(client)
    assert is_in(client)


def test_the_password_is_asked_for_again_before_a_change(clock: time_machine.Traveller) -> None:
    client = log_in()
    clock.shift(601)
    assert client.get("/admin/second-factor/app/").headers["Location"].startswith("/admin/confirm/")
    client.post("/admin/confirm/", {"password": PASSWORD})
    assert client.get("/admin/second-factor/app/").status_code == 200


def test_a_device_is_removed_by_its_owner_only(clock: time_machine.Traveller) -> None:
    client = log_in()
    add_app(client)
    User.objects.create_user("eve", password="eve", is_staff=True)
    device = TOTPDevice.objects.get()
    log_in("eve").post("/admin/second-factor/remove/", {"device": device.persistent_id})
    assert TOTPDevice.objects.exists()
    client.post("/admin/second-factor/remove/", {"device": device.persistent_id})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert is_in(log_in())


def test_new_codes_replace_the_old_ones(clock: time_machine.Traveller) -> None:
    client = log_in()
    _, old = add_app(client)
    new = re.findall(r"<li><code>(\w+)</code>", client.post("/admin/second-factor/codes/").content.decode())
    assert len(set(new) - set(old)) == 10
    other = log_in()
    assert prove(other, old[0]) == 200
    clock.shift(10)
    assert prove(other, new[0]) == 302


def test_a_lost_device_is_reset_by_a_command(clock: time_machine.Traveller) -> None:
    add_app(log_in())
    call_command("reset_second_factor", "mona")
    assert is_in(log_in())
    with pytest.raises(CommandError, match="There is no user"):
        call_command("reset_second_factor", "nobody")


@pytest.mark.parametrize("code", ["", "12345a", "٠١٢٣٤٥", "9" * 5000, "\0", "-1"])
def test_odd_codes_are_wrong_codes(clock: time_machine.Traveller, code: str) -> None:
    client = log_in()
    client.get("/admin/second-factor/app/")
    assert client.post("/admin/second-factor/app/", {"code": code}).status_code == 200
    add_app(client)
    other = log_in()
    assert prove(other, code) == 200
    assert not is_in(other)


def test_the_page_of_the_secret_needs_no_script_and_is_not_stored(clock: time_machine.Traveller) -> None:
    client = log_in()
    answer = client.get("/admin/second-factor/app/")
    drawing = answer.content.decode().partition('class="qr-code">')[2].partition("</div>")[0]
    assert drawing.startswith("<svg")
    assert not re.search(r"style=|href|<script", drawing)
    assert "no-store" in answer.headers["Cache-Control"]
    assert hexlify(unhexlify(client.session["new_app_key"]))
