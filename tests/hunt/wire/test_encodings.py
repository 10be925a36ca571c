"""Bodies after a byte order mark, and compressed bodies, as in every face of the API."""

import gzip
import json
import zlib
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.models import Distribution
from tests.support.api.bad_bodies import count_rows
from tests.support.api.faces import Face

BOM = b"\xef\xbb\xbf"
MEGABYTE = 1024 * 1024


def test_a_byte_order_mark_is_ignored(client: Client, face: Face) -> None:
    """PowerShell 5, .NET's Encoding.UTF8, Excel's and Notepad's UTF-8 write it."""
    response = face.post(client, BOM + json.dumps(face.body).encode())
    assert response.status_code == face.status, response.content


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda body: gzip.compress(body, 1, mtime=0),
        lambda body: gzip.compress(BOM + body),
        lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]),  # two members, as pigz and log shippers write
        lambda body: gzip.compress(b"") + gzip.compress(body),
    ],
)
def test_gzip_is_read(client: Client, face: Face, pack: Any) -> None:
    response = face.post(client, pack(json.dumps(face.body).encode()), HTTP_CONTENT_ENCODING="gzip")
    assert response.status_code == face.status, response.content


@pytest.mark.parametrize("encoding", ["GZIP", "x-gzip", " gzip ", "identity, gzip", "gzip,"])
def test_gzip_is_known_by_all_its_names(client: Client, faces: dict[str, Face], encoding: str) -> None:
    packed = gzip.compress(json.dumps(faces["quick"].body).encode())
    assert faces["quick"].post(client, packed, HTTP_CONTENT_ENCODING=encoding).status_code == 201


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", ", ,"])
def test_no_encoding_is_none(client: Client, faces: dict[str, Face], encoding: str) -> None:
    assert faces["quick"].post(client, HTTP_CONTENT_ENCODING=encoding).status_code == 201


@pytest.mark.parametrize(
    "encoding", ["br", "deflate", "compress", "zstd", "gzip, gzip", "gzip, br", "utf-8", "ünïcode"]
)
def test_other_encodings_are_415(client: Client, faces: dict[str, Face], encoding: str) -> None:
    before = count_rows()
    for face in faces.values():
        response = face.post(client, HTTP_CONTENT_ENCODING=encoding)
        assert "Unsupported Content-Encoding" in face.check_error(response, 415)
        assert response["Accept-Encoding"] == "gzip"  # RFC 9110 §15.5.16
    assert count_rows() == before


def test_a_zip_bomb_is_413(client: Client, face: Face) -> None:
    bomb = gzip.compress(b" " * (11 * MEGABYTE))
    assert len(bomb) < 20_000
    assert "10 MB" in face.check_error(face.post(client, bomb, HTTP_CONTENT_ENCODING="gzip"), 413)


def test_many_members_are_no_way_around_the_limit(client: Client, faces: dict[str, Face]) -> None:
    bomb = gzip.compress(b" " * MEGABYTE) * 11
    assert faces["quick"].post(client, bomb, HTTP_CONTENT_ENCODING="gzip").status_code == 413


def broken_gzips() -> dict[str, bytes]:
    packed = gzip.compress(b'{"name": "Ward B"}')
    return {
        "plain": b'{"name": "Ward B"}',
        "cut": packed[:-5],
        "header only": packed[:10],
        "one byte": packed[:1],
        "checksum": packed[:-8] + bytes(4) + packed[-4:],
        "zlib": zlib.compress(b"{}"),
        "tail": packed + b"tail",
    }


@pytest.mark.parametrize("kind", broken_gzips())
def test_broken_gzip_is_400(client: Client, faces: dict[str, Face], kind: str) -> None:
    for face in faces.values():
        response = face.post(client, broken_gzips()[kind], HTTP_CONTENT_ENCODING="gzip")
        assert "gzip" in face.check_error(response, 400)
    assert not Contact.objects.exists()
    assert not Distribution.objects.exists()


def test_a_repeated_call_is_known_whatever_its_encoding(client: Client, faces: dict[str, Face]) -> None:
    face = faces["quick"]
    body = json.dumps(face.body).encode()
    first = face.post(client, body, HTTP_IDEMPOTENCY_KEY="1")
    again = face.post(client, gzip.compress(BOM + body), HTTP_IDEMPOTENCY_KEY="1", HTTP_CONTENT_ENCODING="gzip")
    assert (again.status_code, again.content) == (201, first.content)
    assert Distribution.objects.count() == 1
