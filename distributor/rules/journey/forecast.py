"""What will become of a journey when nothing intervenes: dispatch's own rules, asked at each moment that is to come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import ContactFacts, Refusal, channels_to_go_on
from distributor.rules.journey.chain import Passage, StepKind, next_step
from distributor.rules.journey.retry import Ending
from distributor.rules.timing.departure import Departure, Terms, begin_or_wait
from distributor.rules.timing.timetable import refuse_late


class Condition(StrEnum):
    """What brings a step. Stable: callers read them."""

    FIRST = "first"  # its moment
    UNANSWERED = "unanswered"  # no response to the step before, or at once if that one fails
    ON_FAILURE = "on_failure"  # only that the step before fails


class ForecastStep(NamedTuple):
    """A step of a chain that is not stored yet, as rules/journey/chain.py wants it."""

    id: UUID
    position: int
    kind: str
    channel: str
    fallback_delay_minutes: int | None
    delay_minutes: int | None
    scheduled_at: datetime | None = None  # of what is added later


@dataclass(frozen=True, slots=True)
class ForecastMessage:
    """A message that will leave, at `departure.at` and after waiting for `departure.delay`.

    `on_failure` steps leave at the same moment as the one before, if that fails at once.
    """

    position: int
    condition: Condition
    departure: Departure


@dataclass(frozen=True, slots=True)
class SkippedStep:
    """A step on which nothing will leave: what will be found when its moment comes."""

    position: int
    at: datetime
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class JourneyForecast:
    steps: list[ForecastMessage] = field(default_factory=list)
    passed_over: list[SkippedStep] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ForecastSubject:
    """Whose journey is foreseen, and under which terms (as dispatch has them). `given_at`: what its call gave as the
    last send."""

    terms: Terms
    known: ContactFacts
    given_at: datetime | None
    zone: ZoneInfo
    is_multi: bool


def forecast_journey(
    rungs: Sequence[ForecastStep], traveller: ForecastSubject, position: int, departure: Departure
) -> JourneyForecast:
    """The journey of somebody whom acceptance puts on the step at `position`, to leave at `departure`.

    Nobody answers, each message is taken by its provider, and nothing that is known changes; so fallbacks and
    reminders are foreseen, and thank-yous are not. Behind a step without a fallback delay the plan also says what would
    follow if it failed at once.
    """
    foreseen = JourneyForecast()
    _travel(foreseen, rungs, traveller, rungs[position], Condition.FIRST, departure, frozenset())
    foreseen.steps.sort(key=lambda step: step.position)
    return foreseen


def _travel(
    foreseen: JourneyForecast,
    rungs: Sequence[ForecastStep],
    traveller: ForecastSubject,
    rung: ForecastStep,
    condition: Condition,
    departure: Departure,
    tried: frozenset[UUID],
) -> None:
    last_at: datetime | None = departure.at if tried else None
    while True:
        verdict, departure = _arrive(traveller, rung, departure)
        moment = departure.at
        if isinstance(verdict, Refusal):
            foreseen.passed_over.append(SkippedStep(rung.position, moment, verdict))
            if not verdict.reason.is_about_the_channel:
                return
            reachable = channels_to_go_on(traveller.known)
            passage = Passage(Ending.FAILED, moment if tried else None, moment, last_at or moment, tried)
        else:
            foreseen.steps.append(ForecastMessage(rung.position, condition, departure))
            # From now on the record of this survey is the journey's own, which does not hold it back.
            traveller = replace(traveller, given_at=None, known=replace(traveller.known, last_surveyed_at=None))
            if rung.kind == StepKind.INVITATION and rung.fallback_delay_minutes is None:
                failed = Passage(Ending.FAILED, moment if tried else None, moment, moment, tried)
                instead = _next(rungs, traveller, rung, failed, _addressed(traveller), moment)
                if instead is not None and instead[0].kind == StepKind.INVITATION:
                    invitations = [one for one in rungs if one.kind == StepKind.INVITATION]
                    onward = tried | {rung.id}
                    _travel(foreseen, invitations, traveller, instead[0], Condition.ON_FAILURE, departure, onward)
            tried |= {rung.id}
            reachable, last_at = _addressed(traveller), moment
            passage = Passage(Ending.SENT, moment, moment, moment, tried)
            departure, condition = Departure(moment), Condition.UNANSWERED
        following = _next(rungs, traveller, rung, passage, reachable, moment)
        if following is None:
            return
        rung = following[0]
        departure = replace(departure, at=following[1])


def _arrive(
    traveller: ForecastSubject, rung: ForecastStep, departure: Departure
) -> tuple[Departure | Refusal, Departure]:
    """What begin will say when the moment has come, and that moment; it may put the message off once more."""
    while True:
        terms, moment = traveller.terms, departure.at
        verdict = refuse_late(moment, terms.timetable) or begin_or_wait(
            terms, traveller.known, rung.channel, traveller.given_at, traveller.zone, moment
        )
        if isinstance(verdict, Refusal) or verdict.at <= moment:
            return verdict, departure
        departure = verdict


def _addressed(traveller: ForecastSubject) -> set[str]:
    """What is known when a message has left: whether there is an address."""
    return {channel for channel, address in traveller.known.addresses.items() if address}


def _next(
    rungs: Sequence[ForecastStep],
    traveller: ForecastSubject,
    rung: ForecastStep,
    passage: Passage,
    reachable: Collection[str],
    now: datetime,
) -> tuple[ForecastStep, datetime] | None:
    return next_step(rungs, rung, passage, is_multi=traveller.is_multi, reachable=reachable, now=now)
