"""Accepting a distribution: from a request to recipients that wait in batches, in one transaction.

    check references → resolve contacts → gather facts → judge → write → wake workers

A call of a thousand contacts takes as many statements as a call of one. The judging between them is plain Python
(rules/eligibility.py), which dispatch uses too. See docs/decisions/0002. A dry run does the same up to the judging
(acceptance/dry_run.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from contacts.identity import Identified, resolve_contacts
from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.acceptance.references import Chain, check_references
from distributor.engine.acceptance.write import (
    NewRecipient,
    SkippedContact,
    write_distribution,
    write_recipients,
    write_steps,
)
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import contact_limits, quiet_hours
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.engine.infrastructure.wakeups import wake_on_commit
from distributor.models import Distribution
from distributor.rules.eligibility import ContactFacts, Reason, Refusal, choose_channel
from distributor.rules.link_codes import mint_codes
from distributor.rules.requests import NO_OPTIONS, DistributionRequest, RecipientOptions, Throttle
from distributor.rules.timing.departure import Delay, Departure, PreviousSend, Terms, find_departure
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.timing.time_zones import zone_named
from distributor.rules.timing.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request: each contact once, in the order given.

    `resolved` are the contacts as they were named, one for each of the request's.
    """

    distribution: Distribution
    resolved: Sequence[Identified]
    enrolled: Sequence[NewRecipient]
    skipped: Sequence[SkippedContact]


class ThrottledError(Exception):
    """Contacts who were sent the survey too recently, where the request wants that refused; nothing was written."""

    def __init__(self, contacts: Sequence[SkippedContact]) -> None:
        super().__init__(f"{len(contacts)} contacts were sent this survey too recently")
        self.contacts = contacts


class FirstMessage(NamedTuple):
    """The step of somebody's first message, by its position in the chain, and when it leaves."""

    position: int
    departure: Departure


class Candidate(NamedTuple):
    """A contact of a request, what the call says of it, and whether it becomes a recipient.

    `known` None: nothing is known against it (engine/eligibility/facts.py).
    """

    contact: Identified
    attributes: Mapping[str, Any]
    options: RecipientOptions
    known: ContactFacts | None
    verdict: FirstMessage | Refusal


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A request that was judged: each contact once, in the order given; `resolved` as Accepted has them."""

    chain: Chain
    terms: Terms
    resolved: Sequence[Identified]
    candidates: Sequence[Candidate]


@retry_contact_collisions
def accept(organization: Organization, api_key: ApiKey | None, request: DistributionRequest, now: datetime) -> Accepted:
    """Write a distribution with its recipients, all or nothing. Raises what judge_request() raises."""
    return accept_within(organization, api_key, request, now)


def accept_within(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    now: datetime,
    mailing_list: MailingList | None = None,
) -> Accepted:
    """Do the same as part of the caller's own transaction, which retries contact collisions.

    `mailing_list` is the audience's list; None: a new one is made.
    """
    judged = judge_request(organization, request, now)
    return _write(organization, api_key, request, judged, now, mailing_list)


def judge_request(
    organization: Organization, request: DistributionRequest, now: datetime, *, in_full: bool = False
) -> JudgedRequest:
    """Resolve and judge a request's contacts, in the caller's transaction.

    `in_full`: gather facts of every contact and of every step's channel (eligibility/facts.py). Raises
    UnknownReferencesError (survey, providers, templates), ThrottledError, and UnknownContactsError, EmailsTakenError
    and PhonesTakenError of contacts.identity. Nothing was written then.
    """
    chain = check_references(organization, request)
    resolved = resolve_contacts(organization.id, request.contacts, now)
    contacts, attributes, options = _once_each(resolved, request)
    terms = terms_of_request(organization, chain, request)
    channels = chain.every_channel if in_full else chain.channels
    facts = gather_facts(organization.id, contacts, channels, terms, chain.survey_id, in_full=in_full)
    leaves_at = max(now, request.scheduled_at or now)
    plainly = FirstMessage(0, Departure(leaves_at, Delay.SCHEDULED if leaves_at > now else Delay.NONE))
    candidates = [
        Candidate(
            contact,
            said,
            own,
            known,
            plainly
            if known is None and terms.allow_any_time and not own.has_own_timing
            else judge_contact(organization, request, chain, terms, contact, known, own, now),
        )
        for contact, known, said, own in zip(contacts, facts, attributes, options, strict=True)
    ]
    if terms.policy is ThrottlePolicy.REJECT:
        _reject_throttled(candidates)
    return JudgedRequest(chain, terms, resolved, candidates)


def _write(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    judged: JudgedRequest,
    now: datetime,
    mailing_list: MailingList | None,
) -> Accepted:
    chain, terms = judged.chain, judged.terms
    enrolled: list[NewRecipient] = []
    skipped: list[SkippedContact] = []
    for (contact, said, own, _known, verdict), code in zip(
        judged.candidates, mint_codes(len(judged.candidates)), strict=True
    ):
        if isinstance(verdict, Refusal):
            skipped.append(SkippedContact(contact, verdict))
        else:
            enrolled.append(NewRecipient(contact, code, verdict.position, said, verdict.departure.at, own))
    # Its audience by a name that calls may use; who is on it are its recipients.
    audience = mailing_list or MailingList.objects.create(organization=organization, name=request.name)
    distribution = write_distribution(
        organization, api_key, request, chain, terms, len(enrolled), len(skipped), now, mailing_list=audience
    )
    steps = write_steps(distribution, chain.steps)
    for lane in write_recipients(distribution, steps, enrolled, skipped, now, is_sent=request.is_sent):
        wake_on_commit(lane)
    return Accepted(distribution, judged.resolved, enrolled, skipped)


def judge_contact(
    organization: Organization,
    request: DistributionRequest,
    chain: Chain,
    terms: Terms,
    contact: Identified,
    known: ContactFacts | None,
    own: RecipientOptions,
    now: datetime,
) -> FirstMessage | Refusal:
    """The step and the moment of somebody's first message, or why there is none."""
    if not request.is_sent:
        return FirstMessage(0, Departure(now))
    past = PreviousSend(known.last_surveyed_at if known else None, own.last_sent_at)
    zone = zone_named(contact.time_zone, organization.time_zone)
    departure = find_departure(terms, past, zone, now, when=own.when)
    if isinstance(departure, Refusal):
        return departure
    if known is None:
        return FirstMessage(0, departure)
    position = choose_channel(
        known,
        chain.channels,
        exclude_opted_out=request.audience.exclude_opted_out,
        limits=terms.limits,
        leaves_at=departure.at,
    )
    return position if isinstance(position, Refusal) else FirstMessage(position, departure)


