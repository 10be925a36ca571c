"""Checks of many generated bodies, the same in every run: 2,000, or the number in the variable BAD_BODIES."""

import json
import os
from collections.abc import Callable
from typing import Any

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contacts.models import Contact, MailingList
from distributor.models import Batch, Decision, Distribution, Recipient, Step
from tests.support.api.bad_values import lists, numbers, texts

BAD_BODIES = int(os.environ.get("BAD_BODIES", "2000"))
WRITTEN = (Contact, MailingList, Distribution, Step, Batch, Recipient, Decision)
COUNT_ROWS = "SELECT " + " + ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in WRITTEN)


def count_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ROWS)
        count: int = cursor.fetchone()[0]
    return count


def try_all(share: float, bodies: SearchStrategy[Any], check: Callable[[Any], object]) -> None:
    """Check one family of bodies: this share of BAD_BODIES."""
    wanted = round(BAD_BODIES * share)
    tried = 0

    @settings(
        max_examples=wanted,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies)
    def try_one(body: Any) -> None:
        nonlocal tried
        tried += 1
        check(body)

    try_one()
    assert tried >= wanted


def broken_json(text: bytes, word: bytes) -> SearchStrategy[bytes]:
    """Turn a JSON object into text that is invalid JSON or no object. `word` occurs inside one of its strings."""
    # None of these characters occurs inside a string of the body, so removing one makes the JSON invalid.
    structural = [position for position, byte in enumerate(text) if byte in b'{}[]":,']
    # Control characters and invalid UTF-8 bytes are not allowed anywhere in JSON.
    forbidden = st.sampled_from([*range(9), 11, 12, *range(14, 32), 0x80, 0xBF, 0xC0, 0xC1, *range(0xF5, 0x100)])
    anywhere = st.integers(0, len(text) - 1)
    depths = st.integers(201, 3_000)
    return st.one_of(
        anywhere.map(lambda end: text[:end]),
        st.builds(lambda at, byte: text[:at] + bytes([byte]) + text[at:], anywhere, forbidden),
        st.sampled_from(structural).map(lambda at: text[:at] + text[at + 1 :]),
        st.builds(lambda tail: text + tail, st.sampled_from([b"}", b"]", b",", b"x", b"{}", b"\0", b"null"])),
        st.builds(lambda code: text.replace(word, word + b"\\u%04x" % code), st.integers(0xD800, 0xDFFF)),
        depths.map(lambda depth: text[:-1] + b', "more": ' + b"[" * depth + b"]" * depth + b"}"),
        depths.map(lambda depth: text[:-1] + b', "more": ' + b'{"k":' * depth + b"1" + b"}" * depth + b"}"),
        st.integers(4_400, 9_000).map(lambda digits: text[:-1] + b', "more": ' + b"9" * digits + b"}"),
        st.sampled_from([b"\xff\xfe", b"\xfe\xff", b")]}'", b"\0"]).map(lambda head: head + text),
        (lists | numbers | texts | st.booleans() | st.none()).map(lambda root: json.dumps(root).encode()),
        st.binary(max_size=100).map(lambda junk: junk + b"\xff"),
    )
