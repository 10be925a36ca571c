"""What the eligibility rules want to know, gathered for many contacts at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from distributor.engine.bulk import array_of, rows_of
from distributor.rules.eligibility import ContactFacts, ContactLimits

_SUPPRESSIONS = """
SELECT channel, address, reason FROM contacts_suppression
WHERE organization_id = %s AND channel = ANY(%s) AND address IN (SELECT json_array_elements_text(%s::json))
"""
_LAST_CONTACTS = """
SELECT contact_id, max(last_sent_at) FROM distributor_touch
WHERE contact_id = ANY(%s::uuid[]) AND last_sent_at IS NOT NULL AND recipient_id <> ALL(%s::bigint[])
GROUP BY contact_id
"""


class Reachable(Protocol):
    """A contact with its addresses."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def opted_out_at(self) -> datetime | None: ...


def gather_facts(
    organization_id: UUID,
    contacts: Sequence[Reachable],
    channels: Sequence[str],
    limits: ContactLimits,
    *,
    own_journeys: Sequence[int] = (),
) -> list[ContactFacts]:
    """Each contact's facts, in the same order. `own_journeys` are recipients whose own sends do not hold them back."""
    reachable = [
        {channel: address_on(channel, contact.email, contact.phone) for channel in channels} for contact in contacts
    ]
    suppressions = _suppressions(organization_id, reachable, channels)
    last_contacts = _last_contacts([contact.id for contact in contacts], own_journeys) if limits.any else {}
    facts = []
    for contact, addresses in zip(contacts, reachable, strict=True):
        found = _named(addresses, suppressions) if suppressions else {}
        last_contacted_at = last_contacts.get(contact.id) if last_contacts else None
        facts.append(ContactFacts(addresses, found, contact.opted_out_at, last_contacted_at))
    return facts


def address_on(channel: str, email: str, phone: str) -> str:
    """The address that a channel uses, in the one spelling that suppressions are kept in; "" if there is none."""
    return email.lower() if channel == Channel.EMAIL else phone


def _named(addresses: Mapping[str, str], suppressions: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {
        channel: suppressions[channel, address]
        for channel, address in addresses.items()
        if (channel, address) in suppressions
    }


def _suppressions(
    organization_id: UUID, reachable: Sequence[Mapping[str, str]], channels: Sequence[str]
) -> dict[tuple[str, str], str]:
    wanted = {address for addresses in reachable for address in addresses.values()}
    with connection.cursor() as cursor:
        cursor.execute(_SUPPRESSIONS, [organization_id, list(set(channels)), rows_of(list(wanted))])
        return {(channel, address): reason for channel, address, reason in cursor.fetchall()}


def _last_contacts(contact_ids: Sequence[UUID], own_journeys: Sequence[int]) -> dict[UUID, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_CONTACTS, [array_of(contact_ids), array_of(own_journeys)])
        return dict(cursor.fetchall())
