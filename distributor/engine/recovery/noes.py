"""Bring back the noes that the database has forgotten: suppressions by keyed hashes, opt-outs and consent events.

A START or an opt-in after such a no is not brought back: whoever said both is not written to.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import UUID

from django.db import transaction

from contacts.models import ConsentEvent, Contact, Organization
from distributor.engine.consent.record import suppress_addresses
from distributor.engine.journal.files import find_files, read_last_line, read_lines
from distributor.engine.journal.noes import JournalledNo, decode_no

SOURCE = "the journal, after a restore"


def has_forgotten_noes(folder: Path, installation: str) -> bool:
    """Return whether the database does not know the last no of any process."""
    last_noes = [no for path in find_files(folder) if (no := read_last_line(path, decode_no)) is not None]
    return bool(_unknown_events([no for no in last_noes if no.installation == installation]))


def bring_back_noes(folder: Path, installation: str) -> int:
    """Write back what the database does not know, each in its own transaction. Returns how many noes that were."""
    count = 0
    for no in _own_noes(folder, installation):
        if _unknown_events([no]):
            _bring_back(no)
            count += len(no.events)
    return count


@transaction.atomic
def _bring_back(no: JournalledNo) -> None:
    contacts = Contact.objects.filter(organization_id=no.organization_id, pk__in=no.opted_out, opted_out_at=None)
    contacts.update(opted_out_at=no.at)
    if Organization.objects.filter(pk=no.organization_id).exists():  # else it was made after the backup
        suppress_addresses(no.organization_id, no.closed, SOURCE)
    ConsentEvent.objects.bulk_create(
        [
            ConsentEvent(
                id=event.id,
                organization_id=no.organization_id,
                contact_id=event.contact_id,
                channel=event.channel,
                address_key=event.address_key,
                what=event.what,
                closes=event.closes,
                source=SOURCE,
                said_at=event.said_at,
                recorded_at=no.at,
            )
            for event in no.events
        ],
        ignore_conflicts=True,
    )


def _own_noes(folder: Path, installation: str) -> Iterator[JournalledNo]:
    for path in find_files(folder):
        for _, no in read_lines(path, decode_no):
            if no.installation == installation:
                yield no


def _unknown_events(noes: Collection[JournalledNo]) -> set[UUID]:
    """Return which of their events the database does not know."""
    event_ids = {event.id for no in noes for event in no.events}
    return event_ids - set(ConsentEvent.objects.filter(pk__in=event_ids).values_list("pk", flat=True))
