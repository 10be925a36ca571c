import pytest
from django.test import Client

from tests.support.journeys import make_organization, make_sent_journey, make_survey

pytestmark = pytest.mark.django_db
EXPECTED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/p/{open}", 200),
        ("head", "/p/{open}", 200),
        ("post", "/p/{open}", 400),
        ("put", "/p/{open}", 405),
        ("get", "/p/{open}/thanks", 302),
        ("get", "/p/{elsewhere}", 302),
        ("post", "/p/{elsewhere}", 405),
        ("get", "/p/{used}", 410),
        ("get", "/p/{used}/thanks", 200),
        ("get", "/p/nobody", 404),
        ("get", "/u/{open}", 200),
        ("post", "/u/{open}", 200),
        ("get", "/u/nobody", 404),
    ],
)
def test_every_answer_carries_the_pages_headers_and_no_cookie(
    visitor: Client, method: str, path: str, status: int
) -> None:
    used = make_sent_journey()
    visitor.post(f"/p/{used.code}", {"score": "1"})
    organization = make_organization(allowed_redirect_hosts=["survey.example.com"])
    elsewhere = make_sent_journey(make_survey(organization, target_url="https://survey.example.com/"))
    codes = {"open": make_sent_journey().code, "used": used.code, "elsewhere": elsewhere.code}
    answer = getattr(visitor, method)(path.format(**codes))
    assert answer.status_code == status
    assert {name: answer.get(name) for name in EXPECTED} == EXPECTED
    assert not answer.cookies


def test_an_answers_redirect_carries_them_too(visitor: Client) -> None:
    answer = visitor.post(f"/p/{make_sent_journey().code}", {"score": "1"})
    assert answer.status_code == 303
    assert {name: answer.get(name) for name in EXPECTED} == EXPECTED
    assert not answer.cookies


def test_the_pages_carry_no_script_and_no_inline_style(visitor: Client) -> None:
    recipient = make_sent_journey()
    for path in (f"/p/{recipient.code}", f"/u/{recipient.code}", "/p/nobody"):
        page = visitor.get(path).content.decode()
        assert '<link rel="stylesheet" href="/static/distributor/pages.css">' in page
        assert not any(mark in page for mark in ("<script", "<style", " style=", " onclick=", "//"))


def test_the_style_sheet_is_served(visitor: Client) -> None:
    answer = visitor.get("/static/distributor/pages.css")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
