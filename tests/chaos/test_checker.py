"""The checker, against ledgers and records that are written by hand."""

import pytest

from tests.chaos.checker import Journey, Verdict, judge
from tests.chaos.outside.caller import Promise
from tests.chaos.outside.ledger import Taken

ANN, NO, NUMBER = "ann@people.example", "no@people.example", "+48600000001"


def check(
    taken: list[str], *journeys: Journey, risk: int = 0, addresses: tuple[str, ...] = (ANN,), each: int = 1
) -> Verdict:
    promise = Promise("d", addresses, frozenset({NO}))
    ledger = [Taken(100.0 + number, "relay", to) for number, to in enumerate(taken)]
    return judge([promise], ledger, journeys, {"d": risk}, fault_ended_at=99.0, messages_each=each)


def journey(address: str = ANN, outcome: str = "sent", *, doubt: bool = False) -> Journey:
    return Journey("d", address, outcome, doubt)


def test_a_message_taken_once_and_recorded_as_sent_is_ok() -> None:
    verdict = check([ANN], journey())
    assert (verdict.ok, verdict.accepted, verdict.recovery_seconds) == ([ANN], 1, 1.0)
    assert verdict.faults(0) == []


@pytest.mark.parametrize("recorded", [journey(), journey(outcome=""), journey(outcome="failed")])
def test_nothing_taken_is_lost_whatever_is_recorded(recorded: Journey) -> None:
    assert check([], recorded).lost == [ANN]


def test_a_recipient_without_a_record_is_lost() -> None:
    assert check([]).lost == [ANN]


def test_an_indeterminate_end_is_unknown_whether_taken_or_not() -> None:
    recorded = journey(outcome="indeterminate")
    assert check([], recorded).unknown == check([ANN], recorded).unknown == [ANN]


def test_two_copies_are_counted_only_as_far_as_the_risk_goes() -> None:
    bob = "bob@people.example"
    doubted = [journey(doubt=True), journey(bob, doubt=True)]
    verdict = check([ANN, ANN, bob, bob], *doubted, risk=1, addresses=(ANN, bob))
    assert (verdict.counted, verdict.uncounted) == ([ANN], [bob])
    assert verdict.faults(1) == [f"1 duplicated, uncounted: {bob}"]


def test_two_copies_without_a_recorded_doubt_are_uncounted() -> None:
    assert check([ANN, ANN], journey(), risk=9).uncounted == [ANN]


def test_three_copies_are_uncounted() -> None:
    assert check([ANN] * 3, journey(doubt=True), risk=9).uncounted == [ANN]


def test_a_second_text_is_uncounted_whatever_is_recorded() -> None:
    recorded = journey(NUMBER, doubt=True)
    assert check([NUMBER, NUMBER], recorded, risk=9, addresses=(NUMBER,)).uncounted == [NUMBER]


def test_counted_duplicates_beyond_what_the_fault_excuses_are_a_fault() -> None:
    verdict = check([ANN, ANN], journey(doubt=True), risk=1)
    assert verdict.faults(1) == []
    assert verdict.faults(0) == ["1 duplicated, counted, where the fault excuses 0"]


def test_whoever_said_no_or_was_never_accepted_is_unexpected() -> None:
    assert check([ANN, NO, "eve@people.example"], journey()).unexpected == [NO, "eve@people.example"]


def test_a_message_taken_and_recorded_as_failed_is_unexpected() -> None:
    assert check([ANN], journey(outcome="failed")).unexpected == [ANN]


def test_a_bounce_that_is_expected_is_ok() -> None:
    promise = Promise("d", [ANN])
    taken = [Taken(1.0, "sendgrid", ANN)]
    verdict = judge([promise], taken, [journey(outcome="failed")], {"d": 0}, expected={ANN: "failed"})
    assert verdict.ok == [ANN]


def test_a_reminder_that_is_missing_is_lost() -> None:
    assert check([ANN], journey(), each=2).lost == [ANN]
    assert check([ANN, ANN], journey(), each=2).ok == [ANN]
