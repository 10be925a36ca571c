"""Phone numbers: what people and spreadsheets write, in the one spelling that is stored (E.164).

One person has one spelling. Some numbers are written in two ways that reach the same phone: with a trunk zero behind
the country code (+4407… for +447…), with Mexico's old mobile 1 (+521…), without Argentina's mobile 9 (+54 11…), without
Brazil's ninth digit. Each gets the spelling that libphonenumber calls valid.
"""

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, PhoneNumberFormat

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# Spaces of every kind, and what word processors put between digits without showing it.
_INVISIBLE = re.compile(r"[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_SEPARATORS = re.compile(r"[ ().\-/\u2010-\u2015\u2212·]*")
_WRITTEN = re.compile(r"\+?[0-9(][0-9 ().\-/\u2010-\u2015\u2212·]*[0-9]")
# A spreadsheet that takes a number for a quantity writes 601000001.0, which has one digit more than the number.
_DECIMAL_TAIL = re.compile(r"(?<=[0-9])\.0+$")
_DATE = re.compile(r"(19|20)\d\d([-/.])[01]?\d\2[0-3]?\d|[0-3]?\d([-/.])[01]?\d\3(19|20)\d\d")
_NOTHING: Final = frozenset({"", "-", "--", "n/a", "na", "null", "none", "nil", "nan", "undefined", "unknown", "0"})

_TRUNK_ZERO = "|".join(str(code) for code in sorted(COUNTRY_CODE_TO_REGION_CODE, reverse=True) if code not in (39, 378))
# E.164 as it is written, and yet perhaps not the one spelling. Everything else is taken as it is: parsing a number
# costs 28 µs, a thousand of them as much as the rest of the call.
_TWO_SPELLINGS = re.compile(rf"\+(?:(?:{_TRUNK_ZERO})0\d+|521[1-9]\d{{9}}|54[1-8]\d{{9}}|55[1-9][1-9][6-9]\d{{7}})")


class PhoneError(ValueError):
    """The text is not a usable phone number; the message says why, for whoever wrote it."""


def read_phone(text: str, region: str = "") -> str:
    """Return a phone number in E.164. Raises PhoneError.

    `region` is the ISO 3166 country of numbers that are written without a country code, for example "PL". A number
    that is E.164 already is not checked any further: it may be newer than the library's tables.
    """
    if _E164.fullmatch(text):
        return _one_spelling(text) if _TWO_SPELLINGS.fullmatch(text) else text
    written = _clean(text)
    number = _parse(written, region)
    if not phonenumbers.is_valid_number(number):
        where = f" in {region}" if region and not written.startswith("+") else ""
        raise PhoneError(f"There is no such phone number{where}. Use E.164, for example +48601234567.")
    spelled = _one_spelling(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    # The library takes some numbers of more than the 15 digits that E.164 allows, such as 15 after Germany's 49.
    if not _E164.fullmatch(spelled):
        raise PhoneError("A phone number has at most 15 digits, with the country code.")
    return spelled


def normalize_phone(text: str, region: str = "") -> str | None:
    """Return a phone number in E.164, or None where read_phone() raises PhoneError."""
    try:
        return read_phone(text, region)
    except PhoneError:
        return None


def says_nothing(text: str) -> bool:
    """Return whether a client wrote a placeholder where it knows no number, such as N/A, null or a dash."""
    return text.strip().lower() in _NOTHING


def _clean(text: str) -> str:
    """What is written, as digits and separators. Raises PhoneError for anything that is not one number."""
    folded = _INVISIBLE.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    folded = folded.removeprefix("tel:").strip()
    folded = _DECIMAL_TAIL.sub("", folded)
    if says_nothing(folded):
        raise PhoneError("This says that there is no phone number. Leave the field out, or send null.")
    if _DATE.fullmatch(folded):
        raise PhoneError("This is a date, not a phone number.")
    if any(character.isalpha() for character in folded):
        raise PhoneError("A phone number has no letters. Leave extensions out.")
    if re.search(r"[;,|&]|\+.*\+", folded):
        raise PhoneError("This is more than one phone number. Give one.")
    digits = "".join(str(unicodedata.digit(character, character)) for character in folded)
    if not _WRITTEN.fullmatch(digits):
        raise PhoneError("Not a valid phone number. Use E.164, for example +48601234567.")
    return digits


def _parse(written: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(written, region or None)
    except phonenumbers.NumberParseException:
        if not region and not written.startswith("+"):
            message = "A number without a country code needs a default country. Use E.164, for example +48601234567."
            raise PhoneError(message) from None
        raise PhoneError("Not a valid phone number. Use E.164, for example +48601234567.") from None


def _one_spelling(number: str) -> str:
    """Return the valid spelling of a number that may be written in two ways, else the number as it is."""
    if number.startswith("+521") and len(number) == 14:
        return _if_valid(f"+52{number[4:]}", number)
    if number.startswith("+54") and len(number) == 13 and number[3] != "9":
        return _if_valid(f"+549{number[3:]}", number)
    if number.startswith("+55") and len(number) == 13 and number[5] in "6789":
        return _if_valid(f"{number[:5]}9{number[5:]}", number)
    if _TWO_SPELLINGS.fullmatch(number):
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            return number
        return _if_valid(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), number)
    return number


def _if_valid(spelling: str, otherwise: str) -> str:
    try:
        is_valid = phonenumbers.is_valid_number(phonenumbers.parse(spelling, None))
    except phonenumbers.NumberParseException:
        is_valid = False
    return spelling if is_valid and _E164.fullmatch(spelling) else otherwise
