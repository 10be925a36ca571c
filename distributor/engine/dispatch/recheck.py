"""Recheck: which people of a batch may be sent to now, by the same pure rules as at acceptance."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection

from contacts.channel import Channel
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import team_of, terms_of
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
    """Each person in exactly one list: sent to now, refused on this step (with the facts), or sent to later."""

    passed: list[Person] = field(default_factory=list)
    refused: list[tuple[Person, ContactFacts, Refusal]] = field(default_factory=list)
    deferred: list[tuple[Person, Departure]] = field(default_factory=list)


def recheck(context: StepContext, switch: SwitchState, people: Sequence[Person], now: datetime) -> Verdicts:
    """Judge people as of now, inside the transaction that writes their hand-over."""
    distribution = context.distribution
    refusal = refusal_for_all(switch, now)
    if refusal is not None:
        return Verdicts(refused=[(person, ContactFacts({}), refusal) for person in people])
    ends = Timetable(not_after=switch.not_after, expires_at=switch.expires_at)
    terms = replace(terms_of(distribution), timetable=ends)
    if context.step.kind == StepKind.THANK_YOU:
        # Responders are thanked however often they were sent to. Quiet hours and the end still hold.
        terms = replace(terms, limits=ContactLimits(), throttle=None)
    lock_name = f"begin {distribution.organization_id}"
    depends_on_earlier_sends = terms.limits.any or terms.throttle is not None
    if depends_on_earlier_sends:
        _lock_begins(lock_name)
    # An added step may be for one person only, on a channel that no other step uses.
    added_channels = list(Channel) if distribution.follow_up_count else []
    all_facts = gather_facts(
        distribution.organization_id,
        people,
        list(dict.fromkeys([context.step.channel, *(step.channel for step in context.steps), *added_channels])),
        terms,
        distribution.survey_id,
        distribution.organization.number_rules,
        excluded_recipient_ids=[person.recipient_id for person in people],
        shared_lock="" if depends_on_earlier_sends else lock_name,
        team=team_of(distribution.organization, distribution.key_kind),
    )
    verdicts = Verdicts()
    is_simple = not terms.hours.any and terms.throttle is None
    for person, facts in zip(people, all_facts, strict=True):
        if facts is None and is_simple:
            verdicts.passed.append(person)
        else:
            _recheck_person(verdicts, context, terms, person, facts, now)
    return verdicts


def _lock_begins(lock_name: str) -> None:
    """Take the organisation's lock exclusively: begins that depend on earlier sends run one at a time (10–30 ms each).

    Otherwise two distributions that begin at once would not see each other's frequency slot of the same contact.
    Begins that do not depend on earlier sends share the lock (gather_facts() takes it), so many of them run at once,
    but none beside an exclusive one. Locks go recipients, this lock, account buckets, frequency slots. See
    docs/decisions/0013.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock_name])


def _recheck_person(
    verdicts: Verdicts, context: StepContext, terms: Terms, person: Person, facts: ContactFacts | None, now: datetime
) -> None:
    # Retries, fallbacks and reminders are not throttled by their own journey's sends: `facts` leaves those out. The
    # last send that the call gave counts until the journey has a send of its own.
    given_at = person.baseline_sent_at if person.first_sent_at is None else None
    zone = zone_named(person.time_zone, context.distribution.organization.time_zone)
    departure = recheck_departure(terms, facts, context.step.channel, given_at, zone, now)
    if isinstance(departure, Refusal):
        verdicts.refused.append((person, facts or ContactFacts({}), departure))
    elif departure.at > now:
        verdicts.deferred.append((person, departure))
    else:
        verdicts.passed.append(person)
