"""API keys: minting, and finding the one that a caller shows.

A key is 40 characters: `dk_`, 8 base-62 characters that find it, `_`, and 28 that prove it (166 bits, so one plain
SHA-256 is enough: there is nothing to guess). 40 because published clients of one dialect check that length.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from contacts.models.api_key import ApiKey
from contacts.models.organization import Organization

_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(r"dk_([A-Za-z0-9]{8})_([A-Za-z0-9]{28})")
_LAST_USE_PRECISION = timedelta(minutes=1)


def mint_key() -> str:
    """A new random key."""
    return f"dk_{_random(8)}_{_random(28)}"


def create_api_key(
    organization: Organization,
    name: str,
    scopes: Iterable[str],
    *,
    key: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Store a key's prefix and hash; return the row and the key, which cannot be shown again.

    `key` gives the key to store instead of a new one. Raises ValueError when it is not of a key's form.
    """
    key = key or mint_key()
    match = _FORM.fullmatch(key)
    if match is None:
        raise ValueError("an API key is dk_, 8 letters or digits, _, 28 letters or digits")
    row = ApiKey.objects.create(
        organization=organization,
        name=name,
        prefix=match[1],
        secret_hash=_hash(key),
        scopes=list(scopes),
        expires_at=expires_at,
    )
    return row, key


def find_api_key(shown: str, now: datetime) -> ApiKey | None:
    """The usable key that a caller shows, with its organisation; None if it is unknown, expired or revoked."""
    match = _FORM.fullmatch(shown)
    if match is None:
        return None
    row = ApiKey.objects.select_related("organization").filter(prefix=match[1]).first()
    if row is None or not hmac.compare_digest(bytes(row.secret_hash), _hash(shown)):
        return None
    return _use(row, now)


def find_key_in_use(key_id: UUID, now: datetime) -> ApiKey | None:
    """The usable key that somebody proved to have before, with its organisation; None as above."""
    row = ApiKey.objects.select_related("organization").filter(pk=key_id).first()
    return None if row is None else _use(row, now)


def _use(row: ApiKey, now: datetime) -> ApiKey | None:
    if not row.is_usable(now):
        return None
    # One write a minute and key at most, not one a request.
    if row.last_used_at is None or now - row.last_used_at > _LAST_USE_PRECISION:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def revoke_api_keys(keys: QuerySet[ApiKey], now: datetime) -> int:
    """End keys for good, from their next call on; returns how many were still in force."""
    return keys.filter(revoked_at=None).update(revoked_at=now)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
