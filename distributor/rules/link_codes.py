"""Link codes: 12 characters of base 62 (71 bits) from the operating system's random source.

Whoever holds a code may respond and unsubscribe, so codes must not be guessable: at a thousand guesses a second against
ten million live links, one hit is expected in ten thousand years. 12 characters also keep an SMS short.
"""

import os
import re
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CODE_LENGTH: Final = 12

# 248 of a byte's 256 values are four whole rounds of the alphabet. The other 8 are dropped rather than wrapped around,
# so that all characters are equally likely.
_FAIR_VALUES: Final = 256 - 256 % len(ALPHABET)
_BYTE_TO_CHARACTER: Final = bytes(ord(ALPHABET[value % len(ALPHABET)]) for value in range(256))
_UNFAIR_BYTES: Final = bytes(range(_FAIR_VALUES, 256))

_WELL_FORMED: Final = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}")


def mint_codes(count: int) -> list[str]:
    """Return `count` new codes. Uniqueness among stored codes is left to the database's unique constraint."""
    wanted = count * CODE_LENGTH
    characters = ""
    while len(characters) < wanted:
        missing = wanted - len(characters)
        # 3 bytes in 100 are dropped. Drawing 4 % more, and 16 more for small counts, makes a second round rare.
        drawn = os.urandom(missing + missing // 25 + 16)
        characters += drawn.translate(_BYTE_TO_CHARACTER, _UNFAIR_BYTES).decode("ascii")
    return [characters[start : start + CODE_LENGTH] for start in range(0, wanted, CODE_LENGTH)]


def is_well_formed(code: str) -> bool:
    """Return whether a text has the form of a code, so that others need no query."""
    return _WELL_FORMED.fullmatch(code) is not None
