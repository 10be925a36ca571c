"""Accepting a distribution: from a request to recipients that wait in batches, in one transaction.

    check references → resolve contacts → gather facts → judge → enrol → hint

A call of a thousand contacts is as many statements as a call of one; the judging between them is plain Python
(rules/eligibility.py), so that a dispatcher and a dry run can use the same rule. See docs/decisions/0002.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from psycopg.errors import DeadlockDetected, UniqueViolation

from contacts.identity import Identified, resolve_contacts
from contacts.models import ApiKey, Organization
from distributor.engine.enrolment import Enrolled, Skipped, create_distribution, enrol
from distributor.engine.facts import gather_facts
from distributor.engine.hints import hint_on_commit
from distributor.engine.references import check_references
from distributor.models import Distribution
from distributor.rules.codes import mint_codes
from distributor.rules.eligibility import ContactLimits, Refusal, choose_channel
from distributor.rules.requests import AudienceRules, DistributionRequest

logger = structlog.get_logger(__name__)
COLLISION_TRIES = 3


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request: each contact once, in the order given."""

    distribution: Distribution
    enrolled: Sequence[Enrolled]
    skipped: Sequence[Skipped]


def accept(organization: Organization, api_key: ApiKey | None, request: DistributionRequest, now: datetime) -> Accepted:
    """Write a distribution, all or nothing.

    Raises UnknownReferences (survey, providers, templates), and UnknownContacts and EmailsTaken of contacts.identity.
    """
    for attempt in range(1, COLLISION_TRIES + 1):
        try:
            with transaction.atomic():
                _enter(organization, alone=attempt > 1)
                return _accept(organization, api_key, request, now)
        except DatabaseError as error:
            if not isinstance(error.__cause__, (DeadlockDetected, UniqueViolation)) or attempt == COLLISION_TRIES:
                raise
            logger.warning("acceptance_collision", attempt=attempt, error=type(error.__cause__).__name__)
    raise AssertionError("unreachable")


def _enter(organization: Organization, *, alone: bool) -> None:
    """Wait for a place among the organisation's simultaneous calls, until the end of the transaction.

    Keys of one kind are locked in order. Calls that name the same people by different kinds of keys can still meet
    head-on; PostgreSQL lets one go on, and the other starts over, alone, with nothing written. (Merely starting over,
    8 such calls at once used up three tries each.)
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"acceptance {organization.pk}"])


def _accept(
    organization: Organization, api_key: ApiKey | None, request: DistributionRequest, now: datetime
) -> Accepted:
    chain = check_references(organization, request)
    contacts, attributes = _once_each(resolve_contacts(organization.id, request.contacts, now), request)
    limits = contact_limits(organization, request.audience)
    facts = gather_facts(organization.id, contacts, chain.channels, limits)
    leaves_at = now if request.scheduled_at is None else max(now, request.scheduled_at)
    enrolled: list[Enrolled] = []
    skipped: list[Skipped] = []
    for contact, known, code, said in zip(contacts, facts, mint_codes(len(contacts)), attributes, strict=True):
        if known is None:
            enrolled.append(Enrolled(contact, code, 0, said))
            continue
        verdict = choose_channel(
            known,
            chain.channels,
            exclude_opted_out=request.audience.exclude_opted_out,
            limits=limits,
            leaves_at=leaves_at,
        )
        if isinstance(verdict, Refusal):
            skipped.append(Skipped(contact, verdict))
        else:
            enrolled.append(Enrolled(contact, code, verdict, said))
    distribution = create_distribution(organization, api_key, request, chain, len(enrolled), len(skipped))
    for lane in enrol(distribution, chain, enrolled, skipped, now):
        hint_on_commit(lane)
    return Accepted(distribution, enrolled, skipped)


def contact_limits(organization: Organization, audience: AudienceRules) -> ContactLimits:
    """How soon the request lets a contact be sent to again."""
    return ContactLimits(
        organization.minimum_days_between_contacts if audience.respect_frequency_rules else None,
        audience.recent_contact_days if audience.exclude_recently_contacted else None,
    )


def _once_each(
    resolved: Sequence[Identified], request: DistributionRequest
) -> tuple[Sequence[Identified], Sequence[Mapping[str, Any]]]:
    """Each contact once, in the order given, and beside them all the embedded data that the call gave for each."""
    said = [given.get("embedded_data") or {} for given in request.contacts]
    if len(set(map(id, resolved))) == len(resolved):  # one contact is one object
        return resolved, said
    contacts: dict[UUID, Identified] = {}
    merged: dict[UUID, Mapping[str, Any]] = {}
    for contact, data in zip(resolved, said, strict=True):
        contacts[contact.id] = contact
        merged[contact.id] = {**merged.get(contact.id, {}), **data}
    return list(contacts.values()), list(merged.values())
