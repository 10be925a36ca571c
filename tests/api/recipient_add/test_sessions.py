"""Login and sessions."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client, override_settings

from contacts.keys import create_api_key
from contacts.models import ApiKey, Contact, MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.recipient_add.sessions import COOKIE, LIFETIME_SECONDS
from tests.support.api.recipient_add import (
    INVALID_SESSION,
    LIST,
    LOGIN,
    NO_LIST,
    PATH,
    SUCCESS,
    adding_by,
    make_list,
    person,
    post,
)

REFUSED = {"Errors": [INVALID_SESSION]}


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return make_list(organization)


@pytest.fixture
def browser() -> Client:
    """A client without a key, with cookies and with Django's CSRF checks."""
    return Client(enforce_csrf_checks=True)


def log_in(browser: Client, password: str, name: str = "ann") -> Any:
    return post(browser, {"UserName": name, "Password": password}, LOGIN)


@pytest.mark.parametrize("header", ["x-api-key: {}", "authorization: Bearer {}"])
def test_a_key_in_a_header_needs_no_login(
    browser: Client, api_key: str, mailing_list: MailingList, header: str
) -> None:
    name, _, value = header.format(api_key).partition(": ")
    assert adding_by(browser)(person(), headers={name: value}).json() == SUCCESS


def test_a_client_that_logged_in_may_add(browser: Client, api_key: str, mailing_list: MailingList) -> None:
    response = log_in(browser, api_key)
    assert (response.status_code, response.json()) == (200, SUCCESS)
    assert adding_by(browser)(person()).json() == SUCCESS


def test_the_cookie_is_limited_to_this_api_and_hidden_from_scripts_and_other_sites(
    browser: Client, api_key: str
) -> None:
    cookie = log_in(browser, api_key).cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/base/", True, "Strict")
    assert (cookie["max-age"], cookie["secure"] or False) == (LIFETIME_SECONDS, settings.SESSION_COOKIE_SECURE)
    assert api_key not in cookie.value
    with override_settings(SESSION_COOKIE_SECURE=True):
        assert log_in(browser, api_key).cookies[COOKIE]["secure"] is True


@pytest.mark.parametrize("password", ["", "secret", "dk_12345678_1234567890123456789012345678"])
def test_another_password_is_refused(browser: Client, organization: Organization, password: str) -> None:
    response = log_in(browser, password)
    assert (response.status_code, response.json()) == (
        400,
        {"Errors": ["The password is not a valid API key."]},
    )
    assert COOKIE not in response.cookies


def test_an_invalid_login_is_refused_with_its_faults(browser: Client, db: None) -> None:
    for body, places in (
        ({"UserName": "ann"}, ["/Password"]),
        ({"UserName": 1, "Password": None}, ["/UserName", "/Password"]),
        ("[]", [""]),
        ("{", [""]),
    ):
        response = post(browser, body, LOGIN)
        assert response.status_code == 400
        fault_places = [
            error.partition(": ")[0] if error.startswith("/") else "" for error in response.json()["Errors"]
        ]
        assert fault_places == places


def test_a_call_without_a_session_is_refused(browser: Client, mailing_list: MailingList) -> None:
    response = adding_by(browser)(person())
    assert (response.status_code, response.json()) == (400, REFUSED)
    assert not Contact.objects.exists()


def test_a_wrong_key_is_refused_like_a_missing_session(
    browser: Client, api_key: str, mailing_list: MailingList
) -> None:
    log_in(browser, api_key)
    assert adding_by(browser)(person(), headers={"x-api-key": "dk_wrong"}).json() == REFUSED


@pytest.mark.parametrize("forged", ["1", "{}:{}:x", "019c0000-0000-7000-8000-000000000000"])
def test_a_forged_cookie_is_refused(browser: Client, mailing_list: MailingList, forged: str) -> None:
    browser.cookies[COOKIE] = forged
    assert adding_by(browser)(person()).json() == REFUSED


def test_a_session_ends_with_its_key(browser: Client, api_key: str, mailing_list: MailingList) -> None:
    log_in(browser, api_key)
    ApiKey.objects.update(revoked_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert adding_by(browser)(person()).json() == REFUSED
    ApiKey.objects.all().delete()
    assert adding_by(browser)(person()).json() == REFUSED


@pytest.mark.parametrize(("seconds", "lasts"), [(LIFETIME_SECONDS - 5, True), (LIFETIME_SECONDS + 5, False)])
def test_a_session_ends_after_eight_hours(
    browser: Client, api_key: str, mailing_list: MailingList, seconds: int, lasts: bool
) -> None:
    log_in(browser, api_key)
    cookie = browser.cookies[COOKIE].value
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        late = Client()
        late.cookies[COOKIE] = cookie
        assert adding_by(late)(person()).json() == (SUCCESS if lasts else REFUSED)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_requests_that_a_form_of_another_site_can_send_are_refused(
    browser: Client, api_key: str, mailing_list: MailingList, content_type: str
) -> None:
    log_in(browser, api_key)
    body = json.dumps({"ListName": LIST, "RecipientList": [person()]})
    response = browser.post(PATH, body, content_type=content_type)
    assert response.status_code == 400
    assert response.json()["Errors"] == ["Calls with a session cookie need the header Content-Type: application/json."]
    assert not Contact.objects.exists()


def test_a_session_has_the_scopes_of_its_key(browser: Client, organization: Organization) -> None:
    _row, key = create_api_key(organization, "reader", [Scope.READ, Scope.MANAGE])
    log_in(browser, key)
    response = adding_by(browser)(person())
    assert (response.status_code, response.json()) == (403, {"Errors": ["This key lacks the scope “send”."]})


def test_a_session_reaches_only_its_organisations_lists(browser: Client, mailing_list: MailingList) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    log_in(browser, create_api_key(other, "theirs", [Scope.SEND])[1])
    response = adding_by(browser)(person())
    assert (response.status_code, response.json()) == (400, {"Errors": [NO_LIST]})


def test_a_session_works_for_this_api_only(browser: Client, api_key: str) -> None:
    log_in(browser, api_key)
    assert browser.get("/api/v1/lists").status_code == 401
