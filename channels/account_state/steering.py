"""Share messages between accounts by their weights and by what came of their last messages. Pure.

An account's share for one destination is its weight, times a factor from 0 to 1 that compares it with the best account.
An account loses share only as far as it is certainly worse: its upper Wilson bound is compared with the lower bound of
the best. It always keeps FLOOR of its weight, so that an account that recovers is found again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from math import log, prod, sqrt

# What is remembered fades: half of it in six hours, so that tomorrow's campaign still knows something, and half of it
# with each 300 further messages (30 calls), so that an account that recovers is soon believed.
HALF_LIFE = timedelta(hours=6)
REMEMBERED_MESSAGES = 300
REMEMBERED_CALLS = 30
# A receipt that comes later than this after the hand-over is as bad as none.
IN_TIME = timedelta(minutes=15)
# An account keeps this part of its weight, however bad it is.
FLOOR = 0.03
# Below this factor an account is only explored: with few messages at a time, and those of one destination.
EXPLORED_BELOW = 0.5
EXPLORED_MESSAGES = 20
# How far an account may stay behind the best before it counts: lists differ in how many dead addresses they have.
TOLERATED_LOSS = 0.05
# Each percent that an account loses beyond that costs about 8 % of its share.
_SEVERITY = 8
# Every account begins with so many good messages, so that the first few bad ones, perhaps of one company, move nothing.
_CREDIT = 5
_Z = 2.0  # standard deviations of the Wilson bounds: 95 %
# Faster than one second per message, or than twice the best, is fast enough. It takes some messages to be slow.
_FAST_SECONDS = 1.0
_FAST_MESSAGES = 20


class Measure(StrEnum):
    """What accounts are compared by."""

    DELIVERED = "delivered"  # messages reported as delivered in time, of those reported on
    TAKEN = "taken"  # messages accepted, of those that the account answered for
    WORKED = "worked"  # calls that did not fail because of the account
    SECONDS = "seconds"  # of a call, per message


@dataclass(frozen=True, slots=True)
class Tally:
    """Decayed counts of what came of an account's messages to one destination.

    `refused` counts messages that the account did not take because of the recipient or the message. Of the messages
    `reported` on, `delivered` are those reported as delivered in time. `calls` to `seconds` concern the account as a
    whole, so only the tally of the other destinations has them: calls that failed because of the account, and the
    seconds that calls took for `answered` messages.
    """

    taken: float = 0.0
    refused: float = 0.0
    reported: float = 0.0
    delivered: float = 0.0
    calls: float = 0.0
    failed_calls: float = 0.0
    answered: float = 0.0
    seconds: float = 0.0

    def aged(self, age: timedelta) -> "Tally":
        """Return what is left of the tally after this time."""
        left = 0.5 ** max(age / HALF_LIFE, 0.0)
        return replace(self, **{each.name: getattr(self, each.name) * left for each in fields(self)})


_NOTHING = Tally()


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an account: its destinations that are counted apart, and all others together."""

    others: Tally = _NOTHING
    destinations: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """The next call: it is for the people of these destinations, and the accounts are asked in this order.

    `accounts` are places in the given sequences. `limit` is the most messages that explore the first account.
    """

    destinations: frozenset[str]
    accounts: Sequence[int]
    limit: int | None = None


def factors(records: Sequence[Record], destination: str) -> list[float]:
    """Return a factor from 0 to 1 for each account: how it compares with the best one for this destination.

    An account of which too little is known has 1. So has an account that never reports deliveries, as far as those
    are concerned.
    """
    return [prod(of_account) for of_account in zip(*factors_by_measure(records, destination).values(), strict=True)]


def factors_by_measure(records: Sequence[Record], destination: str) -> dict[Measure, list[float]]:
    """Return what the factor of each account is made of. Calls and their time are judged over all destinations."""
    tallies = tallies_for(records, destination)
    overall = [record.others for record in records]
    return {
        Measure.DELIVERED: _compare([(each.delivered, each.reported) for each in tallies], TOLERATED_LOSS),
        Measure.TAKEN: _compare([(each.taken, each.taken + each.refused) for each in tallies], TOLERATED_LOSS),
        Measure.WORKED: _compare([(each.calls - each.failed_calls, each.calls) for each in overall], 0.0),
        Measure.SECONDS: _quickness(overall),
    }


