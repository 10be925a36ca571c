"""Everything known of a contact, read in pieces of bounded size: an export of any length takes little memory."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from channels.models import ProviderAccount, SandboxMessage
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, FormerAddress, MailingList, Suppression
from distributor.engine.consent.erase import known_addresses
from distributor.engine.infrastructure.stored_answers import find_stored_answers, parts_about
from distributor.engine.journey.attempts import attempt_ids_of
from distributor.engine.privacy.records import (
    AttemptRecord,
    ConsentRecord,
    ContactRecord,
    DecisionRecord,
    FormerAddressRecord,
    JourneyRecord,
    ListRecord,
    ProviderEventRecord,
    ResponseRecord,
    SandboxMessageRecord,
    StoredAnswerRecord,
    SuppressionRecord,
    record_of,
    records_of,
)
from distributor.engine.reports.timeline import Timeline, timelines_of
from distributor.models import Decision, ProviderEvent, Recipient, Response
from distributor.rules.timing.time_zones import zone_named

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything known of a contact. All but `contact` is read while it is iterated over, once."""

    contact: ContactRecord
    former_addresses: Iterator[FormerAddressRecord]
    consent_events: Iterator[ConsentRecord]
    suppressions: Iterator[SuppressionRecord]
    lists: Iterator[ListRecord]
    journeys: Iterator[JourneyRecord]
    skipped: Iterator[DecisionRecord]
    texts: Iterator[ProviderEventRecord]
    stored_answers: Iterator[StoredAnswerRecord]


def export_contact(contact: Contact) -> PersonalData:
    """Return everything known of a contact: its row, and what refers to it or to one of its addresses.

    An address may be shared. Suppressions of it, and texts from it, are then part of the export of each of its holders;
    messages, journeys and answers are only the contact's own.
    """
    addresses = known_addresses(contact)
    organization = contact.organization
    zone = zone_named(organization.time_zone)
    return PersonalData(
        contact=record_of(ContactRecord, contact),
        former_addresses=records_of(FormerAddressRecord, FormerAddress.objects.filter(contact=contact).order_by("pk")),
        consent_events=records_of(ConsentRecord, _consent_events(contact, addresses)),
        suppressions=records_of(SuppressionRecord, _suppressions(contact, addresses)),
        lists=records_of(ListRecord, MailingList.objects.filter(memberships__contact=contact).order_by("pk")),
        journeys=_journeys(contact.pk),
        skipped=(
            _decision(decision, zone)
            for decision in Decision.objects.filter(contact_id=contact.pk, recipient_id=None).order_by("pk").iterator()
        ),
        texts=records_of(ProviderEventRecord, _texts(organization.pk, addresses)),
        stored_answers=_stored_answers(contact, addresses),
    )


def words_of(contact: Contact, addresses: Sequence[str]) -> list[str]:
    """Return the texts that name a contact in an answer: its id, its external id and its addresses."""
    return [word for word in (str(contact.pk), contact.external_id, *addresses) if word]


def _consent_events(contact: Contact, addresses: Sequence[str]) -> Iterator[ConsentEvent]:
    keys = [address_key(address) for address in addresses]
    of_address = Q(organization_id=contact.organization_id, contact_id=None, address_key__in=keys)
    for events in (
        ConsentEvent.objects.filter(contact_id=contact.pk),
        ConsentEvent.objects.filter(of_address),
    ):
        yield from events.order_by("pk").iterator()


def _suppressions(contact: Contact, addresses: Sequence[str]) -> Iterator[Suppression]:
    theirs = Suppression.objects.filter(
        organization=contact.organization_id,
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in=addresses,
    )
    return theirs.order_by("pk").iterator()


def _texts(organization_id: UUID, addresses: Sequence[str]) -> Iterator[ProviderEvent]:
    """Read what was reported of the addresses and not of a message: texts from them, STOP, bounces."""
    accounts = list(ProviderAccount.objects.filter(organization=organization_id).values_list("pk", flat=True))
    events = ProviderEvent.objects.filter(recipient_id=None, address__in=addresses, provider_account_id__in=accounts)
    return events.exclude(address="").order_by("pk").iterator()


def _stored_answers(contact: Contact, addresses: Sequence[str]) -> Iterator[StoredAnswerRecord]:
    words = words_of(contact, addresses)
    for answer in find_stored_answers(contact.organization_id, words).order_by("created_at").iterator(chunk_size=10):
        if parts := parts_about(bytes(answer.body), words):
            yield record_of(StoredAnswerRecord, answer, parts=parts)


def _journeys(contact_id: UUID) -> Iterator[JourneyRecord]:
    after_id = 0
    while recipients := list(Recipient.objects.filter(contact_id=contact_id, pk__gt=after_id).order_by("pk")[:_PAGE]):
        after_id = recipients[-1].pk
        further = _read_further(recipients)
        for timeline in timelines_of(recipients):
            yield _journey(timeline, further)


@dataclass(frozen=True, slots=True)
class _Further:
    """What a timeline does not have, by recipient."""

    events: defaultdict[Any, list[ProviderEvent]]
    responses: defaultdict[Any, list[Response]]
    messages: defaultdict[str, list[SandboxMessage]]


def _read_further(recipients: Sequence[Recipient]) -> _Further:
    ids = [recipient.pk for recipient in recipients]
    further = _Further(defaultdict(list), defaultdict(list), defaultdict(list))
    for event in ProviderEvent.objects.filter(recipient_id__in=ids).order_by("occurred_at", "pk"):
        further.events[event.recipient_id].append(event)
    for response in Response.objects.filter(recipient_id__in=ids).order_by("pk"):
        further.responses[response.recipient_id].append(response)
    for message in SandboxMessage.objects.filter(
        group_id__in={str(recipient.distribution_id) for recipient in recipients},
        attempt_id__in=attempt_ids_of(recipients),
    ).order_by("pk"):
        further.messages[message.attempt_id].append(message)
    return further


def _journey(timeline: Timeline, further: _Further) -> JourneyRecord:
    recipient, distribution = timeline.recipient, timeline.batch.distribution
    return record_of(
        JourneyRecord,
        recipient,
        distribution_name=distribution.name,
        survey_name=distribution.survey.name,
        attributes={**distribution.attributes, **recipient.attributes},
        machine_visits=timeline.machine_visits.count if timeline.machine_visits else 0,
        attempts=list(records_of(AttemptRecord, timeline.attempts)),
        decisions=[_decision(decision, timeline.zone) for decision in timeline.decisions],
        provider_events=list(records_of(ProviderEventRecord, further.events[recipient.pk])),
        responses=list(records_of(ResponseRecord, further.responses[recipient.pk])),
        sandbox_messages=[
            record_of(SandboxMessageRecord, message)
            for attempt in attempt_ids_of([recipient])
            for message in further.messages[attempt]
        ],
    )


def _decision(decision: Decision, zone: ZoneInfo) -> DecisionRecord:
    return record_of(DecisionRecord, decision, text=decision.sentence(zone))
