"""Creates, finds and revokes API keys.

A key has 40 characters: `dk_`, a prefix of 8 base-62 characters, which finds it, `_`, and a secret of 28. The secret
has 166 random bits, so a plain SHA-256 protects it. Published clients of one dialect require a length of 40.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from contacts.models.api_key import ApiKey, KeyKind
from contacts.models.organization import Organization
from contacts.row_reading import columns_of, read_joined

_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(r"dk_([A-Za-z0-9]{8})_([A-Za-z0-9]{28})")
_LAST_USE_PRECISION = timedelta(minutes=1)


def mint_key() -> str:
    """Return a new random key."""
    return f"dk_{_random(8)}_{_random(28)}"


def create_api_key(
    organization: Organization,
    name: str,
    scopes: Iterable[str],
    *,
    key: str | None = None,
    expires_at: datetime | None = None,
    kind: str = KeyKind.LIVE,
) -> tuple[ApiKey, str]:
    """Store a key's prefix and hash; return the row and the key, which cannot be recovered later.

    `key` is stored instead of a new key. Raises ValueError if it does not have the form of a key.
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
        kind=kind,
    )
    return row, key


def key_prefix(key: str) -> str | None:
    """Return the prefix that finds a key's row; None if it does not have the form of a key."""
    match = _FORM.fullmatch(key)
    return match[1] if match else None


def find_api_key(key: str, now: datetime | None = None) -> ApiKey | None:
    """Return the row of a caller's key, with its organisation; None if it is unknown, expired or revoked.

    `now` None: PostgreSQL's time.
    """
    match = _FORM.fullmatch(key)
    row = None if match is None else _read("k.prefix = %s", match[1], now)
    if row is None or not hmac.compare_digest(bytes(row.secret_hash), _hash(key)):
        return None
    return _use(row)


def find_key_in_use(key_id: UUID) -> ApiKey | None:
    """Return the row of a key that was verified before, with its organisation; None as in find_api_key()."""
    row = _read("k.id = %s", key_id)
    return None if row is None else _use(row)


def _read(condition: str, value: str | UUID, now: datetime | None = None) -> ApiKey | None:
    """Read a key with its organisation and PostgreSQL's time, in one statement, because every call does it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT clock_timestamp(), {columns_of(ApiKey, 'k')}, {columns_of(Organization, 'o')}"  # noqa: S608
            f" FROM contacts_apikey k JOIN contacts_organization o ON o.id = k.organization_id WHERE {condition}",
            [value],
        )
        values = cursor.fetchone()
    if values is None:
        return None
    row: ApiKey
    row, organization = read_joined(values[1:], ApiKey, Organization)
    row.organization, row.read_at = organization, now or values[0]
    return row


def _use(row: ApiKey) -> ApiKey | None:
    if not row.is_usable(row.read_at):
        return None
    # At most one write per key and minute.
    if row.last_used_at is None or row.read_at - row.last_used_at > _LAST_USE_PRECISION:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=row.read_at)
    return row


def revoke_api_keys(keys: QuerySet[ApiKey], now: datetime) -> int:
    """Revoke keys from their next call on; return how many were not revoked yet."""
    return keys.filter(revoked_at=None).update(revoked_at=now)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
