"""Users, groups and access tokens."""

from base64 import b64encode

import pytest
from django.test import Client

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from tests.support.api.lists_and_links import call, elements_of, error_of, result_of

GRANT = {"grant_type": "client_credentials", "scope": "manage:all"}


def basic(secret: str) -> str:
    return "Basic " + b64encode(f"crm:{secret}".encode()).decode()


def test_the_organization_is_the_only_user(client: Client, organization: Organization) -> None:
    [user] = elements_of(call(client, "GET", "users/"))
    assert user["id"] == result_of(call(client, "GET", "whoami"))["userId"]
    shown = result_of(call(client, "GET", f"users/{user['id']}"))
    assert shown == {**user, "responseCounts": {}, "permissions": {}}
    assert (shown["firstName"], shown["timeZone"]) == (organization.name, organization.time_zone)
    other = Organization.objects.create(name="Other", slug="other")
    for user_id in (public_id(Kind.LIBRARY, other.pk), "UR_1", "me"):
        error_of(call(client, "GET", f"users/{user_id}"), "404 - Not Found")


def test_there_are_no_groups(client: Client) -> None:
    assert elements_of(call(client, "GET", "groups")) == []
    error_of(call(client, "GET", f"groups/{Kind.GROUP.example}"), "404 - Not Found")


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/token/", "/API/v3/oauth2/token", "/API/v3//oauth2/token/"])
def test_a_client_exchanges_its_secret_for_a_token(api_key: str, path: str) -> None:
    answer = Client().post(path, GRANT, headers={"authorization": basic(api_key)})  # a form in several parts
    assert answer.json() == {
        "access_token": api_key, "token_type": "Bearer", "expires_in": 3_599, "scope": "manage:all"
    }  # fmt: skip
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()["access_token"]
    shown = Client(headers={"authorization": f"Bearer {token}"}).get("/API/v3/whoami")
    assert result_of(shown)["userName"] == "tests"


def test_the_secret_may_be_in_the_form(api_key: str) -> None:
    form = f"grant_type=client_credentials&client_id=crm&client_secret={api_key}"
    answer = Client().post("/oauth2/token", form, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, "scope" in answer.json()) == (200, False)


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic %%%", basic("dk_unknown"), basic("\0"), "Basic \xe9", "Bearer dk_x"]
)
def test_an_unknown_secret_is_refused(db: None, header: str) -> None:
    answer = Client().post("/oauth2/token", GRANT, headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"], answer["WWW-Authenticate"]) == (401, "invalid_client", "Basic")


@pytest.mark.parametrize(
    ("form", "error"), [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")]
)
def test_other_grants_are_refused(api_key: str, form: dict[str, str], error: str) -> None:
    answer = Client().post("/oauth2/token", form, headers={"authorization": basic(api_key)})
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_other_bodies_are_refused_in_the_same_shape(api_key: str) -> None:
    post = Client(headers={"authorization": basic(api_key)}).post
    for content, content_type, status in (
        ("{}", "application/json", 415),
        ("a=" + "x" * 3_000, "application/x-www-form-urlencoded", 413),
    ):
        answer = post("/oauth2/token", content, content_type=content_type)
        assert (answer.status_code, set(answer.json())) == (status, {"error", "error_description"})
    assert Client().get("/oauth2/token").json()["error"] == "invalid_request"
