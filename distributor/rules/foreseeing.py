"""What will become of a journey when nothing intervenes: dispatch's own rules, asked at each moment that is to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from distributor.rules.departure import Departure, Terms, begin_or_wait
from distributor.rules.eligibility import ContactFacts, Refusal
from distributor.rules.fallback import next_position, unanswered_at
from distributor.rules.timing import refuse_late


class Condition(StrEnum):
    """What brings a step. Stable: callers read them."""

    FIRST = "first"  # its moment
    UNANSWERED = "unanswered"  # no response to the step before, or at once if that one fails
    ON_FAILURE = "on_failure"  # only that the step before fails


class Rung(Protocol):
    """A step of a chain."""

    @property
    def channel(self) -> str: ...
    @property
    def fallback_delay_minutes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class ForeseenStep:
    """A message that will leave, at `departure.at` and after waiting for `departure.delay`.

    `on_failure` steps leave at the same moment as the one before, if that fails at once.
    """

    position: int
    condition: Condition
    departure: Departure


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A step on which nothing will leave: what will be found when its moment comes."""

    position: int
    at: datetime
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Foreseen:
    steps: list[ForeseenStep] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)


def foresee(
    chain: Sequence[Rung],
    terms: Terms,
    known: ContactFacts,
    given_at: datetime | None,
    zone: ZoneInfo,
    position: int,
    departure: Departure,
    *,
    is_multi: bool,
) -> Foreseen:
    """The journey of somebody whom acceptance puts on the step at `position`, to leave at `departure`.

    `terms` are as dispatch has them. Nobody answers, each message is taken by its provider, and nothing that is known
    changes. `given_at`: RecipientOptions.last_sent_at.
    """
    foreseen = Foreseen()
    channels = [rung.channel for rung in chain]
    condition = Condition.FIRST
    while True:
        moment = departure.at
        verdict = refuse_late(moment, terms.timetable) or begin_or_wait(
            terms, known, channels[position], given_at, zone, moment
        )
        if isinstance(verdict, Departure) and verdict.at > moment:
            departure = verdict
            continue
        if isinstance(verdict, Departure):
            foreseen.steps.append(ForeseenStep(position, condition, departure))
            delay = chain[position].fallback_delay_minutes
            condition = Condition.ON_FAILURE if delay is None else Condition.UNANSWERED
            departure = Departure(moment if delay is None else unanswered_at(moment, delay))
            # From now on the record of this survey is the journey's own, which does not hold it back.
            given_at, known = None, replace(known, last_surveyed_at=None)
            goes_on = is_multi
        else:
            foreseen.passed_over.append(PassedOver(position, moment, verdict))
            goes_on = is_multi and verdict.reason.is_about_the_channel
        following = next_position(channels, position, known.addresses) if goes_on else None
        if following is None:
            return foreseen
        position = following
