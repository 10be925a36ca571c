"""Names, attributes and locales as systems write them, and the text that people should read."""

from typing import Any

import pytest

from channels.locales import choose_locale
from contacts.addresses import strip_unseen
from distributor.engine.dispatch.messages import as_text

VARIANTS = ["en", "zh", "zh-Hant", "sr", "sr-Latn", "pt-BR"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN", "zh"),
        ("zh-Hans-SG", "zh"),
        ("sr-Latn-RS", "sr-Latn"),
        ("sr-RS", "sr"),
        ("sh", "sr-Latn"),
        ("pt", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("pt_BR.UTF-8", "pt-BR"),
        ("PT-pt", "pt-BR"),
        ("en-GB-oed", "en"),
        ("zh-Hant-x-clinic", "zh-Hant"),
        ("no", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_a_locale_finds_its_variant_by_rfc_4647(wanted: str, chosen: str) -> None:
    assert choose_locale(wanted, VARIANTS, "en") == chosen


@pytest.mark.parametrize(
    ("wanted", "available"), [("no", "nb"), ("nb-NO", "no"), ("nn", "nb"), ("iw", "he"), ("he", "iw")]
)
def test_other_codes_of_one_language_find_each_other(wanted: str, available: str) -> None:
    assert choose_locale(wanted, ["en", available], "en") == available


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"city": "Paris"}}, ""),
        ({}, ""),
        ([], ""),
        ([1, None, True], "1, true"),
        (["a", {}, ["b", None]], "a, b"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2.5, "2.5"),
    ],
)
def test_no_message_shows_python(value: Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("blank", ["", "  ", "\u00a0", "\u200b", "\ufeff ", " \u2060\u200d", "\t\n", "\u3000"])
def test_blanks_and_invisible_characters_are_nothing(blank: str) -> None:
    assert strip_unseen(blank) == ""
    assert strip_unseen(f"{blank}Ann{blank}") == "Ann"
