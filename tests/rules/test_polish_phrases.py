"""The Polish sentences: a phrase for each reason, the facts of the English one, and the grammar of numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from distributor.rules.consent import Signal
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.phrases import (
    LANGUAGES,
    explain,
    explain_hold,
    explain_machine_visits,
    explain_missing_value,
    explain_reason,
    explain_route,
    explain_step,
    name_step,
)
from distributor.rules.phrases.holds import HoldCause, HoldFacts
from distributor.rules.phrases.polish import counted
from distributor.rules.timing.departure import Delay, Departure

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
REASONS = sorted(LANGUAGES["en"].reasons)
# What both languages write alike: times, zones, numbers (but for their separators), names, and what the provider said.
VALUES = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d \([^)]+\)|\d[\d,\xa0]*|\(550 [^)]+\)|KeyError|\b(?:JM|STOP|SMS|WhatsApp|Relay|e-mail)"
)
MOMENTS = {
    name: (NOW + timedelta(hours=hours)).isoformat()
    for name, hours in {
        "since": -75,
        "lastContactedAt": -49,
        "lastSentAt": -5,
        "cancelledAt": -1,
        "until": 3,
        "earliestAt": 4,
        "expiresAt": 2,
        "notAfter": 1,
    }.items()
}
PROVIDER = {"code": "550", "detail": "no such user", "account": "Relay", "days": 1_840, "error": "KeyError(7)"}
DETAILS: list[dict[str, Any]] = [
    {},
    {**MOMENTS, **PROVIDER, "channel": "email"},
    {**MOMENTS, **PROVIDER, "channel": "sms", "country": "JM", "suppression": "stop", "signal": Signal.STOP},
    {
        **PROVIDER,
        "channel": "whatsapp",
        "numberKind": "premium_rate",
        "suppression": "bounce",
        "zone": "Asia/Kathmandu",
    },
]


def values(sentence: str) -> list[str]:
    """Return a sentence's values, in any order."""
    return sorted(re.sub("[,\xa0]", "", value) for value in VALUES.findall(sentence))


def test_both_languages_have_a_phrase_for_each_reason() -> None:
    assert LANGUAGES["pl"].reasons.keys() == LANGUAGES["en"].reasons.keys()


@pytest.mark.parametrize("detail", DETAILS, ids=["nothing", "e-mail", "SMS", "WhatsApp"])
@pytest.mark.parametrize("reason", REASONS)
def test_a_polish_reason_has_the_values_of_the_english_one(reason: str, detail: Mapping[str, Any]) -> None:
    english = explain_reason(reason, detail, now=NOW, zone=WARSAW)
    polish = explain_reason(reason, detail, now=NOW, zone=WARSAW, language="pl")
    assert values(polish) == values(english)
    assert polish != english
    assert not re.search(r"\b(the|was|is|not|at|ago|unknown|message)\b", polish.replace("no such user", ""))
    assert "  " not in polish


@pytest.mark.parametrize(
    ("kind", "reason", "detail", "sentence"),
    [
        ("skipped", "opted_out", {"since": MOMENTS["since"]}, "pominięto: kontakt zrezygnował 3 dni temu"),
        (
            "rerouted",
            "bounced",
            {"channel": "email"},
            "skierowano na następny kanał: wiadomość e-mail odbiła się",
        ),
        (
            "stopped",
            "opted_out",
            {"channel": "sms", "signal": Signal.STOP},
            "zatrzymano: osoba odpowiedziała STOP SMS-em",
        ),
        (
            "skipped",
            "frequency_rule",
            {"lastContactedAt": MOMENTS["lastContactedAt"], "days": 30},
            (
                "pominięto: do tej osoby wysłano wiadomość 2 dni temu; "
                "reguła częstotliwości wymaga 30 dni między wysyłkami"
            ),
        ),
        (
            "retried",
            "refused",
            {"channel": "email", "code": "550"},
            "ponowiono na żądanie, bo wcześniej: dostawca odrzucił wiadomość e-mail (550)",
        ),
    ],
)
def test_a_decision_reads_as_a_polish_sentence(
    kind: str, reason: str, detail: Mapping[str, Any], sentence: str
) -> None:
    assert explain(kind, reason, detail, now=NOW, zone=WARSAW, language="pl") == sentence


def test_a_deferral_says_until_when_in_polish() -> None:
    sentence = explain("deferred", "quiet_hours", {}, until=NOW + A_DAY, now=NOW, zone=WARSAW, language="pl-PL")
    assert sentence == "odłożono do 2026-03-02 13:00 (Europe/Warsaw): cisza nocna"


@pytest.mark.parametrize(
    ("elapsed", "ago"),
    [
        (timedelta(seconds=59), "niecałą minutę temu"),
        (timedelta(minutes=1), "1 minutę temu"),
        (timedelta(minutes=2), "2 minuty temu"),
        (timedelta(minutes=12), "12 minut temu"),
        (timedelta(minutes=22), "22 minuty temu"),
        (timedelta(hours=1), "1 godzinę temu"),
        (timedelta(hours=4), "4 godziny temu"),
        (timedelta(hours=21), "21 godzin temu"),
        (A_DAY, "1 dzień temu"),
        (3 * A_DAY, "3 dni temu"),
        (1_112 * A_DAY, "1\xa0112 dni temu"),
        (-A_DAY, "2026-03-02 13:00 (Europe/Warsaw)"),
    ],
)
def test_spans_of_time_are_declined(elapsed: timedelta, ago: str) -> None:
    detail = {"since": (NOW - elapsed).isoformat()}
    assert explain_reason("opted_out", detail, now=NOW, zone=WARSAW, language="pl") == f"kontakt zrezygnował {ago}"


