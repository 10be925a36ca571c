"""Link codes: 12 characters of base 62 (71 bits) from the operating system's random source.

Whoever holds a code may respond and unsubscribe, so codes must not be guessable: at a thousand guesses a second against
ten million live links, one hit is expected in ten thousand years. 12 characters also keep an SMS short.
"""

import os
import re
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CODE_LENGTH: Final = 12

# 248 of a byte's 256 values are four whole rounds of the alphabet. The other 8 are dropped rather than wrapped around,
# so that all characters are equally likely.
_FAIR_VALUES: Final = 256 - 256 % len(ALPHABET)
_BYTE_TO_CHARACTER: Final = bytes(ord(ALPHABET[value % len(ALPHABET)]) for value in range(256))
_UNFAIR_BYTES: Final = bytes(range(_FAIR_VALUES, 256))

_WELL_FORMED: Final = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}")
_FULL_WIDTH: Final = {ord(character) + 0xFEE0: character for character in ALPHABET}
# A code between any characters that are not of the alphabet.
_WITH_SURROUNDINGS: Final = re.compile(rf"[^0-9A-Za-z]*([0-9A-Za-z]{{{CODE_LENGTH}}})(?![0-9A-Za-z])", re.ASCII)


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


def read_code(text: str) -> str:
    """Return the code in a piece of a URL as mail programs, chats and people pass it on; else the text unchanged.

    They add what stands beside the link: `Abc….`, `Abc…)`, `Abc…%20`, `Abc…">here`, invisible characters anywhere, or
    the letters in full width. A 13th letter or digit makes another code.
    """
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    found = _WITH_SURROUNDINGS.match(visible.translate(_FULL_WIDTH))
    return found[1] if found else text
