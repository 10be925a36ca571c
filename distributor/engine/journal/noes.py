"""Noes in the journal: so that nobody who said no is written to after a restore. They hold keyed hashes, no address."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import transaction

from contacts.address_key import address_key
from contacts.models import ConsentEvent
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.journal.files import journal_folder
from distributor.engine.journal.write import append_to_journal


class ClosedAddress(NamedTuple):
    """A suppression, by the address's keyed hash (contacts/address_key.py)."""

    channel: str
    address_key: str
    reason: str


@dataclass(frozen=True, slots=True)
class JournalledEvent:
    """A consent event without its address."""

    id: UUID
    contact_id: UUID | None
    channel: str
    address_key: str
    what: str
    closes: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class JournalledNo:
    """What one transaction recorded: its consent events, the addresses it closed and the contacts it opted out."""

    installation: str
    organization_id: UUID
    at: datetime
    events: Sequence[JournalledEvent]
    closed: Sequence[ClosedAddress]
    opted_out: Sequence[UUID]

    def encode(self) -> bytes:
        """Return the line as JSON with its line end."""
        return orjson.dumps({"no": {**asdict(self), "closed": [list(each) for each in self.closed]}}) + b"\n"


def journal_noes_on_commit(
    organization_id: UUID,
    events: Sequence[ConsentEvent],
    closed: Iterable[tuple[str, str, str]],
    opted_out: Iterable[UUID],
    now: datetime,
) -> None:
    """Write noes into the journal once they are committed. `closed` are suppressions: channel, address and reason."""
    if journal_folder() is None:
        return
    no = JournalledNo(
        read_installation_id(),
        organization_id,
        now,
        [
            JournalledEvent(
                event.pk, event.contact_id, event.channel, event.address_key, event.what, event.closes, event.said_at
            )
            for event in events
        ],
        [ClosedAddress(channel, address_key(address), reason) for channel, address, reason in closed],
        list(opted_out),
    )
    transaction.on_commit(partial(append_to_journal, no.encode(), now), robust=True)


def decode_no(text: bytes) -> JournalledNo | None:
    """Return the noes of a line; None if it is a hand-over, or not whole."""
    if not text.startswith(b'{"no"'):
        return None
    try:
        content = orjson.loads(text)["no"]
        return JournalledNo(
            installation=content["installation"],
            organization_id=UUID(content["organization_id"]),
            at=datetime.fromisoformat(content["at"]),
            events=[_read_event(event) for event in content["events"]],
            closed=[ClosedAddress(*each) for each in content["closed"]],
            opted_out=[UUID(contact_id) for contact_id in content["opted_out"]],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _read_event(event: dict[str, str]) -> JournalledEvent:
    return JournalledEvent(
        UUID(event["id"]),
        UUID(event["contact_id"]) if event["contact_id"] else None,
        event["channel"],
        event["address_key"],
        event["what"],
        event["closes"],
        datetime.fromisoformat(event["said_at"]),
    )
