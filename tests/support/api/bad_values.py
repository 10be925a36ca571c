"""Strategies for values that the fields of a quick-send body refuse."""

import string
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.api.bodies import NOT_GIVEN

# All characters of JSON. st.text() alone means the same, but spends seconds to enumerate them.
characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=20)
small_json: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
lists = st.lists(small_json, max_size=3)
objects = st.dictionaries(texts, small_json, max_size=3)
numbers = st.integers() | st.floats()
no_text: SearchStrategy[Any] = st.booleans() | numbers | lists | objects
no_boolean: SearchStrategy[Any] = texts | numbers | lists | objects
no_object: SearchStrategy[Any] = texts | numbers | st.booleans() | lists
no_list: SearchStrategy[Any] = texts | numbers | st.booleans() | objects
missing = st.none() | st.just(NOT_GIVEN)


def longer_than(limit: int) -> SearchStrategy[str]:
    return st.builds(
        lambda text, extra: (text * (limit + extra))[: limit + extra],
        st.text(min_size=1, max_size=3),
        st.integers(1, 99),
    )


def holding(*characters: str) -> SearchStrategy[str]:
    return st.builds(lambda before, bad, after: before + bad + after, texts, st.sampled_from(characters), texts)


def outside(lowest: int, highest: int) -> SearchStrategy[Any]:
    """Values that are not integers from `lowest` to `highest`: also 2.0 and true are refused."""
    return st.integers(max_value=lowest - 1) | st.integers(min_value=highest + 1) | st.floats() | no_number


no_number: SearchStrategy[Any] = texts | st.booleans() | lists | objects
letters = st.text(string.ascii_letters, min_size=1, max_size=40)
# Invalid UUIDs: without hexadecimal digits, or with too many.
no_uuid = st.text("ghijklmnopqrstuvwxyz-{}: ", max_size=40) | st.builds(
    lambda whole, more: str(whole) + more, st.uuids(), st.text(string.hexdigits, min_size=1, max_size=3)
)
no_email = st.one_of(
    letters,
    st.builds("{}@{}".format, letters, letters),  # A domain without a dot.
    st.builds("{} {}@example.com".format, letters, letters),
    st.builds("{}@example.com\n{}".format, letters, letters),
    st.builds("{}ż@example.com".format, letters),
    st.builds("{}@{}.example.com".format, letters, longer_than(254)),
    st.builds("{}\0@example.com".format, letters),
)
no_line = longer_than(255) | holding("\0", "\r", "\n", "\r\n")
no_phone = st.one_of(letters, st.text(string.digits, min_size=65, max_size=80), holding("\0"))
no_moment = st.one_of(
    letters,
    st.text(string.digits, min_size=1, max_size=20),
    st.dates().map(str),
    st.builds("2026-{:02}-01T00:00:00Z".format, st.integers(13, 99)),
    st.builds("{}+{}:00".format, st.datetimes().map(datetime.isoformat), st.integers(24, 99)),
)


def is_no_blank(value: Any) -> bool:
    """A blank text where a moment may stand is none given."""
    return not isinstance(value, str) or bool(value.strip())


no_data_value = st.one_of(
    st.integers(min_value=2**63, max_value=10**300),
    st.integers(min_value=-(10**300), max_value=-(2**63) - 1),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e19, -1e300]),
    longer_than(10_000),
    holding("\0"),
    st.integers(5, 50).map(lambda depth: nested(depth)),
)
no_data = st.one_of(
    no_object,
    st.dictionaries(letters, no_data_value, min_size=1, max_size=3),
    st.dictionaries(letters, st.lists(no_data_value, min_size=1, max_size=2), min_size=1, max_size=2),
    st.builds(lambda key, value: {key: value}, longer_than(255) | holding("\0"), small_json),
    st.integers(201, 300).map(lambda count: {str(number): number for number in range(count)}),
)


def nested(depth: int) -> Any:
    """A list nested `depth` levels deep."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def in_text(value: SearchStrategy[str]) -> SearchStrategy[Any]:
    """A wrong text, or a value that is not a text."""
    return value | no_text


WRONG: dict[str, SearchStrategy[Any]] = {
    "/surveyId": in_text(no_uuid) | missing,
    "/channelMode": in_text(letters.filter(lambda text: text not in ("single", "multi"))),
    "/scheduledAt": in_text(no_moment),
    "/name": in_text(no_line),
    **dict.fromkeys(
        [f"/settings/{name}" for name in ("excludeOptedOut", "respectFrequencyRules", "excludeRecentlyContacted")],
        no_boolean,
    ),
    "/settings/recentContactDays": outside(1, 365),
    **{
        f"/contacts/{position}/{name}": wrong
        for position in range(2)
        for name, wrong in {
            "externalId": in_text(longer_than(255) | holding("\0")),
            "contactId": in_text(no_uuid),
            "email": in_text(no_email),
            "firstName": in_text(no_line),
            "lastName": in_text(no_line),
            "phone": in_text(no_phone),
            "embeddedData": no_data,
        }.items()
    },
    **{
        f"/channels/{position}/{name}": wrong
        for position in range(2)
        for name, wrong in {
            "channel": in_text(letters.filter(lambda text: text not in ("email", "sms", "whatsapp"))) | missing,
            "providerId": in_text(no_uuid) | missing,
            "templateId": in_text(no_uuid) | missing,
            "priority": outside(1, 10),
            "fromEmail": in_text(no_email),
            "fromName": in_text(no_line),
            "replyToEmail": in_text(no_email),
            "fallbackDelayMinutes": outside(0, 525_600),
        }.items()
    },
}
