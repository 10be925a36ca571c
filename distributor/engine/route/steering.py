"""Which of the accounts that share a step's messages by weight is used next, and what came of it.

The rule is channels/account_state/steering.py. Steps with one account, or with stand-ins in order, pay nothing for it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import random
from typing import Any, Protocol, TypeVar
from uuid import UUID

from channels.account_state.destinations import OTHERS, destination_of
from channels.account_state.evidence import is_accounts_failure
from channels.account_state.scores import Gain, add_to_scores, record_of
from channels.account_state.steering import (
    Measure,
    Record,
    Tally,
    factors,
    factors_by_measure,
    is_apart,
    next_turn,
    shares,
    tallies_for,
)
from channels.providers.base import Outcome, Result
from distributor.engine.eligibility.facts import Reachable, address_on
from distributor.engine.route.accounts import AccountOption

# One call counts for at most so many messages of a destination: they are mostly of one list, good or bad as a whole.
MOST_COUNTED = 100
# A share is explained once an account is held back to less than this part of its weight.
EXPLAINED_BELOW = 0.9

_Person = TypeVar("_Person")


class Report(Protocol):
    """What a provider has newly reported on an attempt (feedback/event_store.py)."""

    @property
    def account_id(self) -> UUID: ...
    @property
    def channel(self) -> str: ...
    @property
    def is_in_time(self) -> bool | None: ...
    @property
    def has_failed(self) -> bool: ...
    @property
    def weighed_address(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """The accounts in the order in which they are asked, and who is sent to now: by their places, in their order."""

    account_options: Sequence[AccountOption]
    places: Sequence[int]

    def of(self, people: Sequence[_Person]) -> Sequence[_Person]:
        return people if len(self.places) == len(people) else [people[place] for place in self.places]


def choose_accounts(
    account_options: Sequence[AccountOption], channel: str, people: Sequence[Reachable], now: datetime
) -> Chosen:
    """Choose the account for the next messages to these people. Accounts without weights keep their order."""
    active = [option for option in account_options if option.is_active]
    if len(active) < 2 or active[0].weight is None:
        return Chosen(account_options, range(len(people)))
    records = _records(active, now)
    is_steered = active[0].scores is not None
    destinations = _destinations(channel, people) if is_steered else [OTHERS] * len(people)
    weights = [option.weight or 0 for option in active]
    turn = next_turn(weights, records, Counter(destinations), [random() for _ in active])  # noqa: S311  no secret
    places = [place for place, destination in enumerate(destinations) if destination in turn.destinations]
    inactive = [option for option in account_options if not option.is_active]
    return Chosen([*(active[place] for place in turn.accounts), *inactive], places[: turn.limit])


def record_results(
    option: AccountOption,
    channel: str,
    people: Sequence[Reachable],
    results: Sequence[Result],
    seconds: float,
    now: datetime,
) -> None:
    """Add the results of a call, which took so long, to the scores of an account that shares messages by weight."""
    if option.scores is None:
        return
    by_destination = zip(_destinations(channel, people), results, strict=True)
    answered = [each for each in by_destination if each[1].outcome is not Outcome.THROTTLED]
    if not answered:
        return
    failed = sum(is_accounts_failure(result) for _, result in answered)
    call = Tally(calls=1, failed_calls=failed / len(answered), answered=len(answered), seconds=max(seconds, 0.0))
    taken = Counter(destination for destination, result in answered if result.outcome is Outcome.ACCEPTED)
    refused = Counter(destination for destination, result in answered if _is_refused(result))
    gains = [Gain(option.account.id, OTHERS, call)]
    for destination, count in (taken + refused).items():
        scale = min(MOST_COUNTED / count, 1.0)
        tally = Tally(taken=taken[destination] * scale, refused=refused[destination] * scale)
        gains.append(Gain(option.account.id, destination, tally))
    add_to_scores(gains, now, random)


def record_reports(reports: Sequence[Report], now: datetime) -> None:
    """Add what providers reported on messages to the scores of their accounts. Those are of steps with weights.

    A message that is reported as delivered and then as failed counts once as each.
    """
    counts: dict[tuple[UUID, str], Tally] = {}
    for report in reports:
        reported = (report.is_in_time is not None) + report.has_failed
        if not reported:
            continue
        key = (report.account_id, destination_of(report.channel, report.weighed_address or ""))
        known = counts.get(key, Tally())
        counts[key] = replace(
            known, reported=known.reported + reported, delivered=known.delivered + bool(report.is_in_time)
        )
    if counts:
        add_to_scores([Gain(*key, tally) for key, tally in counts.items()], now)


def _records(account_options: Sequence[AccountOption], now: datetime) -> list[Record]:
    return [record_of(option.scores or (), now) for option in account_options]


def _destinations(channel: str, people: Sequence[Reachable]) -> list[str]:
    return [destination_of(channel, address_on(channel, person.email, person.phone)) for person in people]


def _is_refused(result: Result) -> bool:
    """Return whether a message was refused although the account works. An opt-out is the person's own."""
    is_refusal = result.outcome in (Outcome.PERMANENT, Outcome.TRANSIENT)
    return is_refusal and not result.opted_out and not is_accounts_failure(result)