def is_apart(records: Sequence[Record], destination: str) -> bool:
    """Return whether any account counts a destination apart from the others."""
    return any(destination in record.destinations for record in records)


def tallies_for(records: Sequence[Record], destination: str) -> list[Tally]:
    """Return each account's tally for a destination. If any account counts it apart, the others' is their own or empty.

    Comparing one account's numbers for gmail.com with another's for everything else would be unfair.
    """
    if is_apart(records, destination):
        return [record.destinations.get(destination, _NOTHING) for record in records]
    return [record.others for record in records]


def shares(weights: Sequence[int], account_factors: Sequence[float]) -> list[float]:
    """Return each account's share of the messages; they sum to 1."""
    steered = [weight * max(factor, FLOOR) for weight, factor in zip(weights, account_factors, strict=True)]
    return [each / sum(steered) for each in steered]


def next_turn(
    weights: Sequence[int], records: Sequence[Record], counts: Mapping[str, int], draws: Sequence[float]
) -> Turn:
    """Choose an account for people of several destinations, of whom `counts` says how many there are.

    The first destination decides: one draw in [0, 1) per account makes each come first in proportion to its share
    (Efraimidis and Spirakis). People of another destination go along if the same draws choose the same account for
    them. So a call is split only where accounts differ by destination. A call that explores takes nobody along.
    """
    arrivals = [-log(1 - draw) for draw in draws]
    first = next(iter(counts))
    factors_of = {destination: factors(records, destination) for destination in counts}
    shares_of = {destination: shares(weights, each) for destination, each in factors_of.items()}
    account = _order(arrivals, shares_of[first])[0]
    if factors_of[first][account] < EXPLORED_BELOW:
        return Turn(frozenset({first}), _order(arrivals, shares_of[first]), EXPLORED_MESSAGES)
    going = {first} | {
        destination
        for destination in counts
        if _order(arrivals, shares_of[destination])[0] == account and factors_of[destination][account] >= EXPLORED_BELOW
    }
    mixed = [sum(counts[each] * shares_of[each][place] for each in going) for place in range(len(weights))]
    following = [place for place in _order(arrivals, mixed) if place != account]
    return Turn(frozenset(going), [account, *following])


def _order(arrivals: Sequence[float], account_shares: Sequence[float]) -> list[int]:
    return sorted(range(len(arrivals)), key=lambda place: arrivals[place] / account_shares[place])


def _compare(ratios: Sequence[tuple[float, float]], tolerated: float) -> list[float]:
    """Return a factor per account, from (good, all) of its messages. An account without messages is no standard."""
    best = max(_wilson(good, count)[0] for good, count in ratios)
    uppers = [_wilson(good + _CREDIT, count + _CREDIT)[1] for good, count in ratios]
    return [min((upper + tolerated) / best, 1.0) ** _SEVERITY if best > 0 else 1.0 for upper in uppers]


def _wilson(good: float, count: float) -> tuple[float, float]:
    """Return the lower and upper bound of a ratio, 0 and 1 if nothing was counted."""
    if count <= 0:
        return 0.0, 1.0
    ratio, square = min(max(good / count, 0.0), 1.0), _Z * _Z
    middle = ratio + square / (2 * count)
    spread = _Z * sqrt(ratio * (1 - ratio) / count + square / (4 * count * count))
    whole = 1 + square / count
    return max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0)


def _quickness(tallies: Sequence[Tally]) -> list[float]:
    seconds = [each.seconds / (each.answered + _FAST_MESSAGES) for each in tallies]
    known = [each.seconds / each.answered for each in tallies if each.answered >= _FAST_MESSAGES]
    enough = max(_FAST_SECONDS, 2 * min(known, default=0.0))
    return [min(enough / each, 1.0) if each > 0 else 1.0 for each in seconds]
