"""Paths and methods that lead nowhere are answered in the shape of the API that they begin like."""

from urllib.parse import unquote_to_bytes

import pytest
from django.test import Client

from tests.support.api.faces import Face, envelope_error_of, error_texts_of, problem_of

SHAPES = {"problem": problem_of, "envelope": envelope_error_of, "errors": error_texts_of}
PATHS = [
    # Clients that end every path with a slash, such as Django's own and many generated ones.
    ("GET", "/API/v3/x/", "envelope"),
    ("POST", "/v1/distributions/send/", "problem"),
    ("GET", "/api/v1/contacts/", "problem"),
    ("POST", "/api/surveys/1/distributions/quick/", "problem"),
    ("POST", "/base/Recipient/Add/", "errors"),
    # Joined base URLs leave double slashes.
    ("GET", "/API/v3/foo//bar", "envelope"),
    ("GET", "/API/v3//", "envelope"),
    ("GET", "/API/v3/x////", "envelope"),
    ("GET", "//API/v3/x", "envelope"),
    ("POST", "//v1/distributions/send", "problem"),
    ("GET", "/api/v1//contacts", "problem"),
    # Typing errors, other versions, the prefix alone.
    ("GET", "/api/v1/nothing", "problem"),
    ("POST", "/api/v1/contact", "problem"),
    ("DELETE", "/api/v1", "problem"),
    ("GET", "/api", "problem"),
    ("GET", "/api/v2/contacts", "problem"),
    ("GET", "/API/v4/surveys", "envelope"),
    ("GET", "/API", "envelope"),
    ("GET", "/API/v3", "envelope"),
    ("GET", "/Api/v1/contacts", "problem"),
    ("POST", "/v1/distribution/send", "problem"),
    ("PUT", "/v1", "problem"),
    ("POST", "/base/Recipients/Add", "errors"),
    ("GET", "/base/", "errors"),
    ("PATCH", "/api/v1/contacts/x/y/z", "problem"),
    ("GET", "/api/v1/%00", "problem"),
    ("GET", "/api/v1/%ff%fe", "problem"),
    ("GET", "/API/v3/%0a", "envelope"),
    ("OPTIONS", "/api/v1/nothing", "problem"),
]


def unquote_path(path: str) -> str:
    """The path as WSGI has it. Django's client takes what follows two slashes for a host."""
    return unquote_to_bytes(path).decode("latin-1")


@pytest.mark.parametrize(("method", "path", "shape"), PATHS)
def test_an_unknown_path_is_404_in_the_shape_of_its_api(client: Client, method: str, path: str, shape: str) -> None:
    response = client.generic(method, "/", PATH_INFO=unquote_path(path))
    assert (response.status_code, response.headers.get("Location")) == (404, None)
    assert "json" in response["Content-Type"]
    assert "no such address" in SHAPES[shape](response.json())


@pytest.mark.parametrize(("method", "path", "shape"), PATHS)
@pytest.mark.django_db
def test_without_a_key_nothing_is_told_about_paths(method: str, path: str, shape: str) -> None:
    response = Client().generic(method, "/", PATH_INFO=unquote_path(path))
    assert response.status_code == (400 if shape == "errors" else 401)  # recipient add publishes no 401
    assert SHAPES[shape](response.json())


def test_a_path_that_is_right_but_for_its_slash_is_named(client: Client) -> None:
    assert "Did you mean /v1/distributions/send," in client.post("/v1/distributions/send/").json()["detail"]
    assert "Did you mean" not in client.post("/v1/nothing/").json()["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD"])
def test_a_wrong_method_is_405_in_the_shape_of_its_api(client: Client, face: Face, method: str) -> None:
    response = client.generic(method, face.path)
    if response.status_code == 200:
        assert method in ("GET", "HEAD")
        return
    assert response.status_code == 405
    assert response["Allow"]
    assert "json" in response["Content-Type"]
    if method != "HEAD":
        face.error_text(response.json())


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/", "/webhooks/1", "/webhooks/x/y/z"])
def test_an_unknown_webhook_is_404_without_a_page(client: Client, path: str) -> None:
    response = client.post(path, b"{}", content_type="application/json")
    assert (response.status_code, response.content) == (404, b"")
    assert response["Content-Type"] == "text/plain"


def test_the_documentation_still_redirects(client: Client) -> None:
    assert client.get("/api/docs")["Location"] == "/api/docs/"


ACCEPTS = [
    "",
    "text/plain",
    "application/problem+json",
    "nonsense",
    "text/html,application/xhtml+xml,application/xml;q=0.9",  # a browser
    "application/xml",
    "application/vnd.acme.v2+json",
    "image/webp;q=0.1",
    "*/*;q=0",
    ";;,//",
    "application/json; indent=x; version=zwölf",
]


@pytest.mark.parametrize("accept", ACCEPTS)
def test_any_accept_header_gets_the_answer(client: Client, faces: dict[str, Face], accept: str) -> None:
    for face in faces.values():
        response = face.post(client, HTTP_ACCEPT=accept)
        # A contact that is saved a second time is changed: 200.
        assert response.status_code in (face.status, 200), (face.name, response.content)
        assert response["Content-Type"].startswith("application/json")
        assert face.error_text(face.post(client, b"{", HTTP_ACCEPT=accept).json())


@pytest.mark.parametrize("accept", ["text/html", "application/pdf, nonsense"])
def test_the_openapi_document_is_read_with_any_accept_header(client: Client, accept: str) -> None:
    assert client.head("/api/schema", HTTP_ACCEPT=accept).status_code == 200
