"""Bodies are measured before they are read, by what each address takes."""

import gzip
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contacts.models import Organization
from tests.support.api.recipient_add import LOGIN, post

KILOBYTE = 1_024


class Unread:
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def post_unread(path: str, length: int, content_type: str) -> Any:
    stream: dict[str, Any] = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type}
    attacker = Client(enforce_csrf_checks=True)
    attacker.cookies["csrftoken"] = "a" * 32  # without it nothing is read
    return attacker.generic("POST", path, b"", content_type, **stream)


@pytest.mark.parametrize(
    ("path", "limit", "text"),
    [
        (LOGIN, 2 * KILOBYTE, "2 KB"),
        ("/admin/login/", 2 * KILOBYTE, "2 KB"),
        ("/admin/login/?next=/admin/", 2 * KILOBYTE, "2 KB"),
        ("/u/AbCdEfGhIjKl", 2 * KILOBYTE, "2 KB"),
        ("/p/AbCdEfGhIjKl", 64 * KILOBYTE, "64 KB"),
        ("/webhooks/11111111-1111-4111-8111-111111111111", 4_000_000, ""),
        ("/admin/contacts/organization/add/", 10 * KILOBYTE * KILOBYTE, "10 MB"),
    ],
)
def test_a_body_that_says_it_is_too_long_is_not_read(db: None, path: str, limit: int, text: str) -> None:
    is_json = path == LOGIN
    response = post_unread(path, limit + 1, "application/json" if is_json else "application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert text in response.content.decode()


@pytest.mark.parametrize("path", ["/admin/login/", "/p/AbCdEfGhIjKl", "/u/AbCdEfGhIjKl"])
def test_no_files_are_taken(db: None, path: str) -> None:
    form = {"username": "ann", "password": "x", "file": SimpleUploadedFile("a.bin", b"a" * 100)}
    response = Client().post(path, form)
    assert (response.status_code, response.content) == (415, b"Files are not taken here.")


@pytest.mark.parametrize("path", ["/admin/login/", "/p/AbCdEfGhIjKl", "/u/AbCdEfGhIjKl"])
def test_a_form_in_several_parts_is_measured_too(db: None, path: str) -> None:
    response = Client().post(path, {"username": "a" * 70_000, "password": "x"})
    assert response.status_code == 413


def test_an_operator_logs_in_as_before(db: None) -> None:
    User.objects.create_superuser("ann", password="correct horse battery staple")
    form = {"username": "ann", "password": "correct horse battery staple", "next": "/admin/"}
    assert Client().post("/admin/login/", form).status_code == 302


def test_a_login_is_measured_after_it_is_decoded(client: Client, db: None) -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    assert len(bomb) < 2 * KILOBYTE
    response = client.post(LOGIN, bomb, "application/json", headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.json()) == (413, {"Errors": ["The body is larger than 2 KB."]})


def test_a_login_reads_two_names_only(api_key: str, organization: Organization) -> None:
    body: dict[str, Any] = {"userName": "ward-b", "PASSWORD": api_key, "RecipientList": [{"when": [[[]]]}], "x": None}
    assert post(Client(), body, LOGIN).json() == {"Status": "Success"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"RecipientList":['])
def test_a_deeply_nested_body_is_refused_and_not_followed(db: None, opening: bytes) -> None:
    response = post(Client(), opening * (2_000 // len(opening)), LOGIN)
    assert response.status_code == 400
    assert set(response.json()) == {"Errors"}
