"""Who of a batch may be sent to at this moment: the pure rules, fed with what the database knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection

from contacts.channel import Channel
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import terms_of
from distributor.engine.journey.people import Person
from distributor.engine.journey.switch import SwitchState, refusal_for_all
from distributor.engine.route.step_context import StepContext
from distributor.rules.eligibility import ContactFacts, ContactLimits, Refusal
from distributor.rules.journey.chain import StepKind
from distributor.rules.timing.departure import Departure, Terms, recheck_departure
from distributor.rules.timing.time_zones import zone_named
from distributor.rules.timing.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Everybody once: who goes now, who never will on this step (with the facts), and who goes later."""

    passed: list[Person] = field(default_factory=list)
    refused: list[tuple[Person, ContactFacts, Refusal]] = field(default_factory=list)
    deferred: list[tuple[Person, Departure]] = field(default_factory=list)


def recheck(context: StepContext, switch: SwitchState, people: Sequence[Person], now: datetime) -> Verdicts:
    """Judge people as of now, inside the transaction that hands them over."""
    distribution = context.distribution
    over = refusal_for_all(switch, now)
    if over is not None:
        return Verdicts(refused=[(person, ContactFacts({}), over) for person in people])
    ends = Timetable(not_after=switch.not_after, expires_at=switch.expires_at)
    terms = replace(terms_of(distribution), timetable=ends)
    if context.step.kind == StepKind.THANK_YOU:
        # Whoever answers is thanked, however often it was written to. Hours and ends hold all the same.
        terms = replace(terms, limits=ContactLimits(), throttle=None)
    turn, minds_the_past = f"begin {distribution.organization_id}", terms.limits.any or terms.throttle is not None
    if minds_the_past:
        _take_turn(turn)
    # What was added may be one person's own, by a channel that the others' steps do not have.
    added = list(Channel) if distribution.follow_up_count else []
    facts = gather_facts(
        distribution.organization_id,
        people,
        list(dict.fromkeys([context.step.channel, *(step.channel for step in context.steps), *added])),
        terms,
        distribution.survey_id,
        excluded_recipient_ids=[person.recipient_id for person in people],
        shared_lock="" if minds_the_past else turn,
    )
    verdicts = Verdicts()
    is_simple = not terms.hours.any and terms.throttle is None
    for person, known in zip(people, facts, strict=True):
        if known is None and is_simple:
            verdicts.passed.append(person)
        else:
            _recheck_person(verdicts, context, terms, person, known, now)
    return verdicts


def _recheck_person(
    verdicts: Verdicts, context: StepContext, terms: Terms, person: Person, known: ContactFacts | None, now: datetime
) -> None:
    # A chain's own fallback, a retry and a reminder are not throttled by the journey's own sends: the record leaves
    # them out, and what the call gave as the last send counts for the first of them.
    given_at = person.baseline_sent_at if person.first_sent_at is None else None
    zone = zone_named(person.time_zone, context.distribution.organization.time_zone)
    departure = recheck_departure(terms, known, context.step.channel, given_at, zone, now)
    if isinstance(departure, Refusal):
        verdicts.refused.append((person, known or ContactFacts({}), departure))
    elif departure.at > now:
        verdicts.deferred.append((person, departure))
    else:
        verdicts.passed.append(person)


def _take_turn(turn: str) -> None:
    """Where a rule minds earlier sends, an organisation's begins go one after the other (10–30 ms each).

    Otherwise two distributions that begin at once would each not see the other's touch of the same contact. Begins that
    mind nothing share the lock: they are many at once, and none while somebody looks for what they may be writing.
    It comes behind the recipients' locks, and before those of paces and touches.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [turn])
