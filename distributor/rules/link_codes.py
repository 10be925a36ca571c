"""Link codes: 12 characters of base 62 from the operating system's random source, 71 bits each.

A code is a capability: whoever holds it may answer and unsubscribe. 12 characters keep an SMS short, and at a thousand
guesses a second against ten million live links a hit is expected once in ten thousand years.
"""

import os
import re
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CODE_LENGTH: Final = 12

# 248 of a byte's 256 values are four whole rounds of the alphabet. The other 8 are dropped instead of wrapped round, so
# that every character is exactly as likely as every other.
_FAIR_VALUES: Final = 256 - 256 % len(ALPHABET)
_BYTE_TO_CHARACTER: Final = bytes(ord(ALPHABET[value % len(ALPHABET)]) for value in range(256))
_UNFAIR_BYTES: Final = bytes(range(_FAIR_VALUES, 256))

_WELL_FORMED: Final = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}")


def mint_codes(count: int) -> list[str]:
    """Give `count` new codes. They are not compared with stored ones: the unique constraint is the judge of that."""
    wanted = count * CODE_LENGTH
    characters = ""
    while len(characters) < wanted:
        missing = wanted - len(characters)
        # 3 bytes in 100 are dropped; asking for 4 in 100 more, and 16 for small counts, makes a second round rare.
        drawn = os.urandom(missing + missing // 25 + 16)
        characters += drawn.translate(_BYTE_TO_CHARACTER, _UNFAIR_BYTES).decode("ascii")
    return [characters[start : start + CODE_LENGTH] for start in range(0, wanted, CODE_LENGTH)]


def is_well_formed(code: str) -> bool:
    """Say whether the text could be a code at all, before anybody is asked about it."""
    return _WELL_FORMED.fullmatch(code) is not None
