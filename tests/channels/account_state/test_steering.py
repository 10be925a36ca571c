"""Messages go where they arrive: shares by weights and by what came of earlier messages, in a world of bad accounts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.account_state.destinations import destination_of
from channels.account_state.steering import (
    EXPLORED_MESSAGES,
    FLOOR,
    HALF_LIFE,
    Record,
    Tally,
    factors,
    next_turn,
    shares,
)
from contacts.channel import Channel
from tests.channels.account_state.steered_world import Behaviour, World

GOOD = Behaviour()
SLOW, LYING, DEAD = Behaviour(seconds=20), Behaviour(delivers=0.3), Behaviour(is_dead=True)
KNOWN = Tally(taken=500, reported=500, delivered=490, calls=50, answered=500, seconds=10)
GMAIL, POLAND = "gmail.com", "+48"


def factor_of(tally: Tally, beside: Tally = KNOWN) -> float:
    return factors([Record(beside), Record(tally)], GMAIL)[1]


@pytest.mark.parametrize("seed", [1, 3])
def test_regret_beside_a_slow_a_lying_and_a_dead_account_is_bounded(seed: int) -> None:
    world = World([{0: GOOD}, {0: SLOW}, {0: LYING}, {0: DEAD}], [1, 1, 1, 1], seed)
    fixed = world.with_fixed_split()
    total = 100 * 15 * 50
    for each in (world, fixed):
        each.run(100, 15)
        assert sum(each.sent.values()) == total
    unavoidable = total * (1 - GOOD.delivers * (1 - GOOD.refuses))
    # 3 % of the messages, and those of the two minutes until the first reports had an effect.
    bound = FLOOR * total + 2 * 15 * 50
    assert world.lost - unavoidable < bound
    assert fixed.lost - unavoidable > 8 * bound
    # The slow account takes a thousand times as long: it keeps less than a tenth of its part of the fixed split.
    assert world.seconds < fixed.seconds / 8


def test_accounts_that_differ_by_destination_get_their_own_destinations() -> None:
    world = World(
        [{0: GOOD}, {0: GOOD}],
        [1, 1],
        mix={GMAIL: 5, "outlook.com": 4, "example.org": 1},
        worse_at={(0, GMAIL): LYING, (1, "outlook.com"): LYING},
    )
    fixed = world.with_fixed_split()
    total = 60 * 15 * 50
    unavoidable = total * (1 - GOOD.delivers * (1 - GOOD.refuses))
    assert world.run(60, 15).lost - unavoidable < FLOOR * total + 2 * 15 * 50
    assert fixed.run(60, 15).lost - unavoidable > 0.25 * total


def test_an_account_that_recovers_is_found_again() -> None:
    lies_for_an_hour = {0: GOOD, 30: LYING, 90: GOOD}
    sent_by = World([{0: GOOD}, lies_for_an_hour], [1, 1]).run(180, 6).sent_by

    def share_between(first: int, last: int) -> float:
        sent = sent_by[last - 1] - sent_by[first]
        return sent[1] / sent.total()

    assert 0.35 < share_between(0, 30) < 0.65
    assert share_between(35, 90) < 0.05
    assert 0.35 < share_between(120, 180) < 0.65


def test_equal_accounts_keep_to_the_weights() -> None:
    world = World([{0: GOOD}, {0: replace(GOOD, reports=False)}], [3, 1])
    world.run(40, 15)
    assert 0.71 < world.sent[0] / sum(world.sent.values()) < 0.79


@pytest.mark.parametrize(
    ("what", "tally"),
    [
        ("nothing is known", Tally()),
        ("two messages bounced, which may be chance", Tally(taken=2, reported=2)),
        ("no delivery is ever reported", replace(KNOWN, reported=0, delivered=0)),
        ("a few more addresses are dead", replace(KNOWN, refused=25, delivered=480)),
        ("one call in fifty failed", replace(KNOWN, failed_calls=1)),
        ("calls take twice as long", replace(KNOWN, seconds=20)),
        ("a call took half a minute", Tally(calls=1, answered=1, taken=1, seconds=20)),
    ],
)
def test_nothing_moves_without_enough_evidence(what: str, tally: Tally) -> None:
    assert factor_of(tally) == pytest.approx(1, abs=0.01), what


@pytest.mark.parametrize(
    ("what", "tally"),
    [
        ("it accepts, and most of it bounces", replace(KNOWN, delivered=150)),
        ("it refuses far more addresses than the other", replace(KNOWN, taken=200, refused=300)),
        ("most of its calls fail", replace(KNOWN, failed_calls=40)),
        ("a message takes half a minute", replace(KNOWN, seconds=15_000)),
    ],
)
def test_what_is_far_worse_costs_nearly_the_whole_share(what: str, tally: Tally) -> None:
    assert factor_of(tally) < 0.05, what
    assert shares([1, 1], factors([Record(KNOWN), Record(tally)], GMAIL))[1] > 0.02


def test_accounts_that_are_all_bad_keep_to_the_weights() -> None:
    bad = replace(KNOWN, delivered=50)
    assert factors([Record(bad), Record(bad)], GMAIL) == [1, 1]


def test_a_destination_that_is_counted_apart_is_not_compared_with_all_others() -> None:
    hard = Record(KNOWN, {"hard.example": replace(KNOWN, delivered=200)})
    assert factors([hard, Record(KNOWN)], "hard.example") == [1, 1]


def test_evidence_fades() -> None:
    lied = replace(KNOWN, delivered=150)
    assert factor_of(lied.aged(10 * HALF_LIFE)) > 0.9
    assert KNOWN.aged(timedelta(hours=-1)) == KNOWN


def test_people_of_all_destinations_go_together_while_accounts_are_equal() -> None:
    records = [Record(KNOWN), Record(KNOWN)]
    turn = next_turn([1, 1], records, {GMAIL: 3, "outlook.com": 2}, [0.9, 0.1])
    assert (turn.destinations, list(turn.accounts), turn.limit) == (frozenset({GMAIL, "outlook.com"}), [1, 0], None)


def test_a_call_is_split_where_accounts_differ_by_destination() -> None:
    lying = replace(KNOWN, delivered=100)
    records = [Record(KNOWN, {GMAIL: lying}), Record(KNOWN, {GMAIL: KNOWN})]
    counts = {"outlook.com": 3, GMAIL: 2}
    turn = next_turn([1, 1], records, counts, [0.2, 0.3])
    assert (turn.destinations, list(turn.accounts)) == (frozenset({"outlook.com"}), [0, 1])
    turn = next_turn([1, 1], records, {GMAIL: 2}, [0.2, 0.3])
    assert (turn.destinations, list(turn.accounts), turn.limit) == (frozenset({GMAIL}), [1, 0], None)


def test_a_bad_account_is_explored_with_few_messages_of_one_destination() -> None:
    records = [Record(KNOWN), Record(replace(KNOWN, delivered=100))]
    turn = next_turn([1, 1], records, {GMAIL: 900, "outlook.com": 100}, [0.999, 0.0001])
    assert (turn.destinations, turn.accounts[0], turn.limit) == (frozenset({GMAIL}), 1, EXPLORED_MESSAGES)


@pytest.mark.parametrize(
    ("channel", "address", "destination"),
    [
        (Channel.EMAIL, "ann@Gmail.com", GMAIL),
        (Channel.EMAIL, f"ann@{'x' * 60}.example", ""),
        (Channel.SMS, "+48600000001", POLAND),
        (Channel.WHATSAPP, "+12025550123", "+1"),
        (Channel.SMS, "+4915112345678", "+49"),
        (Channel.SMS, "+35312345678", "+353"),
        (Channel.SMS, "+21012345678", ""),
        (Channel.SMS, "", ""),
    ],
)
def test_a_destination_is_a_calling_code_or_a_mail_domain(channel: str, address: str, destination: str) -> None:
    assert destination_of(channel, address) == destination
