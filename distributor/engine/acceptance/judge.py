"""Judge the contacts of a request: each gets a first message or a refusal. See docs/decisions/0002.

    check references → resolve contacts → gather facts → judge each contact

A request for a thousand contacts takes as many SQL statements as a request for one. The judging is plain Python: the
rules in rules/eligibility.py and rules/timing/departure.py, which dispatch uses too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from contacts.identity import Identified, resolve_contacts
from contacts.models import Organization
from distributor.engine.acceptance.references import NOTHING_READ, Chain, References, check_references
from distributor.engine.acceptance.rows import NewRecipient, SkippedContact
from distributor.engine.eligibility.facts import Suppressions, gather_facts, suppressions_of
from distributor.engine.eligibility.policy import contact_limits, quiet_hours
from distributor.rules.eligibility import ContactFacts, Reason, Refusal, choose_channel
from distributor.rules.link_codes import mint_codes
from distributor.rules.requests import NO_OPTIONS, DistributionRequest, RecipientOptions, Throttle
from distributor.rules.timing.departure import Delay, Departure, PreviousSend, Terms, find_departure
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.timing.time_zones import zone_named
from distributor.rules.timing.timetable import Timetable


class FirstMessage(NamedTuple):
    """A recipient's first message: the position of its step in the chain, and its departure."""

    position: int
    departure: Departure


class Candidate(NamedTuple):
    """A judged contact, with what the request says about it. `facts` are as gather_facts() returned them."""

    contact: Identified
    attributes: Mapping[str, Any]
    options: RecipientOptions
    facts: ContactFacts | None
    verdict: FirstMessage | Refusal


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A request with its judged contacts.

    `resolved_contacts` has one entry for each of the request's, so a person named twice is there twice. `candidates`
    has each contact once, in the order given.
    """

    chain: Chain
    terms: Terms
    resolved_contacts: Sequence[Identified]
    candidates: Sequence[Candidate]


class ThrottledError(Exception):
    """The survey was sent to these contacts too recently, and the request's policy is REJECT; nothing was written."""

    def __init__(self, contacts: Sequence[SkippedContact]) -> None:
        super().__init__(f"{len(contacts)} contacts were sent this survey too recently")
        self.contacts = contacts


def judge_request(
    organization: Organization,
    request: DistributionRequest,
    now: datetime,
    *,
    read_before: References = NOTHING_READ,
    needs_all_facts: bool = False,
) -> JudgedRequest:
    """Resolve and judge a request's contacts, in the caller's transaction.

    `read_before`: as for check_references(). `needs_all_facts`: no candidate's facts are None, and they cover the
    channels of all steps. Raises
    UnknownReferencesError (survey, providers, templates), ThrottledError, and UnknownContactsError, EmailsTakenError
    and PhonesTakenError of contacts.identity; nothing was written then.
    """
    chain = check_references(organization, request, read_before)
    channels = _channels_to_judge(chain, needs_all_facts)
    resolved_contacts = resolve_contacts(organization.id, request.contacts, now, channels)
    contacts, attributes, options = _each_contact_once(resolved_contacts, request)
    terms = terms_of_request(organization, chain, request)
    candidates = judge_contacts(
        organization,
        request,
        chain,
        terms,
        contacts,
        now,
        attributes=attributes,
        options=options,
        needs_all_facts=needs_all_facts,
        suppressions=suppressions_of(contacts),
    )
    if terms.policy is ThrottlePolicy.REJECT:
        _reject_throttled(candidates)
    return JudgedRequest(chain, terms, resolved_contacts, candidates)


def _each_contact_once(
    resolved_contacts: Sequence[Identified], request: DistributionRequest
) -> tuple[Sequence[Identified], Sequence[Mapping[str, Any]], Sequence[RecipientOptions]]:
    """Return each contact once, in the order given, with its attributes and options.

    A contact that is named several times gets the attributes of all its entries and the options of the last.
    """
    attributes: list[Mapping[str, Any]] = [given.get("embedded_data") or {} for given in request.contacts]
    options = request.options or [NO_OPTIONS] * len(attributes)
    if request.options:
        attributes = [
            {**embedded_data, **(contact_options.attributes or {})}
            for embedded_data, contact_options in zip(attributes, options, strict=True)
        ]
    if len(set(map(id, resolved_contacts))) == len(resolved_contacts):  # equal contacts are the same object
        return resolved_contacts, attributes, options
    contacts: dict[UUID, Identified] = {}
    merged_attributes: dict[UUID, Mapping[str, Any]] = {}
    last_options: dict[UUID, RecipientOptions] = {}
    for contact, contact_attributes, contact_options in zip(resolved_contacts, attributes, options, strict=True):
        contacts[contact.id] = contact
        merged_attributes[contact.id] = {**merged_attributes.get(contact.id, {}), **contact_attributes}
        last_options[contact.id] = contact_options
    return list(contacts.values()), list(merged_attributes.values()), list(last_options.values())


