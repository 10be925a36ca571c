"""Names, attributes and locales as systems write them, and the text that people should read."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from channels.locales import choose_locale
from channels.models import SandboxMessage, Template
from channels.rendering import compile_variant
from contacts.addresses import strip_unseen
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.route.message_values import as_text
from distributor.models import Attempt
from distributor.models.survey import validate_texts
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch
from tests.support.journeys import make_contact, make_sent_journey, make_survey

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


@pytest.mark.parametrize(
    ("text", "values", "missing"),
    [
        ("${contact:firstName}", {}, ["contact:firstName"]),
        ("${contact:firstName|there}", {}, []),
        ("${contact:firstName}", {"contact:firstName": "Ann"}, []),
        ("${contact:a} ${contact:b}", {"contact:a": ""}, ["contact:a", "contact:b"]),
        ("${contact:a|x} ${contact:a}", {}, ["contact:a"]),
        ("${unknown}", {}, []),
        ("", {}, []),
    ],
)
def test_a_placeholder_without_value_and_default_is_missing(
    text: str, values: dict[str, str], missing: list[str]
) -> None:
    assert compile_variant("en", "", "", text).missing_keys(values) == missing
    assert compile_variant("en", text, "", "").missing_keys(values) == missing


@pytest.mark.django_db
@pytest.mark.parametrize("first_name", ["", " ", "\u00a0", "\u200b"])
@pytest.mark.parametrize(
    ("choice", "is_sent", "is_logged"), [("send", True, False), ("warn", True, True), ("refuse", False, False)]
)
def test_a_template_says_what_becomes_of_a_gap(
    send: Send, caplog: pytest.LogCaptureFixture, choice: str, is_sent: bool, is_logged: bool, first_name: str
) -> None:
    accepted = send(1, Channel.EMAIL)
    Contact.objects.update(first_name=first_name)
    Template.objects.update(on_missing_value=choice)
    for template in Template.objects.filter(channel=Channel.EMAIL):
        template.variants.update(text="Hello ${contact:firstName}: ${link}")
    dispatch()
    assert accepted
    assert SandboxMessage.objects.exists() is is_sent
    assert ("value_missing" in caplog.text) is is_logged
    attempt = Attempt.objects.get()
    assert (attempt.code == "missing_value") is not is_sent
    if not is_sent:
        assert attempt.detail == "No value for ${contact:firstName}"


TEXTS = {
    "pl": {
        "question": "Czy było czysto?",
        "low_end": "0 – brudno",
        "high_end": "10 – czysto",
        "thank_you_message": "Dziękujemy z całego serca.",
    },
    "pt-BR": {"question": "Estava limpo?"},
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("pl", ["Czy było czysto?", "0 – brudno", "10 – czysto", "Wyślij odpowiedź", '<html lang="pl">']),
        ("pl-PL", ["Czy było czysto?", "0 – brudno", "Wyślij odpowiedź"]),
        ("pl_PL.UTF-8", ["Czy było czysto?", "10 – czysto"]),
        ("pt-PT", ["Estava limpo?", "0 – not at all", "Send the answer"]),
        ("en", ["Was it clean?", "0 – not at all", "10 – fully"]),
        ("fr", ["Was it clean?"]),
        ("", ["Was it clean?"]),
    ],
)
def test_the_built_in_page_is_in_one_language_with_its_question(client: Client, locale: str, shown: list[str]) -> None:
    survey = make_survey(question="Was it clean?", default_locale="en", texts=TEXTS)
    recipient = make_sent_journey(survey, make_contact(survey.organization, locale=locale))
    page = client.get(f"/p/{recipient.code}").content.decode()
    assert [text for text in shown if text not in page] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("locale", "thanks"), [("pl", "Dziękujemy z całego serca."), ("en", "Many thanks.")])
def test_the_thanks_are_in_that_language_too(client: Client, locale: str, thanks: str) -> None:
    survey = make_survey(thank_you_message="Many thanks.", texts=TEXTS)
    recipient = make_sent_journey(survey, make_contact(survey.organization, locale=locale))
    client.post(f"/p/{recipient.code}", {"score": "9"})
    assert thanks in client.get(f"/p/{recipient.code}/thanks").content.decode()


@pytest.mark.parametrize("texts", [[], "x", {"pl": "x"}, {"pl": {"other": "x"}}, {"pl": {"question": 1}}])
def test_texts_of_another_shape_are_refused(texts: Any) -> None:
    with pytest.raises(ValidationError):
        validate_texts(texts)
