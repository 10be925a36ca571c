"""The page of the API reference: in a browser, under its policy, with the demo's key."""

import json
import re
from typing import Any, Literal

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from distributor.api.reference.document import generate_document
from distributor.api.reference.placeholders import PLACEHOLDERS
from distributor.api.reference.subjects import SUBJECTS
from tests.support.api.demo import Demo
from tests.support.strict_pages import strictness_faults

ADDRESSES = (
    "/api/docs/",
    "/api/docs/overview/",
    "/api/docs/quick_distribution/",
    "/errors/",
    "/errors/invalid_request",
    "/errors/none",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_pages_need_no_key_no_other_server_and_nothing_inline(db: None, address: str) -> None:
    answer = Client().get(address)
    assert strictness_faults(answer, address) == []
    assert "https://" not in answer.content.decode().replace("https://surveys", "")


def test_scripts_and_styles_are_compressed_and_kept_by_browsers(db: None) -> None:
    page = Client().get("/api/docs/distributions/").content.decode()
    assets = re.findall(r'"(/api/docs/[^"]+\?v=\w+)"', page)
    assert len(assets) == 4
    for address in assets:
        plain, small = Client().get(address), Client().get(address, headers={"accept-encoding": "br, gzip"})
        assert "immutable" in plain["Cache-Control"]
        assert (small["Content-Encoding"], small["Vary"]) == ("gzip", "Accept-Encoding")
        assert len(small.content) < len(plain.content)
    assert Client().get("/api/docs/settings.py").status_code == 404


def test_every_operation_is_in_the_part_of_its_subject_with_all_that_it_refers_to(db: None) -> None:
    document = generate_document()
    shown = []
    for subject, tag in SUBJECTS.items():
        answer = Client().get(f"/api/docs/{subject}/document")
        assert answer.status_code == 200
        part = answer.json()
        calls = [call for methods in part["paths"].values() for call in methods.values()]
        assert {name for call in calls for name in call["tags"]} <= {tag}
        assert calls, subject
        shown += [call["operationId"] for call in calls]
        named = set(re.findall(r'"#/components/schemas/(\w+)"', answer.content.decode()))
        assert named == set(part["components"]["schemas"])
    known = [call["operationId"] for methods in document["paths"].values() for call in methods.values()]
    assert sorted(shown) == sorted(known)
    assert Client().get("/api/docs/none/").status_code == Client().get("/api/docs/none/document").status_code == 404


@pytest.fixture
def demo(db: None, settings: Any) -> Demo:
    settings.SANDBOX_OPEN = True
    demo = Demo()
    settings.DEMO_API_KEY = demo.key
    return demo


def test_the_demos_document_names_its_own_ids_and_key(demo: Demo) -> None:
    content = Client().get("/api/schema?format=json&examples=demo").content.decode()
    for name in ("survey", "email_provider", "sms_template", "SV", "UR", "list", "CG", "api_key"):
        assert demo.ids[name] in content, name
    # Of these it names the latest.
    for name in ("contact", "CID", "distribution", "EMD", "suppression", "unused_survey", "code", "import", "export"):
        assert PLACEHOLDERS[name] not in content, name


def test_elsewhere_the_document_has_placeholders_and_the_page_no_key(demo: Demo, settings: Any) -> None:
    content = Client().get("/api/schema?format=json").content.decode()
    assert PLACEHOLDERS["survey"] in content
    assert demo.key not in content
    settings.SANDBOX_OPEN = False
    for address in (
        "/api/schema?format=json&examples=demo",
        "/api/postman.json?examples=demo",
        "/api/docs/distributions/",
    ):
        assert demo.key not in Client().get(address).content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_operation_is_tried_out_as_it_is_offered(live_server: LiveServer, page: Page, settings: Any) -> None:
    settings.SANDBOX_OPEN = True
    demo = Demo()
    settings.DEMO_API_KEY, settings.PUBLIC_BASE_URL = demo.key, live_server.url
    page.set_default_timeout(60_000)  # Swagger UI draws all operations of the subject, and scrolls meanwhile
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/api/docs/distributions/#/Distributions/createDistribution")
    operation = page.locator("#operations-Distributions-createDistribution")
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response-col_description pre").first
    answer.wait_for()
    made = json.loads(answer.inner_text())
    assert (made["status"], made["surveyId"]) == ("sending", demo.ids["survey"])
    assert refused == []


@pytest.mark.django_db(transaction=True)
def test_a_subject_fits_a_phone_and_follows_the_browsers_scheme(live_server: LiveServer, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/api/docs/suppressions/#/Suppressions/createSuppression")
    page.locator("#operations-Suppressions-createSuppression").get_by_role("button", name="Execute").wait_for()
    schemes: list[tuple[Literal["dark", "light"], str]] = [("dark", "rgb(28, 32, 34)"), ("light", "rgba(0, 0, 0, 0)")]
    for scheme, ground in schemes:
        page.emulate_media(color_scheme=scheme)
        wanted = "ground => getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor === ground"
        page.wait_for_function(wanted, arg=ground)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
