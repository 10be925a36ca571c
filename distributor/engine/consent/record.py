"""Recording a no: contacts, suppressions and the consent event, in the caller's transaction.

Locks go contacts → suppressions → recipients → distributions, each in the order of its key. The caller stops the
journeys of the contacts that record_signals() returns (consent/stop.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower

from channels.providers.base import Account
from contacts.address_key import address_key
from contacts.addresses import is_email
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Organization, Suppression
from contacts.phone_numbers import normalize_phone
from distributor.engine.journal.noes import journal_noes_on_commit
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.rules.consent import SUPPRESSION_REASONS, Closes, ConsentSettings, Signal, closes
from distributor.rules.event_types import EventType

PHONE_CHANNELS = (Channel.SMS, Channel.WHATSAPP)


@dataclass(frozen=True, slots=True)
class ReportedSignal:
    """A no, as it was reported. `contact_id` None: whoever has the address. `address` "": only the person is known."""

    signal: Signal
    channel: str = ""
    address: str = ""
    contact_id: UUID | None = None
    said_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def record_signals(
    organization_id: UUID, reported: Sequence[ReportedSignal], source: str, now: datetime
) -> dict[UUID, ReportedSignal]:
    """Close what the signals close, and write the events. Returns the contacts whose waiting journeys have to stop."""
    reported = [each for each in reported if each.contact_id is not None or is_address(each.channel, each.address)]
    if not reported:
        return {}
    holders = _lock_contacts(organization_id, reported)
    settings = _settings_of(organization_id)
    suppressions: set[tuple[str, str, str]] = set()
    opted_out: set[UUID] = set()
    stopping: dict[UUID, ReportedSignal] = {}
    events: list[ConsentEvent] = []
    for each in reported:
        reach = closes(each.signal, settings)
        reason = SUPPRESSION_REASONS[each.signal]
        if is_address(each.channel, each.address):
            suppressions.update((channel, address, reason) for channel, address in spread(each.channel, each.address))
        people = [contact for contact in holders if _is_about(each, contact)]
        for contact in people:
            stopping[contact.pk] = each
            if reach is Closes.EVERYTHING:
                opted_out.add(contact.pk)
                suppressions.update((channel, address, reason) for channel, address in addresses_of(contact))
        events += _events(organization_id, each, people, reach, source, now)
    Contact.objects.filter(pk__in=opted_out, opted_out_at=None).update(opted_out_at=now, updated_at=now)
    suppress_addresses(organization_id, suppressions, source)
    ConsentEvent.objects.bulk_create(events)
    journal_noes_on_commit(organization_id, events, sorted(suppressions), sorted(opted_out), now)
    write_bundles(
        NewBundle(
            EventType.OPTED_OUT,
            organization_id,
            details={"contactId": contact_id, "signal": each.signal.value, "channel": each.channel or None},
        )
        for contact_id, each in stopping.items()
    )
    return stopping


def source_of(account: Account) -> str:
    """Return how consent records name the account."""
    return f"provider account {account.id}"


def suppress_addresses(organization_id: UUID, closed: Iterable[tuple[str, str, str]], source: str) -> None:
    """Suppress each (channel, address, reason). A suppression that exists keeps its first source."""
    Suppression.objects.bulk_create(
        [
            Suppression(
                organization_id=organization_id, channel=channel, address=address, reason=reason, source=source[:255]
            )
            for channel, address, reason in sorted(closed)
        ],
        ignore_conflicts=True,
    )


def addresses_of(contact: Contact) -> Iterator[tuple[str, str]]:
    """Yield each (channel, address) that reaches a contact."""
    if contact.email:
        yield Channel.EMAIL.value, contact.email.lower()
    if contact.phone:
        yield from spread(Channel.SMS, contact.phone)


def spread(channel: str, address: str) -> Iterator[tuple[str, str]]:
    """Yield the channels that an address is closed on: a phone number is one wish for SMS and WhatsApp."""
    if channel == Channel.EMAIL:
        yield Channel.EMAIL.value, address
    else:
        for phone_channel in PHONE_CHANNELS:
            yield phone_channel.value, address


def _lock_contacts(organization_id: UUID, reported: Sequence[ReportedSignal]) -> list[Contact]:
    """Lock the people whom the signals are about, in the order of their ids."""
    by_address = [each for each in reported if each.contact_id is None or each.signal is Signal.STOP]
    emails = {each.address for each in by_address if each.channel == Channel.EMAIL}
    phones = {each.address for each in by_address if each.channel in PHONE_CHANNELS}
    named = {each.contact_id for each in reported if each.contact_id is not None}
    # A query for each kind of key, along its own index: one with OR would read the whole table.
    theirs = Contact.objects.alias(lower_email=Lower("email")).filter(organization_id=organization_id)
    ids = set(theirs.filter(pk__in=named).values_list("pk", flat=True))
    if emails:
        ids.update(theirs.filter(lower_email__in=emails).exclude(email="").values_list("pk", flat=True))
    if phones:
        ids.update(theirs.filter(phone__in=phones).exclude(phone="").values_list("pk", flat=True))
    return list(Contact.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def _is_about(reported: ReportedSignal, contact: Contact) -> bool:
    """A signal is about the contact it names. STOP, or one that names nobody, is about whoever has the address."""
    if reported.contact_id == contact.pk:
        return True
    if reported.contact_id is not None and reported.signal is not Signal.STOP:
        return False
    return any(address == reported.address for _, address in addresses_of(contact)) and bool(reported.address)


def _settings_of(organization_id: UUID) -> ConsentSettings:
    row = Organization.objects.filter(pk=organization_id).values_list("stop_closes", "complaint_closes").get()
    return ConsentSettings(*(Closes(value) for value in row))


def _events(
    organization_id: UUID,
    reported: ReportedSignal,
    people: Sequence[Contact],
    reach: Closes,
    source: str,
    now: datetime,
) -> list[ConsentEvent]:
    """One event for each person, or one for the address of nobody known."""
    contact_ids: list[UUID | None] = [contact.pk for contact in people] or [reported.contact_id]
    return [
        ConsentEvent(
            organization_id=organization_id,
            contact_id=contact_id,
            channel=reported.channel,
            address=reported.address,
            address_key=address_key(reported.address) if reported.address else "",
            what=reported.signal.value,
            closes=reach.value,
            source=source[:255],
            evidence=dict(reported.evidence),
            said_at=reported.said_at or now,
            recorded_at=now,
        )
        for contact_id in contact_ids
    ]


def is_address(channel: str, address: str) -> bool:
    """Whether it is an address in the one spelling that sends compare with. Short codes and WhatsApp ids are not."""
    if not address or not channel:
        return False
    if channel == Channel.EMAIL:
        return address == address.lower() and is_email(address)
    return normalize_phone(address) == address