@pytest.mark.parametrize(
    ("form", "counts"),
    [
        ("osoba", [1]),
        ("osoby", [2, 3, 4, 22, 104]),
        ("osób", [0, 5, 11, 12, 14, 21, 112, 1_013]),
    ],
)
def test_a_number_has_its_form_of_the_noun(form: str, counts: list[int]) -> None:
    found = {counted(count, "osoba", "osoby", "osób").partition(" ")[2] for count in counts}
    assert found == {form}


@pytest.mark.parametrize("kind", ["invitation", "reminder"])
@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
@pytest.mark.parametrize("condition", Condition)
def test_a_forecast_step_has_the_values_of_the_english_one(kind: str, channel: str, condition: Condition) -> None:
    step = ForecastMessage(1, condition, Departure(NOW + A_DAY, Delay.QUIET_HOURS))
    english = explain_step(step, kind, channel, now=NOW, zone=WARSAW)
    polish = explain_step(step, kind, channel, now=NOW, zone=WARSAW, language="pl")
    assert values(polish) == values(english)
    assert polish.endswith(": cisza nocna")
    at_once = ForecastMessage(1, condition, Departure(NOW))
    assert "od razu" in explain_step(at_once, kind, channel, now=NOW, zone=WARSAW, language="pl")


@pytest.mark.parametrize(
    ("count", "is_sent", "sentence"),
    [
        (1, True, "${name} nie ma wartości dla 1 odbiorcy: wiadomość SMS wyszłaby z luką"),
        (2, True, "${name} nie ma wartości dla 2 odbiorców: ich wiadomości SMS wyszłyby z luką"),
        (1_840, False, "${name} nie ma wartości dla 1\xa0840 odbiorców: ich wiadomości SMS nie zostałyby wysłane"),
    ],
)
def test_a_gap_is_explained(count: int, is_sent: bool, sentence: str) -> None:
    assert explain_missing_value("${name}", "sms", count, is_sent=is_sent, language="pl") == sentence


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (
            {"measure": "delivered", "percent": 98, "of": 1_840, "other": {"percent": 71, "of": 300}},
            "98 % z 1\xa0840 do gmail.com doręczono na czas, przez B 71 % z 300",
        ),
        (
            {"measure": "taken", "percent": 98, "of": 84, "other": {"percent": None, "of": 0}},
            "98 % z 84 do gmail.com przyjęto, przez B brak",
        ),
        (
            {"measure": "worked", "percent": 100, "of": 84, "other": {"percent": 40, "of": 20}},
            "100 % z 84 wywołań się powiodło, przez B 40 % z 20",
        ),
        (
            {"measure": "seconds", "seconds": 0.1, "other": {"seconds": 24.5}},
            "0,1 s na wiadomość, przez B 24,5 s",
        ),
    ],
)
def test_a_route_is_explained(route: dict[str, Any], sentence: str) -> None:
    known = {"account": "A", "share": 62, "weight": 50, "destination": "gmail.com"}
    whole = {**known, **route, "other": {"account": "B", **route["other"]}}
    assert explain_route(whole, language="pl") == f"przez A, udział 62 % zamiast 50 %: {sentence}"


def test_what_a_timeline_names_is_named_in_both_languages() -> None:
    assert [name_step(kind, "sms") for kind in ("invitation", "reminder", "thank_you")] == [
        "sms",
        "sms reminder",
        "sms thank-you",
    ]
    assert name_step("invitation", "email", language="pl") == "e-mail"
    assert name_step("thank_you", "sms", language="pl") == "SMS, podziękowanie"
    assert explain_machine_visits(1, "head") == "1 visit recognised by head"
    assert explain_machine_visits(3, "head") == "3 visits, the last recognised by head"
    assert explain_machine_visits(1, "head", language="pl") == "1 wizyta rozpoznana po: head"
    assert explain_machine_visits(5, "head", language="pl") == "5 wizyt, ostatnia rozpoznana po: head"


@pytest.mark.parametrize("language", ["en", "en-GB", "de", ""])
def test_other_languages_get_english(language: str) -> None:
    assert explain_reason("quiet_hours", {}, now=NOW, zone=WARSAW, language=language) == "quiet hours"


def test_an_unknown_reason_is_shown_as_words_in_polish_too() -> None:
    sentence = explain("stopped", "of_an_old_version", {}, now=NOW, zone=WARSAW, language="pl")
    assert sentence == "zatrzymano: of an old version"


@pytest.mark.parametrize("cause", HoldCause)
def test_a_hold_has_the_values_of_the_english_one(cause: HoldCause) -> None:
    facts = HoldFacts("Relay", "Relay@acme.example", NOW, "(550 no such user)")
    english, polish = explain_hold(cause, facts), explain_hold(cause, facts, language="pl")
    assert values(polish) == values(english)
    assert polish != english


def test_a_hold_reads_as_a_sentence() -> None:
    facts = HoldFacts("Relay", since=NOW, words="refused {account}")
    assert explain_hold(HoldCause.UNREACHABLE, facts) == (
        "Relay has not answered since 2026-03-01 12:00 UTC: refused {account}"
    )
    assert (
        explain_hold(HoldCause.FAILING, HoldFacts("Relay"), language="pl") == "konto Relay nie działa od nieznanej pory"
    )
