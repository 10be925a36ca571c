"""What a failed journey and a second copy must have for a reason, as the simulation judges them."""

from datetime import timedelta

import pytest

from tests.simulation.copies import check_copies, count_copies
from tests.simulation.oracle import failed_without_reason
from tests.simulation.test_oracle import DAY, NOW, make_call
from tests.simulation.world import Call, Journey

AWAY = {"answer": "transient", "is_about_account": True}


def journey_of(*calls: dict[str, object], channel: str = "sms") -> Journey:
    """A journey with these messages, an hour apart."""
    journey = make_call().journey
    for number, facts in enumerate(calls, start=1):
        call = Call(journey, channel, f"1-{number}", NOW + number * timedelta(hours=1))
        vars(call).update(facts)
        journey.calls.append(call)
    journey.campaign.journeys.append(journey)
    return journey


def test_a_journey_may_not_fail_because_a_provider_was_away() -> None:
    assert list(failed_without_reason(journey_of(*[AWAY] * 3))) == ["nothing was wrong by sms"]


@pytest.mark.parametrize(
    "calls",
    [
        [AWAY, {"answer": "permanent"}],
        [{"answer": "accepted", "has_failed": True}],
        [{"answer": "transient"}, {"answer": "transient", "at": NOW + DAY}],
    ],
)
def test_it_may_fail_because_of_the_person(calls: list[dict[str, object]]) -> None:
    assert list(failed_without_reason(journey_of(*calls))) == []


def test_a_text_message_is_never_doubled() -> None:
    journey = journey_of({"answer": "unknown", "is_taken": True}, {"answer": "accepted", "is_taken": True})
    assert len(list(check_copies([journey.campaign]))) == 1
    assert count_copies([journey.campaign])["sms_and_whatsapp_copies"] == 1


@pytest.mark.parametrize(("risks", "faults"), [(0, 1), (1, 0)])
def test_an_e_mail_is_doubled_at_most_as_often_as_was_counted(risks: int, faults: int) -> None:
    taken = {"answer": "accepted", "is_taken": True}
    journey = journey_of({"answer": "unknown", "is_taken": True}, taken, channel="email")
    journey.campaign.duplicate_risks = risks
    assert len(list(check_copies([journey.campaign]))) == faults


def test_one_copy_of_each_step_is_none_too_many() -> None:
    taken = {"answer": "accepted", "is_taken": True}
    journey = journey_of(taken, {**taken, "step": "reminder 1"})
    assert list(check_copies([journey.campaign])) == []
