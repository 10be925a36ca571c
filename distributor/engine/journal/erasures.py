"""Erasures in the journal: so that nobody who was erased is known again after a restore. They hold no address."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson
from django.db import transaction

from contacts.address_key import address_key
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.journal.files import journal_folder
from distributor.engine.journal.write import append_to_journal


@dataclass(frozen=True, slots=True)
class JournalledErasure:
    """What one erasure erased: contacts by their ids, addresses by their keyed hashes (contacts/address_key.py)."""

    installation: str
    organization_id: UUID
    at: datetime
    contact_ids: Sequence[UUID]
    address_keys: Sequence[str]

    def encode(self) -> bytes:
        """Return the line as JSON with its line end."""
        return orjson.dumps({"erasure": asdict(self)}) + b"\n"


def journal_erasure_on_commit(
    organization_id: UUID, contact_ids: Sequence[UUID], addresses: Iterable[str], now: datetime
) -> None:
    """Write an erasure into the journal once it is committed. `addresses` are spelled as suppressions spell them."""
    if journal_folder() is None:
        return
    keys = sorted({address_key(address) for address in addresses})
    erasure = JournalledErasure(read_installation_id(), organization_id, now, contact_ids, keys)
    transaction.on_commit(partial(append_to_journal, erasure.encode(), now), robust=True)


def decode_erasure(text: bytes) -> JournalledErasure | None:
    """Return the erasure of a line; None if the line is of another kind, or not whole."""
    if not text.startswith(b'{"erasure"'):
        return None
    try:
        content = orjson.loads(text)["erasure"]
        return JournalledErasure(
            installation=content["installation"],
            organization_id=UUID(content["organization_id"]),
            at=datetime.fromisoformat(content["at"]),
            contact_ids=[UUID(contact_id) for contact_id in content["contact_ids"]],
            address_keys=[str(key) for key in content["address_keys"]],
        )
    except (ValueError, KeyError, TypeError):
        return None
