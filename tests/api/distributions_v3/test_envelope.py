"""Keys, paths and errors of lists and links."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Distribution
from tests.support.api.lists_and_links import BASE, call, elements_of, error_of, lists_path, result_of


@pytest.mark.parametrize(
    ("header", "shown"),
    [("x-api-token", "{}"), ("X-API-TOKEN", " {} "), ("x-api-key", "{}"), ("authorization", "Bearer {}")],
)
def test_the_published_header_and_ours_are_accepted(api_key: str, header: str, shown: str) -> None:
    assert len(api_key) == 40
    response = Client(headers={header: shown.format(api_key)}).get(f"{BASE}/whoami")
    assert result_of(response)["userName"] == "tests"


def test_the_published_header_works_for_this_dialect_only(api_key: str) -> None:
    assert Client(headers={"x-api-token": api_key}).get("/api/v1/surveys").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"x-api-token": "dk_nothing"}])
def test_without_a_key_everything_is_401(db: None, headers: dict[str, str]) -> None:
    for path in ("whoami", "distributions", "nowhere"):
        response = Client(headers=headers).get(f"{BASE}/{path}")
        error_of(response, "401 - Unauthorized")
        assert response["WWW-Authenticate"] == "Bearer"


def test_each_call_needs_its_scope(organization: Organization, links_body: dict[str, Any]) -> None:
    keys = {scope: create_api_key(organization, scope, [scope])[1] for scope in Scope}
    lists = lists_path(organization)
    for scope, method, path in (
        (Scope.READ, "GET", "whoami"),
        (Scope.READ, "GET", "distributions"),
        (Scope.SEND, "POST", "distributions"),
        (Scope.SEND, "POST", "distributions/sms"),
        (Scope.SEND, "DELETE", "distributions/EMD_000000000000000"),
        (Scope.READ, "GET", lists),
        (Scope.MANAGE, "POST", lists),
        (Scope.MANAGE, "PUT", f"{lists}/{links_body['mailingListId']}"),
        (Scope.MANAGE, "POST", f"{lists}/{links_body['mailingListId']}/contacts"),
    ):
        for held, key in keys.items():
            response = call(Client(headers={"x-api-token": key}), method, path)
            assert (response.status_code == 403) is (held is not scope)
            if held is not scope:
                assert error_of(response, "403 - Forbidden")["errorCode"] == "permission_denied"


@pytest.mark.parametrize(
    "address",
    [
        "directories/{pool}//mailinglists",
        "directories/{pool}/mailinglists/?pageSize=1",
        "//directories//{pool}//mailinglists///",
    ],
)
def test_doubled_and_trailing_slashes_are_ignored(
    client: Client, organization: Organization, mailing_list: MailingList, address: str
) -> None:
    path = address.format(pool=public_id(Kind.DIRECTORY, organization.pk))
    assert len(elements_of(call(client, "GET", path))) == 1
    assert result_of(call(client, "POST", path.partition("?")[0], {"name": "By another address"}))["id"]
    page = result_of(call(client, "GET", f"{path.partition('?')[0]}?pageSize=1"))
    assert page["nextPage"].startswith(f"http://testserver{BASE}/{lists_path(organization)}?pageSize=1&skipToken=")


def test_unknown_paths_and_ids_are_404_in_the_published_shape(client: Client) -> None:
    for path in ("nowhere", "", "distributions/EMD_1", "distributions/EMD_000000000000000/links", "surveys/x/y"):
        error_of(call(client, "GET", path), "404 - Not Found")
    assert call(client, "PATCH", "whoami").json()["meta"]["httpStatus"] == "405 - Method Not Allowed"


def test_a_body_that_is_too_large_is_413(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    error = error_of(call(client, "POST", "distributions", {"x": "x" * 1_000}), "413 - Request Entity Too Large")
    assert error["errorCode"] == "body_too_large"


def test_an_unexpected_error_is_500_in_the_published_shape(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE distributor_survey RENAME TO distributor_lost")
    error = error_of(call(client, "GET", "surveys"), "500 - Internal Server Error")
    assert "distributor_survey" not in error["errorMessage"]
    assert "unexpected_error" in caplog.text


def test_a_repeated_call_gets_the_first_answer(
    client: Client, links_body: dict[str, Any], sms_body: dict[str, Any]
) -> None:
    for path, body in (("distributions", links_body), ("distributions/sms", sms_body)):
        first, again = (call(client, "POST", path, body, Idempotency_Key=f"k {path}") for _ in range(2))
        assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Distribution.objects.count() == 2
    other = call(client, "POST", "distributions", {**links_body, "description": "x"}, Idempotency_Key="k distributions")
    assert error_of(other, "422 - Unprocessable Entity")["errorCode"] == "idempotency_key_reused"
    bad = call(client, "POST", "distributions", links_body, Idempotency_Key=" ")
    assert error_of(bad, "400 - Bad Request")["errors"][0]["pointer"] == "Idempotency-Key"


def test_a_request_id_is_echoed(client: Client) -> None:
    response = call(client, "GET", "whoami", X_Request_Id="mine-1")
    assert response.json()["meta"]["requestId"] == "mine-1"
