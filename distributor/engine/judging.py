"""Who of a batch may be sent to at this moment: the pure rules, fed with what the database knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from distributor.engine.facts import gather_facts
from distributor.engine.messages import Person
from distributor.engine.routes import Route
from distributor.engine.steering import Standing, refuse_everybody
from distributor.engine.terms import terms_of
from distributor.rules.chaining import StepKind
from distributor.rules.departure import Departure, Terms, begin_or_wait
from distributor.rules.eligibility import ContactFacts, ContactLimits, Refusal
from distributor.rules.timing import Timetable
from distributor.rules.wall_clock import zone_named


@dataclass(frozen=True, slots=True)
class Judged:
    """Everybody once: who goes now, who never will on this step (with the facts), and who goes later."""

    passed: list[Person] = field(default_factory=list)
    refused: list[tuple[Person, ContactFacts, Refusal]] = field(default_factory=list)
    deferred: list[tuple[Person, Departure]] = field(default_factory=list)


def judge(route: Route, standing: Standing, people: Sequence[Person], now: datetime) -> Judged:
    """Judge people as of now, inside the transaction that hands them over."""
    distribution = route.distribution
    over = refuse_everybody(standing, now)
    if over is not None:
        return Judged(refused=[(person, ContactFacts({}), over) for person in people])
    ends = Timetable(not_after=standing.not_after, expires_at=standing.expires_at)
    terms = replace(terms_of(distribution), timetable=ends)
    if route.step.kind == StepKind.THANK_YOU:
        # Whoever answers is thanked, however often it was written to. Hours and ends hold all the same.
        terms = replace(terms, limits=ContactLimits(), throttle=None)
    if terms.limits.any or terms.throttle is not None:
        _take_turn(distribution.organization_id)
    # What was added may be one person's own, by a channel that the others' steps do not have.
    added = list(Channel) if distribution.follow_up_count else []
    facts = gather_facts(
        distribution.organization_id,
        people,
        list(dict.fromkeys([route.step.channel, *(step.channel for step in route.steps), *added])),
        terms,
        distribution.survey_id,
        own_journeys=[person.recipient_id for person in people],
    )
    judged = Judged()
    is_simple = not terms.hours.any and terms.throttle is None
    for person, known in zip(people, facts, strict=True):
        if known is None and is_simple:
            judged.passed.append(person)
        else:
            _judge_one(judged, route, terms, person, known, now)
    return judged


def _judge_one(
    judged: Judged, route: Route, terms: Terms, person: Person, known: ContactFacts | None, now: datetime
) -> None:
    # A chain's own fallback, a retry and a reminder are not throttled by the journey's own sends: the record leaves
    # them out, and what the call gave as the last send counts for the first of them.
    given_at = person.baseline_sent_at if person.first_sent_at is None else None
    zone = zone_named(person.time_zone, route.distribution.organization.time_zone)
    departure = begin_or_wait(terms, known, route.step.channel, given_at, zone, now)
    if isinstance(departure, Refusal):
        judged.refused.append((person, known or ContactFacts({}), departure))
    elif departure.at > now:
        judged.deferred.append((person, departure))
    else:
        judged.passed.append(person)


def _take_turn(organization_id: UUID) -> None:
    """Where a rule minds earlier sends, an organisation's begins go one after the other (10–30 ms each).

    Otherwise two distributions that begin at once would each not see the other's touch of the same contact.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"begin {organization_id}"])
