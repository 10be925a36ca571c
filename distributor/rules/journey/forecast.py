"""Forecast a journey for a dry run: apply dispatch's own rules to each step, as of the time when it will be due."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import ContactFacts, Refusal, channels_to_try
from distributor.rules.journey.chain import Passage, StepKind, next_step
from distributor.rules.journey.retry import Ending
from distributor.rules.timing.departure import Departure, Terms, recheck_departure
from distributor.rules.timing.timetable import refuse_late


class Condition(StrEnum):
    """What makes a step be sent. The values are public: callers read them."""

    FIRST = "first"  # its time has come
    UNANSWERED = "unanswered"  # no response to the step before; at once if that one fails
    ON_FAILURE = "on_failure"  # only the failure of the step before


class ForecastStep(NamedTuple):
    """A step that is not stored yet, as a ChainStep of rules/journey/chain.py."""

    id: UUID
    position: int
    kind: str
    channel: str
    fallback_delay_minutes: int | None
    delay_minutes: int | None
    scheduled_at: datetime | None = None  # only of steps added later


@dataclass(frozen=True, slots=True)
class ForecastMessage:
    """A message that will leave. One that is `on_failure` leaves at `departure.at` if the step before fails at once."""

    position: int
    condition: Condition
    departure: Departure


@dataclass(frozen=True, slots=True)
class SkippedStep:
    """A step on which nothing will leave, and the refusal that will be found at its time."""

    position: int
    at: datetime
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class JourneyForecast:
    steps: list[ForecastMessage] = field(default_factory=list)
    skipped_steps: list[SkippedStep] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ForecastSubject:
    """The recipient whose journey is forecast, and the terms that dispatch will use.

    `given_at` is the last send of the survey as the call gave it.
    """

    terms: Terms
    facts: ContactFacts
    given_at: datetime | None
    zone: ZoneInfo
    is_multi: bool

    def after_first_send(self) -> "ForecastSubject":
        """Return the subject once its first message has left: its own sends do not throttle the journey."""
        return replace(self, given_at=None, facts=replace(self.facts, last_surveyed_at=None))

    @property
    def channels_with_address(self) -> set[str]:
        return {channel for channel, address in self.facts.addresses.items() if address}


def forecast_journey(
    steps: Sequence[ForecastStep], subject: ForecastSubject, position: int, departure: Departure
) -> JourneyForecast:
    """Forecast a journey whose first message is the step at `position` and leaves at `departure`.

    The forecast assumes that nobody responds, that providers accept every message, and that the known facts do not
    change. It therefore holds fallbacks and reminders but no thank-yous. After a step without a fallback delay it also
    holds what would follow if that step failed at once.
    """
    forecast = JourneyForecast()
    _forecast_from(forecast, steps, subject, steps[position], Condition.FIRST, departure, frozenset())
    forecast.steps.sort(key=lambda message: message.position)
    return forecast


def _forecast_from(
    forecast: JourneyForecast,
    steps: Sequence[ForecastStep],
    subject: ForecastSubject,
    step: ForecastStep,
    condition: Condition,
    departure: Departure,
    tried: frozenset[UUID],
) -> None:
    """Add a step to the forecast, and all that follows it. `tried` are the steps that messages left on before."""
    last_at: datetime | None = departure.at if tried else None
    while True:
        verdict, departure = _judge_step(subject, step, departure)
        at = departure.at
        if isinstance(verdict, Refusal):
            forecast.skipped_steps.append(SkippedStep(step.position, at, verdict))
            if not verdict.reason.is_about_the_channel:
                return
            reachable = channels_to_try(subject.facts)
            passage = Passage(Ending.FAILED, at if tried else None, at, last_at or at, tried)
        else:
            forecast.steps.append(ForecastMessage(step.position, condition, departure))
            subject = subject.after_first_send()
            if step.kind == StepKind.INVITATION and step.fallback_delay_minutes is None:
                _forecast_failure(forecast, steps, subject, step, departure, tried)
            tried |= {step.id}
            reachable, last_at = subject.channels_with_address, at
            passage = Passage(Ending.SENT, at, at, at, tried)
            departure, condition = Departure(at), Condition.UNANSWERED
        following = next_step(steps, step, passage, is_multi=subject.is_multi, reachable=reachable, now=at)
        if following is None:
            return
        step = following[0]
        departure = replace(departure, at=following[1])


def _forecast_failure(
    forecast: JourneyForecast,
    steps: Sequence[ForecastStep],
    subject: ForecastSubject,
    step: ForecastStep,
    departure: Departure,
    tried: frozenset[UUID],
) -> None:
    """Add the invitations that would follow if this step failed at once."""
    at = departure.at
    failed = Passage(Ending.FAILED, at if tried else None, at, at, tried)
    reachable = subject.channels_with_address
    instead = next_step(steps, step, failed, is_multi=subject.is_multi, reachable=reachable, now=at)
    if instead is not None and instead[0].kind == StepKind.INVITATION:
        invitations = [other for other in steps if other.kind == StepKind.INVITATION]
        _forecast_from(forecast, invitations, subject, instead[0], Condition.ON_FAILURE, departure, tried | {step.id})


def _judge_step(
    subject: ForecastSubject, step: ForecastStep, departure: Departure
) -> tuple[Departure | Refusal, Departure]:
    """Return dispatch's verdict on a step, and the moment of that verdict. Dispatch may defer the message again."""
    while True:
        terms, now = subject.terms, departure.at
        verdict = refuse_late(now, terms.timetable) or recheck_departure(
            terms, subject.facts, step.channel, subject.given_at, subject.zone, now
        )
        if isinstance(verdict, Refusal) or verdict.at <= now:
            return verdict, departure
        departure = verdict
