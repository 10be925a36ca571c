"""Odd bodies of every face: no 5xx, no page, no answer over a megabyte.

About 300 in all; the environment variable BAD_BODIES sets the number for each face, for example BAD_BODIES=2000.
"""

import gzip
import json
import os
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.hunt.wire.conftest import FACES
from tests.support.api.bad_bodies import broken_json
from tests.support.api.faces import Face

ODD_BODIES = int(os.environ.get("BAD_BODIES", "50"))
WORDS = [
    "",
    " ",
    "\0",
    "\ufeff",
    "😀" * 300,
    "x" * 20_000,
    "2027-03-05 24:00:00+00",
    "1e999",
    "null",
    "${x}",
    "../",
    "'--",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(WORDS),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(WORDS), inner),
    max_leaves=12,
)


def odd_bodies(face: Face) -> SearchStrategy[bytes]:
    """The face's own body with odd values, odd keys beside its own, broken JSON, and anything at all."""
    text = json.dumps(face.body).encode()
    values = st.dictionaries(st.sampled_from([*face.body, "x", "dryRun"]), VALUES, min_size=1, max_size=4)
    changed = values.map(lambda odd: json.dumps({**face.body, **odd}).encode())
    nested = st.tuples(st.sampled_from(sorted(face.body)), VALUES).map(
        lambda odd: json.dumps(put_inside(face.body, *odd)).encode()
    )
    anything = VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
    return changed | nested | anything | broken_json(text, b'"')


def put_inside(body: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Give every field of the objects below a key this value."""
    inside = body[key]
    if isinstance(inside, list):
        inside = [dict.fromkeys(item, value) if isinstance(item, dict) else value for item in inside]
    elif isinstance(inside, dict):
        inside = dict.fromkeys(inside, value)
    else:
        inside = value
    return {**body, key: inside}


@pytest.mark.parametrize("name", FACES)
def test_odd_bodies_get_an_answer_of_the_face(client: Client, faces: dict[str, Face], name: str) -> None:
    face = faces[name]

    @settings(
        max_examples=ODD_BODIES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(odd_bodies(face), st.sampled_from([None, "gzip", "gzip", "br"]))
    def check(body: bytes, encoding: str | None) -> None:
        packed = gzip.compress(body, 1) if encoding == "gzip" and len(body) % 2 else body
        options = {"HTTP_CONTENT_ENCODING": encoding} if encoding else {}
        response = face.post(client, packed, **options)
        if response.status_code >= 400:
            assert response.status_code < 500, body
            face.check_error(response, response.status_code)
        else:
            assert "json" in response["Content-Type"]
            assert len(response.content) < 1_000_000

    check()
