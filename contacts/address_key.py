"""Keyed hashes of addresses: how a no outlives the address of a contact that was erased.

A suppression of an erased contact's address is stored as its key, such as `sha256:5f70…`. Whether an address is
suppressed is asked for both spellings. The same formula stands in Python and in SQL: PostgreSQL computes a thousand
keys within the query that looks for them, and only where an organisation has any.
"""

from hashlib import sha256
from typing import Final

from django.conf import settings

PREFIX: Final = "sha256:"
# The SQL twin of address_key(): over a column `address`, with the parameter `secret`.
ADDRESS_KEY_SQL: Final = """'sha256:' || encode(sha256(convert_to(
    %(secret)s || encode(sha256(convert_to(%(secret)s || address, 'UTF8')), 'hex'), 'UTF8')), 'hex')"""


def address_key(address: str) -> str:
    """Return the keyed hash of an address in its one spelling (lower-case e-mail, or E.164): 71 characters.

    The secret goes before each of two rounds, so the key of one address tells nothing of another's.
    """
    secret = settings.ADDRESS_KEY_SECRET
    inner = sha256(f"{secret}{address}".encode()).hexdigest()
    return PREFIX + sha256(f"{secret}{inner}".encode()).hexdigest()


def is_address_key(text: str) -> bool:
    """Return whether a stored address is the key of one that was erased."""
    return text.startswith(PREFIX)
