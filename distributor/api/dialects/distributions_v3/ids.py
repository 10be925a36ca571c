"""Public ids of this dialect: a prefix and 15 base-62 characters, computed from our keys, and read back as ranges.

A key is a UUIDv7 (RFC 9562). Of its 128 bits the 89 that matter fit into 15 base-62 digits (62^15 is 2^89.3): 42 bits
of the milliseconds, which last until 2109, the 12 bits of rand_a and the upper 35 of rand_b. The 27 bits that are left
out make an id a range of keys, in which the primary key's index finds the one. See docs/decisions/0019.
"""

from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH: Final = 15
_VALUES: Final = {digit: value for value, digit in enumerate(DIGITS)}
_BASE: Final = len(DIGITS)
_MILLISECOND_BITS, _A_BITS, _B_BITS, _LOST_BITS = 42, 12, 35, 27
_LIMIT: Final = 1 << _MILLISECOND_BITS + _A_BITS + _B_BITS
_VERSION: Final = 7 << 76
_VARIANT: Final = 2 << 62


class Kind(StrEnum):
    """What an id is of, by its prefix."""

    SURVEY = "SV"
    MAILING_LIST = "CG"
    MESSAGE = "MS"
    LIBRARY = "UR"
    DIRECTORY = "POOL"
    DISTRIBUTION = "EMD"
    CONTACT = "CID"
    CONTACT_LOOKUP = "CGC"
    TRANSACTION = "CTR"
    RESPONSE = "R"

    @property
    def pattern(self) -> str:
        """A regular expression of the ids' form."""
        return f"^{self.value}_[0-9A-Za-z]{{{LENGTH}}}$"


class KeyRange(NamedTuple):
    """All keys that an id may mean: the first and the last."""

    first: UUID
    last: UUID

    def holds(self, key: UUID) -> bool:
        return self.first <= key <= self.last


def public_id(kind: Kind, key: UUID) -> str:
    """`CG_0MtUzZ3kQhJw1xY`. Ids of one kind sort as their keys do."""
    milliseconds = key.int >> 80 & (1 << _MILLISECOND_BITS) - 1
    rand_a = key.int >> 64 & (1 << _A_BITS) - 1
    rand_b = key.int >> _LOST_BITS & (1 << _B_BITS) - 1
    return f"{kind.value}_{_digits((milliseconds << _A_BITS | rand_a) << _B_BITS | rand_b)}"


def numbered_id(kind: Kind, number: int) -> str:
    """Of a row whose key is a bigint."""
    return f"{kind.value}_{_digits(number)}"


def read_id(kind: Kind, text: str) -> KeyRange | None:
    """The keys that an id of this kind may mean; None for what is no such id."""
    prefix, _, digits = text.partition("_")
    if prefix != kind.value or len(digits) != LENGTH or not _VALUES.keys() >= set(digits):
        return None
    number = 0
    for digit in digits:
        number = number * _BASE + _VALUES[digit]
    if number >= _LIMIT:
        return None
    milliseconds, rest = divmod(number, 1 << _A_BITS + _B_BITS)
    rand_a, rand_b = divmod(rest, 1 << _B_BITS)
    first = milliseconds << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b << _LOST_BITS
    return KeyRange(UUID(int=first), UUID(int=first | (1 << _LOST_BITS) - 1))


def _digits(number: int) -> str:
    digits = []
    for _ in range(LENGTH):
        number, value = divmod(number, _BASE)
        digits.append(DIGITS[value])
    return "".join(reversed(digits))
