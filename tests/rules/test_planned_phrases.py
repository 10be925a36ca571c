"""Sentences about messages that are planned, and about why an account was used."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.phrases import explain_route, explain_step
from distributor.rules.timing.departure import Delay, Departure

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (ForecastMessage(0, Condition.FIRST, Departure(NOW)), "by SMS immediately"),
        (
            ForecastMessage(0, Condition.FIRST, Departure(NOW + A_DAY, Delay.SCHEDULED)),
            "by SMS at 2026-03-02 13:00 (Europe/Warsaw): scheduled",
        ),
        (
            ForecastMessage(1, Condition.UNANSWERED, Departure(NOW + A_DAY, Delay.QUIET_HOURS, {"zone": "UTC"})),
            (
                "by SMS at 2026-03-02 12:00 (UTC), if there is no response to the previous message, "
                "or as soon as that message fails: quiet hours"
            ),
        ),
        (
            ForecastMessage(1, Condition.ON_FAILURE, Departure(NOW)),
            "by SMS immediately, only if the previous message fails",
        ),
    ],
)
def test_a_forecast_step_reads_as_a_sentence(step: ForecastMessage, sentence: str) -> None:
    assert explain_step(step, "invitation", "sms", now=NOW, zone=WARSAW) == sentence


def test_a_forecast_reminder_says_that_it_is_one() -> None:
    step = ForecastMessage(1, Condition.UNANSWERED, Departure(NOW + A_DAY))
    sentence = "reminder by SMS at 2026-03-02 13:00 (Europe/Warsaw), unless the contact responds first"
    assert explain_step(step, "reminder", "sms", now=NOW, zone=WARSAW) == sentence


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (
            {"measure": "delivered", "percent": 98, "of": 1840, "other": {"percent": 71, "of": 300}},
            "by A, share 62 % instead of 50 %: 98 % of 1,840 to gmail.com were delivered in time, by B 71 % of 300",
        ),
        (
            {"measure": "taken", "percent": 98, "of": 84, "destination": "", "other": {"percent": None, "of": 0}},
            "by A, share 62 % instead of 50 %: 98 % of 84 were accepted, by B none",
        ),
        (
            {"measure": "worked", "percent": 100, "of": 84, "other": {"percent": 40, "of": 20}},
            "by A, share 62 % instead of 50 %: 100 % of 84 calls worked, by B 40 % of 20",
        ),
        (
            {"measure": "seconds", "seconds": 0.1, "other": {"seconds": 24.5}},
            "by A, share 62 % instead of 50 %: 0.1 s per message, by B 24.5 s",
        ),
    ],
)
def test_a_route_is_explained(route: dict[str, Any], sentence: str) -> None:
    known = {"account": "A", "share": 62, "weight": 50, "destination": "gmail.com"}
    assert explain_route({**known, **route, "other": {"account": "B", **route["other"]}}) == sentence