def routes_of(
    account_options: Sequence[AccountOption], account_id: UUID, channel: str, people: Sequence[Reachable], now: datetime
) -> list[dict[str, Any] | None]:
    """Return for each person why the account was used, as the timeline tells it; None if all accounts are equal."""
    active = [option for option in account_options if option.is_active or option.account.id == account_id]
    if len(active) < 2 or active[0].scores is None:
        return [None] * len(people)
    destinations, records = _destinations(channel, people), _records(active, now)
    used = next(place for place, option in enumerate(active) if option.account.id == account_id)
    by_destination = {destination: _explain(active, records, used, destination) for destination in set(destinations)}
    return [by_destination[destination] for destination in destinations]


def _explain(
    options: Sequence[AccountOption], records: Sequence[Record], used: int, destination: str
) -> dict[str, Any] | None:
    """Compare the account that is used with the one that is held back most; if it is that one, with the best."""
    account_factors = factors(records, destination)
    if min(account_factors) >= EXPLAINED_BELOW:
        return None
    places = sorted(range(len(options)), key=lambda place: account_factors[place])
    worst, best = places[0], places[-1]
    by_measure = factors_by_measure(records, destination)
    measure = min(Measure, key=lambda each: by_measure[each][worst])
    weights = [option.weight or 0 for option in options]
    tallies = tallies_for(records, destination) if measure in (Measure.DELIVERED, Measure.TAKEN) else None
    other = best if used == worst else worst

    def numbers(place: int) -> dict[str, Any]:
        return _numbers(measure, tallies[place] if tallies else records[place].others)

    return {
        "account": options[used].name,
        "share": round(100 * shares(weights, account_factors)[used]),
        "weight": round(100 * weights[used] / sum(weights)),
        # A domain that is not counted apart may be one person's own, and would outlive the person's erasure.
        "destination": destination if is_apart(records, destination) else OTHERS,
        "measure": measure.value,
        **numbers(used),
        "other": {"account": options[other].name, **numbers(other)},
    }


def _numbers(measure: Measure, tally: Tally) -> dict[str, Any]:
    """Return the numbers of a measure: a percentage `of` so many, or the seconds per message."""
    match measure:
        case Measure.DELIVERED:
            part, count = tally.delivered, tally.reported
        case Measure.TAKEN:
            part, count = tally.taken, tally.taken + tally.refused
        case Measure.WORKED:
            part, count = tally.calls - tally.failed_calls, tally.calls
        case Measure.SECONDS:
            return {"seconds": round(tally.seconds / tally.answered, 1) if tally.answered else 0.0}
    return {"percent": round(100 * part / count) if count else None, "of": round(count)}
