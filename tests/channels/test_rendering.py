"""Piped text: which placeholders are filled, and that values are not filled again."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.locales import choose_locale
from channels.rendering import (
    compile_text,
    compile_variant,
    encode_html,
    encode_subject,
    unknown_placeholders,
)
from tests.support.channels.invitations import invitation

KEYS = ("link", "unsubscribe", "survey:name", "contact:firstName", "contact:stay number", "contact:a.b-c")
# Texts of this strategy end with a character that cannot begin a placeholder.
LITERALS = st.text().map(lambda text: text.replace("$", "§"))
SLOTS = st.tuples(st.sampled_from(KEYS), st.text(st.characters(exclude_characters="{}"), max_size=10))
PARTS = st.lists(st.one_of(LITERALS, SLOTS), max_size=8)
# Values that look like placeholders, markup or headers are frequent.
VALUES = st.one_of(
    st.text(), st.sampled_from(["${link}", "${contact:firstName|x}", "<script>", "a\r\nBcc: b@example.com", "$"])
)


def write(parts: list[str | tuple[str, str]]) -> str:
    return "".join(part if isinstance(part, str) else f"${{{part[0]}|{part[1]}}}" for part in parts)


@given(parts=PARTS, values=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_a_text_is_its_literals_and_values_in_order_and_values_are_never_substituted_again(
    parts: list[str | tuple[str, str]], values: dict[str, str]
) -> None:
    expected = "".join(part if isinstance(part, str) else values.get(part[0]) or part[1] for part in parts)
    assert compile_text(write(parts)).fill(values) == expected


@given(parts=PARTS)
def test_a_text_knows_the_keys_that_it_needs(parts: list[str | tuple[str, str]]) -> None:
    assert compile_text(write(parts)).keys == {part[0] for part in parts if not isinstance(part, str)}


@given(text=st.text(st.sampled_from("${}|:contactlink \n<"), max_size=60))
def test_any_text_can_be_filled_and_loses_nothing_but_its_placeholders(text: str) -> None:
    compiled = compile_text(text)
    written = compiled.literals[0]
    for (key, default), literal in zip(compiled.slots, compiled.literals[1:], strict=True):
        plain, with_default = f"${{{key}}}", f"${{{key}|{default}}}"
        written += with_default if text.startswith(written + with_default) else plain
        written += literal
    assert written == text


@given(value=st.text())
def test_a_value_in_html_reads_as_itself_and_never_as_markup(value: str) -> None:
    filled = compile_text("<b>${contact:x}</b>").fill({"contact:x": value}, encode_html)
    inner = filled.removeprefix("<b>").removesuffix("</b>")
    assert not set(inner) & set("<>\"'")
    # HTML has no NUL and replaces some numeric references; we use only the five that we escape.
    assert unescape(inner) == value or "&" in value


def test_the_five_characters_of_markup_are_escaped() -> None:
    assert encode_html("""<a href="x" id='y'>&amp;""") == "&lt;a href=&quot;x&quot; id=&#x27;y&#x27;&gt;&amp;amp;"


@given(value=st.text())
def test_a_subject_is_one_line_whatever_is_in_it(value: str) -> None:
    encoded = encode_subject(value)
    assert len(encoded.splitlines()) <= 1
    assert "\0" not in encoded
    assert encode_subject(encoded) == encoded


def test_a_message_is_escaped_in_its_html_only() -> None:
    variant = compile_variant("en", "${contact:x}", "${contact:x}", "${contact:x}")
    message = invitation("ann@example.com", variant=variant, values={"contact:x": "<Ann>"})
    assert (message.subject, message.html, message.text) == ("<Ann>", "&lt;Ann&gt;", "<Ann>")


@pytest.mark.parametrize("value", [{}, {"contact:firstName": ""}])
def test_a_default_stands_in_for_what_is_unknown_or_empty(value: dict[str, str]) -> None:
    assert compile_text("Hello ${contact:firstName|there}!").fill(value) == "Hello there!"


def test_without_a_default_what_is_unknown_is_empty() -> None:
    assert compile_text("Hello ${contact:firstName}!").fill({}) == "Hello !"


@pytest.mark.parametrize(
    "foreign",
    ["${contact}", "${contact:}", "${LINK}", "${survey:id}", "${link.x}", "${ link}", "${}", "$link", "{link}"],
)
def test_what_is_no_placeholder_of_ours_stays_as_it_is_written(foreign: str) -> None:
    assert compile_text(f"a {foreign} b").fill({"link": "no", "contact:x": "no"}) == f"a {foreign} b"


def test_placeholders_that_nothing_would_fill_are_named_as_written() -> None:
    assert unknown_placeholders("${link} ${lnik|x} ${contact:a} ${survey:title}") == ["${lnik|x}", "${survey:title}"]


def test_a_variant_needs_the_keys_of_all_its_parts() -> None:
    variant = compile_variant("en", "${survey:name}", "${contact:a}", "${link}")
    assert variant.keys == {"survey:name", "contact:a", "link"}


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("zh-CN", ["en", "zh", "zh-CN"], "zh-CN"),
        ("zh-cn", ["en", "zh-CN"], "zh-CN"),
        ("zh-TW", ["en", "zh"], "zh"),
        ("fr", ["pl", "en"], "en"),
        ("fr", ["de", "pl"], "de"),
        ("", ["pl", "en"], "en"),
    ],
)
def test_the_locale_that_comes_nearest_is_chosen(wanted: str, available: list[str], chosen: str) -> None:
    assert choose_locale(wanted, available, "en-GB") == chosen