def terms_of_request(organization: Organization, chain: Chain, request: DistributionRequest) -> Terms:
    """Return the terms that the request, the survey and the organisation set together."""
    default_minutes = organization.throttle_minutes if chain.throttle_minutes is None else chain.throttle_minutes
    throttle = request.throttle or Throttle(timedelta(minutes=default_minutes or 0))
    return Terms(
        contact_limits(organization, request.audience),
        Timetable(request.scheduled_at, None, request.not_after, request.expires_at),
        quiet_hours(organization),
        throttle.interval or None,
        throttle.policy,
    )


def judge_contacts(
    organization: Organization,
    request: DistributionRequest,
    chain: Chain,
    terms: Terms,
    contacts: Sequence[Identified],
    now: datetime,
    *,
    attributes: Sequence[Mapping[str, Any]] = (),
    options: Sequence[RecipientOptions] = (),
    needs_all_facts: bool = False,
    suppressions: Suppressions | None = None,
) -> list[Candidate]:
    """Judge contacts, each given once, in the same order. `attributes` and `options`: one for each contact, or none.

    `suppressions`: as for gather_facts().
    """
    facts = gather_facts(
        organization.id,
        contacts,
        _channels_to_judge(chain, needs_all_facts),
        terms,
        chain.survey_id,
        organization.number_rules,
        needs_all_facts=needs_all_facts,
        team=request.audience.team,
        suppressions=suppressions,
    )
    leaves_at = max(now, terms.timetable.scheduled_at or now)
    on_schedule = FirstMessage(0, Departure(leaves_at, Delay.SCHEDULED if leaves_at > now else Delay.NONE))
    return [
        Candidate(
            contact,
            contact_attributes,
            contact_options,
            contact_facts,
            # Most contacts take this short cut.
            on_schedule
            if contact_facts is None and terms.allow_any_time and not contact_options.has_own_timing
            else judge_contact(organization, request, chain, terms, contact, contact_facts, contact_options, now),
        )
        for contact, contact_attributes, contact_options, contact_facts in zip(
            contacts,
            attributes or [{}] * len(contacts),
            options or [NO_OPTIONS] * len(contacts),
            facts,
            strict=True,
        )
    ]


def _channels_to_judge(chain: Chain, needs_all_facts: bool) -> Sequence[str]:
    return chain.all_channels if needs_all_facts else chain.invitation_channels


def judge_contact(
    organization: Organization,
    request: DistributionRequest,
    chain: Chain,
    terms: Terms,
    contact: Identified,
    facts: ContactFacts | None,
    options: RecipientOptions,
    now: datetime,
) -> FirstMessage | Refusal:
    """Return the contact's first message, or why it gets none."""
    if not request.is_sent:
        return FirstMessage(0, Departure(now))
    past = PreviousSend(facts.last_surveyed_at if facts else None, options.last_sent_at)
    zone = zone_named(contact.time_zone, organization.time_zone)
    departure = find_departure(terms, past, zone, now, when=options.when)
    if isinstance(departure, Refusal):
        return departure
    if facts is None:
        return FirstMessage(0, departure)
    position = choose_channel(
        facts,
        chain.invitation_channels,
        exclude_opted_out=request.audience.exclude_opted_out,
        limits=terms.limits,
        leaves_at=departure.at,
    )
    return position if isinstance(position, Refusal) else FirstMessage(position, departure)


def _reject_throttled(candidates: Sequence[Candidate]) -> None:
    throttled = [
        SkippedContact(candidate.contact, candidate.verdict)
        for candidate in candidates
        if isinstance(candidate.verdict, Refusal) and candidate.verdict.reason is Reason.THROTTLED
    ]
    if throttled:
        raise ThrottledError(throttled)


def split_candidates(candidates: Sequence[Candidate]) -> tuple[list[NewRecipient], list[SkippedContact]]:
    """Return the candidates who become recipients, each with a link code, and those who are skipped."""
    recipients: list[NewRecipient] = []
    skipped: list[SkippedContact] = []
    for (contact, attributes, options, _facts, verdict), code in zip(
        candidates, mint_codes(len(candidates)), strict=True
    ):
        if isinstance(verdict, Refusal):
            skipped.append(SkippedContact(contact, verdict))
        else:
            recipients.append(NewRecipient(contact, code, verdict.position, attributes, verdict.departure.at, options))
    return recipients, skipped
