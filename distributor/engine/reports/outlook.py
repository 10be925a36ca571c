"""What is still to come for a recipient, by the rules that dispatch will apply: a dry run's forecast, from now on."""

from dataclasses import dataclass, replace
from datetime import datetime

from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import team_of, terms_of
from distributor.engine.reports.timeline import Timeline
from distributor.models.distribution import ChannelMode
from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import ContactLimits
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import ForecastStep, ForecastSubject, forecast_journey
from distributor.rules.phrases import explain, explain_step
from distributor.rules.timing.departure import Departure
from distributor.rules.timing.time_zones import zone_named
from distributor.rules.timing.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Expected:
    """A message that will leave at `at`, or that will not leave then, in a sentence."""

    at: datetime
    text: str
    is_sent: bool


def read_outlook(timeline: Timeline, now: datetime) -> list[Expected]:
    """Return the messages that follow if nobody responds, providers accept everything and nothing else changes.

    Their sentences are in the timeline's language.

    Nothing for recipients who do not wait, and while the distribution is cancelled. The recipient's contact, and the
    distribution's organisation, are loaded. Takes up to three queries.
    """
    recipient, distribution = timeline.recipient, timeline.batch.distribution
    if timeline.state != RecipientState.WAITING:
        return []
    mine = [step for step in distribution.steps.all() if step.contact_id in (None, recipient.contact_id)]
    steps = [
        ForecastStep(
            step.pk,
            step.position,
            step.kind,
            step.channel,
            step.fallback_delay_minutes,
            step.delay_minutes,
            step.scheduled_at,
        )
        for step in mine
    ]
    is_thanked = timeline.batch.step.kind == StepKind.THANK_YOU
    if is_thanked:
        steps = [step for step in steps if step.id == timeline.batch.step_id]
    place = next(place for place, step in enumerate(steps) if step.id == timeline.batch.step_id)
    zone = zone_named(recipient.contact.time_zone, distribution.organization.time_zone)
    timetable = Timetable(not_after=distribution.not_after, expires_at=distribution.expires_at)
    terms = replace(terms_of(distribution), timetable=timetable)
    if is_thanked:
        terms = replace(terms, limits=ContactLimits(), throttle=None)  # as dispatch/recheck.py does
    [facts] = gather_facts(
        distribution.organization_id,
        [recipient.contact],
        list(dict.fromkeys(step.channel for step in steps)),
        terms,
        distribution.survey_id,
        distribution.organization.number_rules,
        excluded_recipient_ids=[recipient.pk],
        needs_all_facts=True,
        team=team_of(distribution.organization, distribution.key_kind),
    )
    assert facts is not None
    given_at = None if timeline.attempts else recipient.baseline_sent_at
    subject = ForecastSubject(terms, facts, given_at, zone, distribution.mode == ChannelMode.MULTI)
    departure = Departure(max(timeline.batch.due_at, now))
    forecast = forecast_journey(steps, subject, place, departure)
    # The forecast names steps by their position.
    kinds = {step.position: (step.kind, step.channel) for step in steps}
    language = timeline.language
    expected = [
        Expected(
            message.departure.at,
            explain_step(message, *kinds[message.position], now=now, zone=zone, language=language),
            True,
        )
        for message in forecast.steps
    ]
    expected += [
        Expected(
            skipped.at,
            explain(
                "skipped",
                skipped.refusal.reason,
                skipped.refusal.detail,
                now=skipped.at,
                zone=zone,
                language=language,
            ),
            False,
        )
        for skipped in forecast.skipped_steps
    ]
    return sorted(expected, key=lambda each: each.at)
