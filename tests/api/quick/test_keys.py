"""API keys and scopes of quick calls."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.api_keys import create_api_key
from contacts.models import ApiKey, Organization
from contacts.models.api_key import Scope
from distributor.models import Survey
from tests.support.api.bodies import NOTHING, rows_written


def call(survey: Survey, body: dict[str, Any], **headers: str) -> Any:
    path = f"/api/surveys/{survey.pk}/distributions/quick"
    header_names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(headers=header_names).post(path, body, content_type="application/json")


def assert_refused(response: Any, status: int, code: str) -> None:
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["code"], problem["errors"]) == (status, code, [])
    assert problem["detail"]
    assert problem["requestId"] == response["X-Request-Id"]
    assert rows_written() == NOTHING


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_a_key(survey: Survey, body: dict[str, Any], api_key: str, scheme: str) -> None:
    assert call(survey, body, authorization=f"{scheme} {api_key}").status_code == 201


def test_the_x_api_key_header_is_a_key(survey: Survey, body: dict[str, Any], api_key: str) -> None:
    assert call(survey, body, x_api_key=api_key).status_code == 201


def test_x_api_key_takes_precedence_over_authorization(survey: Survey, body: dict[str, Any], api_key: str) -> None:
    assert call(survey, body, x_api_key=api_key, authorization="Bearer wrong").status_code == 201
    assert call(survey, body, x_api_key="wrong", authorization=f"Bearer {api_key}").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{}, {"x_api_key": ""}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Basic YTpi"}],
)
def test_a_call_without_a_key_is_401(survey: Survey, body: dict[str, Any], headers: dict[str, str]) -> None:
    response = call(survey, body, **headers)
    assert_refused(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["wrong", "YOUR_API_KEY", "ключ", "dk_\0", f"dk_{'a' * 8}_{'a' * 28}", " "])
def test_an_unknown_key_is_401(survey: Survey, body: dict[str, Any], key: str) -> None:
    response = call(survey, body, x_api_key=key)
    assert_refused(response, 401, "authentication_failed")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("ended", ["expires_at", "revoked_at"])
def test_an_ended_key_is_401_at_once(survey: Survey, body: dict[str, Any], api_key: str, ended: str) -> None:
    ApiKey.objects.update(**{ended: timezone.now() - timedelta(seconds=1)})
    assert_refused(call(survey, body, x_api_key=api_key), 401, "authentication_failed")


def test_a_key_that_expires_later_is_taken(survey: Survey, body: dict[str, Any], api_key: str) -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert call(survey, body, x_api_key=api_key).status_code == 201


def test_a_key_without_the_scope_is_403_with_the_scope(
    organization: Organization, survey: Survey, body: dict[str, Any]
) -> None:
    key = create_api_key(organization, "reader", [Scope.READ, Scope.MANAGE])[1]
    response = call(survey, body, x_api_key=key)
    assert_refused(response, 403, "permission_denied")
    assert "send" in response.json()["detail"]


def test_the_scope_to_send_is_enough(organization: Organization, survey: Survey, body: dict[str, Any]) -> None:
    key = create_api_key(organization, "sender", [Scope.SEND])[1]
    assert call(survey, body, x_api_key=key).status_code == 201


def test_another_organisations_key_cannot_use_this_survey(survey: Survey, body: dict[str, Any]) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    key = create_api_key(stranger, "theirs", list(Scope))[1]
    response = call(survey, body, x_api_key=key)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert rows_written() == NOTHING


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_405(client: Client, survey: Survey, method: str) -> None:
    response = getattr(client, method)(f"/api/surveys/{survey.pk}/distributions/quick")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response["Content-Type"] == "application/problem+json"
    assert "POST" in response["Allow"]


def test_a_body_of_more_than_ten_megabytes_is_413(survey: Survey, api_key: str) -> None:
    response = call(survey, {"name": "x" * 11_000_000}, x_api_key=api_key)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert [error["pointer"] for error in response.json()["errors"]] == [""]
