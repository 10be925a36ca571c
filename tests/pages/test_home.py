"""`/` shows the demo's rooms, or how to set an installation up, or goes to the admin."""

import html
import json
import re
import shlex
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from tests.stack.test_seed_demo import KEY, seed

pytestmark = pytest.mark.django_db


def test_a_new_installation_says_how_it_is_set_up() -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert "manage.py setup" in page.content.decode()
    assert page["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_installation_with_an_administrator_goes_to_the_admin() -> None:
    get_user_model().objects.create_superuser("ola", password="correct horse battery")
    page = Client().get("/")
    assert (page.status_code, page["Location"]) == (302, "/admin/")


def test_a_closed_demo_goes_to_the_admin(settings: Settings) -> None:
    settings.SANDBOX_OPEN = False
    seed()
    assert Client().get("/")["Location"] == "/admin/"


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.SANDBOX_OPEN = True
    settings.DEMO_API_KEY = KEY
    seed()


LOCAL = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.mark.usefixtures("demo")
def test_a_browser_on_this_machine_gets_a_command_with_the_key() -> None:
    text = html.unescape(Client().get("/", **LOCAL).content.decode())  # type: ignore[arg-type]
    command = shlex.split(text.partition("<pre><code>")[2].partition("</code>")[0].replace("\\\n", " "))
    key = next(each for each in command if each.startswith("x-api-key: ")).partition(": ")[2]
    path, body = urlsplit(command[1]).path, json.loads(command[-1])
    sent = Client().post(path, body, "application/json", headers={"x-api-key": key})
    assert sent.status_code == 201, sent.content
    assert "distributor send --contact" in text


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "changed",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "attacker.example:8000"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"HTTP_FORWARDED": "for=192.0.2.1"},
    ],
)
def test_nobody_else_gets_the_key(changed: dict[str, str]) -> None:
    assert KEY not in Client().get("/", **{**LOCAL, **changed}).content.decode()  # type: ignore[arg-type]


@pytest.mark.usefixtures("demo")
def test_a_demo_at_a_public_address_shows_no_key(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://demo.example.com"
    extra = {**LOCAL, "HTTP_HOST": "demo.example.com"}
    assert KEY not in Client().get("/", **extra).content.decode()  # type: ignore[arg-type]


@pytest.mark.usefixtures("demo")
def test_the_page_is_in_the_browser_s_language() -> None:
    page = Client().get("/", headers={"accept-language": "pl"})
    assert page["Content-Language"] == "pl"
    assert '<html lang="pl">' in page.content.decode()
    assert "wysyła ankiety do ludzi" in page.content.decode()


def test_every_room_of_the_demo_opens_and_its_command_works(settings: Settings) -> None:
    settings.SANDBOX_OPEN = True
    seed()
    text = Client().get("/").content.decode()
    for address in re.findall(r'href="(/[^"]*)"', text):
        if not address.startswith("/static/"):
            assert Client().get(address, follow=True).status_code == 200, address
    address = re.search(r"curl \S+?(/api/surveys/\S+)", text)
    body = re.search(r"-d '(.*?)'", text, re.DOTALL)
    assert address is not None
    assert body is not None
    sent = Client().post(address[1], json.loads(body[1]), "application/json", headers={"x-api-key": KEY})
    assert sent.status_code in (200, 201, 202), sent.content
    assert Client().head("/").status_code == 200
    assert Client().post("/").status_code == 405
