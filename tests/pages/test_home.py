"""`/` shows the demo's rooms, or how to set an installation up, or goes to the admin."""

import json
import re

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
