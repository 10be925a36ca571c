"""Public ids of this dialect: a prefix and 15 base-62 digits. They are computed from our keys and read as key ranges.

Keys are UUIDv7 (RFC 9562). 15 base-62 digits hold 89 bits (62^15 is 2^89.3) of the 128: 42 bits of the milliseconds,
which last until 2109, the 12 bits of rand_a and the upper 35 bits of rand_b. The lower 27 bits are dropped, so that an
id is a range of keys; the primary key's index finds the one key in it. See docs/decisions/0019.
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
    """The kinds of ids; the value is the prefix."""

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
    GROUP = "GR"
    SUBSCRIPTION = "SUB"
    EXPORT = "ES"
    IMPORT = "PGRS"

    @property
    def pattern(self) -> str:
        """The regular expression of this kind's ids."""
        return f"^{self.value}_[0-9A-Za-z]{{{LENGTH}}}$"

    @property
    def example(self) -> str:
        return f"{self.value}_0MtUzZ3kQhJw1xY"


class KeyRange(NamedTuple):
    """The first and the last key that an id may stand for."""

    first: UUID
    last: UUID

    def contains(self, key: UUID) -> bool:
        return self.first <= key <= self.last


def public_id(kind: Kind, key: UUID) -> str:
    """Return the id of a key, such as `CG_0MtUzZ3kQhJw1xY`. Ids of one kind sort like their keys."""
    milliseconds = key.int >> 80 & (1 << _MILLISECOND_BITS) - 1
    rand_a = key.int >> 64 & (1 << _A_BITS) - 1
    rand_b = key.int >> _LOST_BITS & (1 << _B_BITS) - 1
    return f"{kind.value}_{_digits((milliseconds << _A_BITS | rand_a) << _B_BITS | rand_b)}"


def numbered_id(kind: Kind, number: int) -> str:
    """Return the id of a row with a bigint key."""
    return f"{kind.value}_{_digits(number)}"


def sealed_id(kind: Kind, sealed: bytes) -> str:
    """Return an id that tells nothing of the number that was sealed. It is never read."""
    return f"{kind.value}_{_digits(int.from_bytes(sealed))}"


def read_id(kind: Kind, text: str) -> KeyRange | None:
    """Return the keys that an id of this kind may stand for; None if the text is not such an id."""
    prefix, _, digits = text.partition("_")
    # A contact's second id has the same digits.
    is_lookup = kind is Kind.CONTACT and prefix == Kind.CONTACT_LOOKUP.value
    if not (prefix == kind.value or is_lookup) or len(digits) != LENGTH or not _VALUES.keys() >= set(digits):
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
