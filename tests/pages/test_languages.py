from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation

from distributor.pages.forms import AnswerForm
from tests.support.journeys import make_contact, make_sent_journey, make_survey
from tests.support.page_messages import DISTRIBUTOR, translatable_texts

LANGUAGES = sorted({code for code, _ in settings.LANGUAGES} - {"en"})


def catalogue(language: str) -> Path:
    return DISTRIBUTOR / "locale" / language / "LC_MESSAGES"


def keyed(text: Any) -> Any:
    """Return a text, or the texts of a plural, as a key."""
    return text if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_pages_is_translated_and_nothing_else_is(language: str) -> None:
    with (catalogue(language) / "django.po").open("rb") as file:
        translations = {message.id: message.string for message in read_po(file) if message.id}
    texts = {text for text, _path, _line in translatable_texts()}
    assert len(texts) > 20
    assert set(translations) == texts
    assert all(translations.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_translations_are_those_of_the_text_file(language: str) -> None:
    with (catalogue(language) / "django.po").open("rb") as file:
        written = {
            keyed(message.id): keyed(message.string) for message in read_po(file) if message.id and not message.fuzzy
        }
    with (catalogue(language) / "django.mo").open("rb") as file:
        compiled = {keyed(message.id): keyed(message.string) for message in read_mo(file) if message.id}
    assert compiled == written


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("of_the_call", "of_the_contact", "of_the_survey", "shown"),
    [
        ("pl", "en", "en", "pl"),
        ("", "pl-PL", "en", "pl"),
        ("", "", "pl", "pl"),
        ("en-GB", "pl", "pl", "en"),
        ("zh-CN", "", "pl", "pl"),
        ("zh-CN", "", "zh", "en"),
        ("", "", "PL", "pl"),
    ],
)
def test_a_page_is_in_its_recipients_language(
    visitor: Client, of_the_call: str, of_the_contact: str, of_the_survey: str, shown: str
) -> None:
    survey = make_survey(default_locale=of_the_survey)
    recipient = make_sent_journey(survey, make_contact(survey.organization, locale=of_the_contact), locale=of_the_call)
    answer = visitor.get(f"/p/{recipient.code}", headers={"accept-language": "de"})
    page = answer.content.decode()
    assert answer["Content-Language"] == shown
    assert f'<html lang="{shown}">' in page
    assert {"en": "Send the answer", "pl": "Wyślij odpowiedź"}[shown] in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "text"),
    [("/p/{}", "Na tę ankietę już odpowiedziano"), ("/p/{}/thanks", "Dziękujemy"), ("/u/{}", "Rezygnuję z ankiet")],
)
def test_the_other_pages_are_in_that_language_too(visitor: Client, path: str, text: str) -> None:
    recipient = make_sent_journey(locale="pl")
    visitor.post(f"/p/{recipient.code}", {"score": "2"})
    assert text in visitor.get(path.format(recipient.code)).content.decode()


@pytest.mark.django_db
def test_errors_are_in_the_pages_language(visitor: Client) -> None:
    page = visitor.post(f"/p/{make_sent_journey(locale='pl').code}", {"comment": "a\0"}).content.decode()
    assert "Proszę wybrać liczbę od 0 do 10." in page
    with translation.override("pl"):
        assert str(AnswerForm({"comment": "a\0"}).errors["comment"][0]) in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepts", "text"),
    [
        ("pl", "Ten link nie działa"),
        ("de, pl-PL;q=0.5", "Ten link nie działa"),
        ("de", "This link does not work"),
        ("", "This link does not work"),
    ],
)
def test_without_a_link_the_browsers_language_is_used(visitor: Client, accepts: str, text: str) -> None:
    assert text in visitor.get("/p/nobody", headers={"accept-language": accepts}).content.decode()
