"""How a journey ends, for every combination of what is known of it."""

import pytest

from distributor.rules.journey.conclusion import Conclusion, conclude
from distributor.rules.journey.retry import Ending


@pytest.mark.parametrize("has_unknown", [True, False])
@pytest.mark.parametrize("stopped_for", ["opted_out", ""])
def test_a_journey_that_reached_its_person_ends_as_sent(has_unknown: bool, stopped_for: str) -> None:
    ended = conclude(has_reached=True, has_unknown=has_unknown, stopped_for=stopped_for, failed_for="refused")
    assert ended == Conclusion(Ending.SENT)


@pytest.mark.parametrize("stopped_for", ["opted_out", ""])
def test_an_attempt_of_unknown_outcome_makes_it_indeterminate(stopped_for: str) -> None:
    ended = conclude(has_reached=False, has_unknown=True, stopped_for=stopped_for, failed_for="refused")
    assert ended == Conclusion(Ending.INDETERMINATE, "unknown_outcome")


def test_a_stopped_journey_without_a_message_ends_as_stopped() -> None:
    ended = conclude(has_reached=False, has_unknown=False, stopped_for="opted_out", failed_for="refused")
    assert ended == Conclusion(None, "opted_out")


def test_any_other_journey_has_failed() -> None:
    assert conclude(has_reached=False, has_unknown=False, failed_for="bounced") == Conclusion(Ending.FAILED, "bounced")
