"""What will become of a journey when nothing intervenes: dispatch's own rules, asked at each moment that is to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from distributor.rules.chaining import Passage, StepKind, follow_up
from distributor.rules.departure import Departure, Terms, begin_or_wait
from distributor.rules.eligibility import ContactFacts, Refusal
from distributor.rules.retrying import Ending
from distributor.rules.timing import refuse_late


class Condition(StrEnum):
    """What brings a step. Stable: callers read them."""

    FIRST = "first"  # its moment
    UNANSWERED = "unanswered"  # no response to the step before, or at once if that one fails
    ON_FAILURE = "on_failure"  # only that the step before fails


class ForeseenRung(NamedTuple):
    """A step of a chain that is not stored yet, as rules/chaining.py wants it."""

    id: UUID
    position: int
    kind: str
    channel: str
    fallback_delay_minutes: int | None
    delay_minutes: int | None
    scheduled_at: datetime | None = None  # of what is added later


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


@dataclass(frozen=True, slots=True)
class Traveller:
    """Whose journey is foreseen, and under which terms (as dispatch has them). `given_at`: what its call gave as the
    last send."""

    terms: Terms
    known: ContactFacts
    given_at: datetime | None
    zone: ZoneInfo
    is_multi: bool


def foresee(rungs: Sequence[ForeseenRung], traveller: Traveller, position: int, departure: Departure) -> Foreseen:
    """The journey of somebody whom acceptance puts on the step at `position`, to leave at `departure`.

    Nobody answers, each message is taken by its provider, and nothing that is known changes; so fallbacks and
    reminders are foreseen, and thank-yous are not. Behind a step without a fallback delay the plan also says what would
    follow if it failed at once.
    """
    foreseen = Foreseen()
    _travel(foreseen, rungs, traveller, rungs[position], Condition.FIRST, departure, frozenset())
    foreseen.steps.sort(key=lambda step: step.position)
    return foreseen


def _travel(
    foreseen: Foreseen,
    rungs: Sequence[ForeseenRung],
    traveller: Traveller,
    rung: ForeseenRung,
    condition: Condition,
    departure: Departure,
    tried: frozenset[UUID],
) -> None:
    while True:
        verdict, departure = _arrive(traveller, rung, departure)
        moment = departure.at
        if isinstance(verdict, Refusal):
            foreseen.passed_over.append(PassedOver(rung.position, moment, verdict))
            if not verdict.reason.is_about_the_channel:
                return
            passage = Passage(Ending.FAILED, bool(tried), moment, moment, tried)
        else:
            foreseen.steps.append(ForeseenStep(rung.position, condition, departure))
            # From now on the record of this survey is the journey's own, which does not hold it back.
            traveller = replace(traveller, given_at=None, known=replace(traveller.known, last_surveyed_at=None))
            if rung.kind == StepKind.INVITATION and rung.fallback_delay_minutes is None:
                failed = Passage(Ending.FAILED, bool(tried), moment, moment, tried)
                instead = _next(rungs, traveller, rung, failed)
                if instead is not None and instead[0].kind == StepKind.INVITATION:
                    invitations = [one for one in rungs if one.kind == StepKind.INVITATION]
                    onward = tried | {rung.id}
                    _travel(foreseen, invitations, traveller, instead[0], Condition.ON_FAILURE, departure, onward)
            tried |= {rung.id}
            passage = Passage(Ending.SENT, True, moment, moment, tried)
            departure, condition = Departure(moment), Condition.UNANSWERED
        following = _next(rungs, traveller, rung, passage)
        if following is None:
            return
        rung = following[0]
        departure = replace(departure, at=following[1])


def _arrive(traveller: Traveller, rung: ForeseenRung, departure: Departure) -> tuple[Departure | Refusal, Departure]:
    """What begin will say when the moment has come, and that moment; it may put the message off once more."""
    while True:
        terms, moment = traveller.terms, departure.at
        verdict = refuse_late(moment, terms.timetable) or begin_or_wait(
            terms, traveller.known, rung.channel, traveller.given_at, traveller.zone, moment
        )
        if isinstance(verdict, Refusal) or verdict.at <= moment:
            return verdict, departure
        departure = verdict


def _next(
    rungs: Sequence[ForeseenRung], traveller: Traveller, rung: ForeseenRung, passage: Passage
) -> tuple[ForeseenRung, datetime] | None:
    reachable = {channel for channel, address in traveller.known.addresses.items() if address}
    return follow_up(rungs, rung, passage, is_multi=traveller.is_multi, reachable=reachable, now=passage.last_at)
