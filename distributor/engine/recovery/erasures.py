"""Erase again whom the restored database knows again: contacts by their ids, addresses by their keyed hashes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from contacts.address_key import ADDRESS_KEY_SQL
from contacts.models import Contact, ErasedAddress, Organization
from distributor.engine.consent.erase import erase_contact, forget_address, holders_of
from distributor.engine.consent.forget import lock_erasures, remember_keys
from distributor.engine.journal.erasures import JournalledErasure, decode_erasure
from distributor.engine.journal.files import find_files, read_last_line, read_lines

# Wherever an address may stand that no contact has. Their keys are computed, once per organisation.
_FIND_ADDRESSES = f"""
SELECT address FROM (
    SELECT address FROM contacts_suppression WHERE organization_id = %(organization_id)s
    UNION
    SELECT f.address FROM contacts_formeraddress f JOIN contacts_contact c ON c.id = f.contact_id
    WHERE c.organization_id = %(organization_id)s
    UNION
    SELECT address FROM contacts_consentevent WHERE organization_id = %(organization_id)s
    UNION
    SELECT e.address FROM distributor_providerevent e
    JOIN channels_provideraccount a ON a.id = e.provider_account_id WHERE a.organization_id = %(organization_id)s
) AS told
WHERE address <> '' AND address NOT LIKE 'sha256:%%' AND {ADDRESS_KEY_SQL} = ANY(%(keys)s)
"""


def has_forgotten_erasures(folder: Path, installation: str) -> bool:
    """Return whether the database does not know the last erasure of any process."""
    last = [erasure for path in find_files(folder) if (erasure := read_last_line(path, decode_erasure)) is not None]
    return any(_is_forgotten(erasure) for erasure in last if erasure.installation == installation)


def repeat_erasures(folder: Path, installation: str, now: datetime) -> int:
    """Erase again what was erased after the backup, each organisation in its own transaction. Returns how many."""
    forgotten: dict[UUID, list[JournalledErasure]] = {}
    for erasure in _own_erasures(folder, installation):
        if _is_forgotten(erasure):
            forgotten.setdefault(erasure.organization_id, []).append(erasure)
    for organization_id, erasures in forgotten.items():
        _repeat(organization_id, erasures, now)
    return sum(map(len, forgotten.values()))


@transaction.atomic
def _repeat(organization_id: UUID, erasures: Sequence[JournalledErasure], now: datetime) -> None:
    """Erase contacts, and what is told of addresses. An address that a contact has, it was given again."""
    lock_erasures(organization_id)
    for erasure in erasures:
        for contact_id in _known_again(erasure):
            erase_contact(contact_id, now, is_journalled=False)
        remember_keys(organization_id, erasure.address_keys, erasure.at)
    for address in _find_addresses(organization_id, {key for erasure in erasures for key in erasure.address_keys}):
        if not holders_of(organization_id, address):
            forget_address(organization_id, address)


def _is_forgotten(erasure: JournalledErasure) -> bool:
    if not Organization.objects.filter(pk=erasure.organization_id).exists():  # it was made after the backup
        return False
    known = ErasedAddress.objects.filter(
        organization_id=erasure.organization_id, address_key__in=erasure.address_keys
    ).count()
    return known < len(erasure.address_keys) or bool(_known_again(erasure))


def _known_again(erasure: JournalledErasure) -> list[UUID]:
    """Return which of the erased contacts the database knows. Those made after the backup it does not."""
    contacts = Contact.objects.filter(
        organization_id=erasure.organization_id, pk__in=erasure.contact_ids, erased_at=None
    )
    return sorted(contacts.values_list("pk", flat=True))


def _find_addresses(organization_id: UUID, keys: Collection[str]) -> list[str]:
    """Return the addresses with these keys that stand anywhere in clear text."""
    if not keys:
        return []
    parameters = {"organization_id": organization_id, "keys": list(keys), "secret": settings.ADDRESS_KEY_SECRET}
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ADDRESSES, parameters)
        return sorted(address for (address,) in cursor)


def _own_erasures(folder: Path, installation: str) -> Iterator[JournalledErasure]:
    for path in find_files(folder):
        for _, erasure in read_lines(path, decode_erasure):
            if erasure.installation == installation:
                yield erasure
