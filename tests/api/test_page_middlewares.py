"""Calls of the APIs pass by what only pages need: sessions, logins and messages."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/surveys",
        "/v1/distributions/send",
        "/API/v3/surveys",
        "/api/surveys/x",
        "/base/Recipient/Add",
        "/webhooks/x",
    ],
)
def test_a_call_of_an_api_has_no_session(path: str) -> None:
    assert not hasattr(Client().get(path).wsgi_request, "session")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/p/abcdefghijkl", "/api/docs/", "/nowhere"])
def test_a_page_has_a_session(path: str) -> None:
    assert hasattr(Client().get(path).wsgi_request, "session")
