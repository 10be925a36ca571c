"""Ids that leave the platform tell nothing of its volume: recipients are numbered, so the numbers are encrypted.

One block of AES with a key of this installation: the same id gives the same text, we can read it back, and nobody else
can make or compare one. See docs/decisions/0041.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from struct import Struct
from threading import local
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings

# A recipient's id (8 bytes), an attempt's number (2), and zeros, by which a forged text is known.
_BLOCK: Final = Struct(">QH6x")
_ZEROS: Final = bytes(6)


def seal(recipient_id: int, number: int = 0) -> bytes:
    """Return 16 bytes that stand for a recipient's attempt; `number` 0 stands for the recipient."""
    return _ciphers().encryptor.update(_BLOCK.pack(recipient_id, number))


def seal_all(attempts: Iterable[tuple[int, int]]) -> list[bytes]:
    """Return what seal() returns for each attempt, by one call of the cipher."""
    sealed = _ciphers().encryptor.update(b"".join(_BLOCK.pack(*attempt) for attempt in attempts))
    return [sealed[start : start + _BLOCK.size] for start in range(0, len(sealed), _BLOCK.size)]


def unseal(sealed: bytes) -> tuple[int, int] | None:
    """Return the recipient's id and the number of what seal() returned; None for any other bytes."""
    if len(sealed) != _BLOCK.size:
        return None
    block = _ciphers().decryptor.update(sealed)
    if not block.endswith(_ZEROS):
        return None
    recipient_id, number = _BLOCK.unpack(block)
    return recipient_id, number


class _Ciphers(local):
    """Both directions, a pair for each thread. Blocks are encrypted one by one; a new pair takes five times longer."""

    def __init__(self) -> None:
        cipher = _cipher()
        self.encryptor, self.decryptor = cipher.encryptor(), cipher.decryptor()


@cache
def _ciphers() -> _Ciphers:
    return _Ciphers()


@cache
def _cipher() -> Cipher[ECB]:
    # The one secret that never changes: ids come back for as long as messages are read.
    key = blake2b(settings.ADDRESS_KEY_SECRET.encode(), digest_size=32, person=b"sealed ids").digest()
    return Cipher(AES(key), ECB())  # noqa: S305  a single block has no pattern to show
