"""Forgetting what names a person whose contact was erased: now, and whenever something is told of them later."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from channels.models import ProviderAccount, SandboxMessage
from contacts.address_key import PREFIX, address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, ErasedAddress, Suppression
from distributor.engine.infrastructure.sql_params import array_of, rows_of
from distributor.engine.journey.attempts import attempt_ids_of
from distributor.models import Attempt, Decision, Distribution, ProviderEvent, Recipient, Response
from distributor.rules.journey.delivery_events import OPT_OUT_REQUESTS

# An erasure waits for the webhooks that are being stored, and later ones wait for it: each sees what the other wrote.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_LATE = """
SELECT given.address, NULL FROM json_to_recordset(%(addresses)s::json) AS given(address text, key text)
JOIN contacts_erasedaddress e ON e.organization_id = %(organization_id)s AND e.address_key = given.key
WHERE NOT EXISTS (
    SELECT FROM contacts_contact c
    WHERE c.organization_id = %(organization_id)s AND lower(c.email) = given.address AND c.email <> ''
) AND NOT EXISTS (
    SELECT FROM contacts_contact c
    WHERE c.organization_id = %(organization_id)s AND c.phone = given.address AND c.phone <> ''
)
UNION ALL
SELECT NULL, r.id FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id
WHERE r.id = ANY(%(recipient_ids)s::bigint[]) AND c.erased_at IS NOT NULL
"""


def erasure_lock(organization_id: UUID) -> str:
    """Return the name of the lock that erasures take, and that storing provider events takes in shared mode."""
    return f"erasure {organization_id}"


def lock_erasures(organization_id: UUID) -> None:
    """Wait until no webhook of the organisation is being stored, and keep others out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [erasure_lock(organization_id)])


def remember_erased(organization_id: UUID, addresses: Iterable[str], now: datetime) -> None:
    """Keep the keyed hashes of addresses, by which forget_late() knows them."""
    remember_keys(organization_id, {address_key(address) for address in addresses}, now)


def remember_keys(organization_id: UUID, keys: Iterable[str], now: datetime) -> None:
    """Do the same for addresses that are known by their keyed hashes only."""
    ErasedAddress.objects.bulk_create(
        [ErasedAddress(organization_id=organization_id, address_key=key, erased_at=now) for key in sorted(set(keys))],
        ignore_conflicts=True,
    )


def forget_late(organization_id: UUID, addresses: Collection[str], recipient_ids: Collection[int]) -> None:
    """Forget what was just stored of people who are erased: of these addresses, and of these recipients.

    An address that a contact has is kept: it was given again, or it is shared with somebody who was not erased.
    """
    known = sorted({address for address in addresses if address and not address.startswith(PREFIX)})
    parameters: dict[str, Any] = {
        "organization_id": organization_id,
        "addresses": rows_of([{"address": address, "key": address_key(address)} for address in known]),
        "recipient_ids": array_of(recipient_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATE, parameters)
        rows = cursor.fetchall()
    forget_addresses(organization_id, [address for address, _ in rows if address is not None])
    forget_journeys(Recipient.objects.filter(pk__in=[pk for _, pk in rows if pk is not None]))


def forget_addresses(organization_id: UUID, addresses: Collection[str]) -> None:
    """Replace addresses by their keyed hashes where they stand for a no, and empty what else was told of them."""
    if not addresses:
        return
    _close_by_key(organization_id, addresses)
    keys = [address_key(address) for address in addresses]
    said = ConsentEvent.objects.filter(organization_id=organization_id, address_key__in=keys)
    said.exclude(address="").update(address="")
    accounts = list(ProviderAccount.objects.filter(organization=organization_id).values_list("pk", flat=True))
    events = ProviderEvent.objects.filter(address__in=addresses, provider_account_id__in=accounts)
    _empty_events(events.filter(recipient_id=None).exclude(address=""))
    SandboxMessage.objects.filter(organization_id=organization_id, to__in=addresses).delete()


def forget_journeys(journeys: Iterable[Recipient]) -> None:
    """Empty what the calls, the providers and the sandbox said of the people in these journeys."""
    journeys = list(journeys)
    if not journeys:
        return
    ids = [journey.pk for journey in journeys]
    Recipient.objects.filter(pk__in=ids).update(attributes={}, locale="", wording=None)
    Response.objects.filter(recipient_id__in=ids).update(attributes={}, locale="")
    Attempt.objects.filter(recipient_id__in=ids).update(detail="", piped_values=None)
    _empty_events(ProviderEvent.objects.filter(recipient_id__in=ids))
    decisions = list(Decision.objects.filter(recipient_id__in=ids, detail__has_any_keys=["detail", "error"]))
    for decision in decisions:
        decision.detail = {name: value for name, value in decision.detail.items() if name not in ("detail", "error")}
    Decision.objects.bulk_update(decisions, ["detail"])
    groups = {str(journey.distribution_id) for journey in journeys}
    SandboxMessage.objects.filter(group_id__in=groups, attempt_id__in=attempt_ids_of(journeys)).delete()


def find_distributions(contact_id: UUID, journeys: Iterable[Recipient]) -> set[UUID]:
    """Return the distributions that were made for a contact, among others or alone, whether it was skipped or not."""
    skipped = Decision.objects.filter(contact_id=contact_id, recipient_id=None)
    return {*skipped.values_list("distribution_id", flat=True), *(journey.distribution_id for journey in journeys)}


def forget_data_of_own_distributions(distribution_ids: Collection[UUID]) -> None:
    """Empty the data of those of a contact's distributions that were made for it alone.

    The rows are written even if they are empty, so that data added at this moment waits (follow_up/add.py).
    """
    Distribution.objects.filter(pk__in=distribution_ids, accepted_count=1).update(attributes={})


def _empty_events(events: Any) -> None:
    """Empty provider events. Of STOP and START the keyed hash of the number stays: the latest of them holds."""
    ids = list(events.values_list("pk", flat=True))
    theirs = ProviderEvent.objects.filter(pk__in=ids)
    theirs.update(raw={}, detail="")
    theirs.exclude(kind__in=OPT_OUT_REQUESTS).update(address="")
    asked = theirs.filter(kind__in=OPT_OUT_REQUESTS).exclude(address="").exclude(address__startswith=PREFIX)
    for address in set(asked.values_list("address", flat=True)):
        asked.filter(address=address).update(address=address_key(address))


def _close_by_key(organization_id: UUID, addresses: Collection[str]) -> None:
    theirs = Suppression.objects.filter(
        organization_id=organization_id,
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in=addresses,
    )
    kept = list(theirs)
    theirs.delete()
    for suppression in kept:
        suppression.address = address_key(suppression.address)
    Suppression.objects.bulk_create(kept, ignore_conflicts=True)
