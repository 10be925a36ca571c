"""Rotates the key of stored credentials: every account's are encrypted again with the first key."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from channels.credentials import UnreadableCredentials
from channels.models import ProviderAccount

CHUNK_SIZE = 500


@dataclass(slots=True)
class Rotation:
    """What became of the accounts. `unreadable` are those that no key decrypts, as “id (name)”; they are unchanged."""

    rotated: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_credentials(chunk_size: int = CHUNK_SIZE) -> Rotation:
    """Encrypt the credentials of all accounts with the first of CREDENTIAL_KEYS, one transaction per chunk.

    Repeating it, or stopping it halfway, does no harm: the other keys still decrypt what is left.
    """
    rotation = Rotation()
    last_id: UUID | None = None
    while True:
        with transaction.atomic():
            # Locked, so that credentials saved at the same moment are not overwritten by the old ones.
            rows = ProviderAccount.objects.select_for_update(no_key=True).only("id", "name", "credentials")
            chunk = list((rows if last_id is None else rows.filter(id__gt=last_id)).order_by("id")[:chunk_size])
            unreadable = [account for account in chunk if isinstance(account.credentials, UnreadableCredentials)]
            # The tokens of unreadable rows are written back as they are.
            ProviderAccount.objects.bulk_update(chunk, ["credentials"])
        rotation.rotated += len(chunk) - len(unreadable)
        rotation.unreadable += [f"{account.id} ({account.name})" for account in unreadable]
        if len(chunk) < chunk_size:
            return rotation
        last_id = chunk[-1].id
