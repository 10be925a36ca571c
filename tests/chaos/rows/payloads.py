"""Poison payloads: people and templates whose data is as bad as the API accepts, among others who must not notice."""

from typing import Any

from tests.chaos.registry import row
from tests.chaos.trial import Trial

NASTY: list[dict[str, Any]] = [
    {"firstName": "${link}${contact:firstName}"},
    {"firstName": "\u202e\u200b\ufeff" * 20},
    {"firstName": "A" * 100, "embeddedData": {"deep": {"er": [{"x": 1e15}]}}},
    {"firstName": "Bcc: everybody@people.example"},
    {"firstName": "😀" * 50, "lastName": "'; DROP TABLE distributor_recipient; --"},
    {"firstName": "<script>alert(1)</script>", "embeddedData": {"n": 10**18, "k" * 60: None}},
    {"firstName": "%s %(name)s {0} {name}", "embeddedData": {"%s": "%n"}},
]


@row("poison payloads", "one in ten people has data that looks like placeholders, SQL, headers or markup")
def send_poison(trial: Trial) -> None:
    people = trial.people(140)
    for number, person in enumerate(people[::10]):
        person |= NASTY[number % len(NASTY)]
    with trial.fault():
        for start in range(0, 140, 35):
            trial.caller.accept(trial.survey, [trial.step("relay")], people[start : start + 35])


@row("poison among refused calls", "every second call is refused for one bad address; nothing of it may be sent")
def mix_refused_calls(trial: Trial) -> None:
    with trial.fault():
        for number in range(10):
            people = trial.people(20)
            if number % 2:
                people[7]["email"] = "no address"
                trial.require(_is_refused(trial, people), "a call with a bad address was accepted")
            else:
                trial.caller.accept(trial.survey, [trial.step("relay")], people)


def _is_refused(trial: Trial, people: list[dict[str, object]]) -> bool:
    body = {"surveyId": trial.survey, "steps": [trial.step("relay")], "audience": {"contacts": people}}
    status = trial.caller.try_once("POST", "distributions", body)
    return 400 <= status < 500