def _reject_throttled(candidates: Sequence[Candidate]) -> None:
    too_soon = [
        SkippedContact(one.contact, one.verdict)
        for one in candidates
        if isinstance(one.verdict, Refusal) and one.verdict.reason is Reason.THROTTLED
    ]
    if too_soon:
        raise ThrottledError(too_soon)


def terms_of_request(organization: Organization, chain: Chain, request: DistributionRequest) -> Terms:
    """What the request, the survey and the organisation ask for together."""
    own = organization.throttle_minutes if chain.throttle_minutes is None else chain.throttle_minutes
    throttle = request.throttle or Throttle(timedelta(minutes=own or 0))
    return Terms(
        contact_limits(organization, request.audience),
        Timetable(request.scheduled_at, None, request.not_after, request.expires_at),
        quiet_hours(organization),
        throttle.interval or None,
        throttle.policy,
    )


def _once_each(
    resolved: Sequence[Identified], request: DistributionRequest
) -> tuple[Sequence[Identified], Sequence[Mapping[str, Any]], Sequence[RecipientOptions]]:
    """Each contact once, in the order given, with all the data that the call gave and its last options."""
    said: list[Mapping[str, Any]] = [given.get("embedded_data") or {} for given in request.contacts]
    options = request.options or [NO_OPTIONS] * len(said)
    if request.options:
        said = [{**data, **(own.attributes or {})} for data, own in zip(said, options, strict=True)]
    if len(set(map(id, resolved))) == len(resolved):  # one contact is one object
        return resolved, said, options
    contacts: dict[UUID, Identified] = {}
    merged: dict[UUID, Mapping[str, Any]] = {}
    latest: dict[UUID, RecipientOptions] = {}
    for contact, data, own in zip(resolved, said, options, strict=True):
        contacts[contact.id] = contact
        merged[contact.id] = {**merged.get(contact.id, {}), **data}
        latest[contact.id] = own
    return list(contacts.values()), list(merged.values()), list(latest.values())
