"""Erasing people, by contact or by address: what is personal goes, what was counted stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower

from contacts.address_key import address_key, is_address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, FormerAddress, Membership
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.forget import (
    find_distributions,
    forget_addresses,
    forget_data_of_own_distributions,
    forget_journeys,
    forget_late,
    lock_erasures,
    remember_erased,
)
from distributor.engine.consent.mentions import Mentions, erase_mentions, erase_mentions_in_journeys
from distributor.engine.consent.record import addresses_of, suppress_addresses
from distributor.engine.consent.stored_exports import withdraw_exports
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.journal.erasures import journal_erasure_on_commit
from distributor.engine.journey.people import find_in_flight
from distributor.engine.journey.stop import stop_journeys
from distributor.models import Recipient, Touch
from distributor.rules.journey.stop_reasons import StopReason

_NOTHING: dict[str, Any] = {
    "external_id": None,
    **dict.fromkeys(("email", "phone", "first_name", "last_name", "title", "locale", "time_zone"), ""),
    "embedded_data": {},
}


@retry_deadlocks
def erase_contact(contact_id: UUID, now: datetime, *, is_journalled: bool = True) -> bool:
    """Forget who a contact is, stop its journeys (reason “erased”) and close its links; say whether that is news.

    The row stays as a nameless stand-in, so that every distribution's counts remain those of its rows. With the
    contact's own fields go the attributes of its journeys and responses, and of distributions to it alone, what
    providers said of its attempts (an SMTP reply quotes the address), its memberships, its frequency record, the
    sandbox's messages to it, and its name and addresses wherever a text mentions them: stored answers, the admin's log,
    answers, names and attributes of distributions. Responses keep their answers, as nobody's. A no survives as keyed
    hashes of the addresses: nobody writes there again, even if the same address is imported later, and an unsubscribe
    link in an old message still works.

    What is told later is forgotten when it arrives (forget_late). An address that another contact has stays where it
    stands for that contact. Stored exports that hold the person are withdrawn. The journal keeps the erasure, so that a
    restore does not undo it, unless `is_journalled` is false: then the caller makes it again by itself. Raises
    Contact.DoesNotExist.

    Repeated after a deadlock: a send locks its text and then its contacts.
    """
    lock_erasures(Contact.objects.values_list("organization_id", flat=True).get(pk=contact_id))
    # The contact first: a call that is about to accept it again waits here, and then finds that it is gone.
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    if contact.erased_at is not None:
        return False
    organization_id, addresses = contact.organization_id, known_addresses(contact)
    mentions = Mentions.of(contact, addresses)
    journeys = list(Recipient.objects.filter(contact=contact).order_by("pk").select_for_update(no_key=True))
    stop_journeys(journeys, StopReason.ERASED, now)
    _mark_in_flight(journeys)
    forget_journeys(journeys)
    distribution_ids = find_distributions(contact.pk, journeys)
    forget_data_of_own_distributions(distribution_ids)
    _keep_keys_of_addresses(contact, now)
    erase_mentions_in_journeys(mentions, contact.pk, journeys, distribution_ids)
    Membership.objects.filter(contact=contact).delete()
    Touch.objects.filter(contact_id=contact.pk).delete()
    Contact.objects.filter(pk=contact.pk).update(**_NOTHING, erased_at=now, updated_at=now)
    remember_erased(organization_id, addresses, now)
    forget_late(organization_id, addresses, [])
    erase_mentions(mentions, organization_id)
    withdraw_exports(organization_id, contact.pk, now)
    if is_journalled:
        journal_erasure_on_commit(organization_id, [contact.pk], addresses, now)
    return True


@retry_deadlocks
def erase_address(organization_id: UUID, address: str, now: datetime) -> list[UUID]:
    """Erase every contact that has an address, and what else is known of the address; return the erased contacts.

    `address` is in the one spelling of suppressions (contacts/suppressions.py). A contact that had it before keeps its
    data, and its former address becomes a keyed hash. Nobody may have the address: then only what was told of it goes.
    """
    lock_erasures(organization_id)
    holders = holders_of(organization_id, address)
    erased = [contact_id for contact_id in holders if erase_contact(contact_id, now)]
    remember_erased(organization_id, [address], now)
    forget_address(organization_id, address)
    withdraw_exports(organization_id, None, now)
    journal_erasure_on_commit(organization_id, erased, [address], now)
    return erased


def forget_address(organization_id: UUID, address: str) -> None:
    """Forget what was told of an address that no contact has: where it stands for a no, its keyed hash stays."""
    FormerAddress.objects.filter(contact__organization_id=organization_id, address=address).update(
        address=address_key(address)
    )
    forget_addresses(organization_id, [address])
    erase_mentions(Mentions([address]), organization_id)


def holders_of(organization_id: UUID, address: str) -> list[UUID]:
    """Return the contacts that have an address, in the order of their ids."""
    theirs = Contact.objects.alias(lower_email=Lower("email")).filter(organization_id=organization_id)
    by_email = theirs.filter(lower_email=address).exclude(email="").values_list("pk", flat=True)
    by_phone = theirs.filter(phone=address).exclude(phone="").values_list("pk", flat=True)
    return sorted({*by_email, *by_phone})


def known_addresses(contact: Contact) -> list[str]:
    """Return the addresses that a contact has and had, as suppressions spell them. Keyed hashes are left out."""
    former = FormerAddress.objects.filter(contact=contact).values_list("address", flat=True)
    known = {address for _, address in addresses_of(contact)}
    return sorted(known | {address for address in former if not is_address_key(address)})


def _mark_in_flight(journeys: Sequence[Recipient]) -> None:
    """Let settle forget what comes of the messages that are with a provider at this moment."""
    if in_flight := find_in_flight([journey.pk for journey in journeys]) if journeys else set():
        Recipient.objects.filter(pk__in=in_flight).update(has_early_events=True)


def _keep_keys_of_addresses(contact: Contact, now: datetime) -> None:
    """Replace the contact's addresses by their keys wherever they stand for a no, or may be needed for one."""
    if contact.opted_out_at is not None:
        closed = [(channel, address, SuppressionReason.UNSUBSCRIBE.value) for channel, address in addresses_of(contact)]
        suppress_addresses(contact.organization_id, closed, "erased after an opt-out")
    for former in FormerAddress.objects.filter(contact=contact):
        if not is_address_key(former.address):
            former.address = address_key(former.address)
            former.save(update_fields=["address"])
    FormerAddress.objects.bulk_create(
        FormerAddress(
            contact=contact,
            channel=Channel.EMAIL if channel == Channel.EMAIL else Channel.SMS,
            address=address_key(address),
            replaced_at=now,
        )
        for channel, address in addresses_of(contact)
        if channel != Channel.WHATSAPP
    )
    ConsentEvent.objects.filter(contact_id=contact.pk).exclude(address="").update(address="")
