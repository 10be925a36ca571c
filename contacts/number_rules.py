"""Which phone numbers an organisation sends to: none at a special rate, and only those of the countries it listed.

A message to a premium-rate or satellite number costs up to 100 times as much as one to a mobile phone, and fraud by
text messages lives on such numbers and on far countries. The kinds are those of libphonenumber's tables.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberType


class SpecialKind(StrEnum):
    """Kinds of numbers that cost more than a phone. The values are public: callers read them."""

    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    SATELLITE = "satellite"
    PAGER = "pager"
    UAN = "uan"  # a company's universal access number
    PERSONAL = "personal"  # follows its owner from phone to phone


@dataclass(frozen=True, slots=True)
class NumberRules:
    """An organisation's rules. `allowed_countries` are ISO 3166 codes, for example {"PL", "DE"}; empty: all."""

    allows_special: bool = False
    allowed_countries: frozenset[str] = frozenset()


# Calling codes of no country: Inmarsat, other satellite systems and networks, and the ITU's international services.
_KINDS_BY_CODE: Final = {
    **dict.fromkeys(("870", "881", "882", "883"), SpecialKind.SATELLITE),
    "878": SpecialKind.PERSONAL,
    "808": SpecialKind.SHARED_COST,
    "888": SpecialKind.UAN,
    "979": SpecialKind.PREMIUM_RATE,
}
_KINDS_BY_TYPE: Final = {
    PhoneNumberType.PREMIUM_RATE: SpecialKind.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: SpecialKind.SHARED_COST,
    PhoneNumberType.PAGER: SpecialKind.PAGER,
    PhoneNumberType.UAN: SpecialKind.UAN,
    PhoneNumberType.PERSONAL_NUMBER: SpecialKind.PERSONAL,
}
_TABLES_OF_KINDS: Final = ("premium_rate", "shared_cost", "pager", "uan", "personal_number")
_NO_COUNTRY: Final = "001"


def refuse_number(phone: str, rules: NumberRules) -> Mapping[str, str] | None:
    """Return why a number in E.164 is not sent to, or None.

    The reason is {"numberKind": a SpecialKind} or {"country": its ISO 3166 code, "" if it belongs to none}.
    """
    if not rules.allows_special and (kind := kind_of(phone)) is not None:
        return {"numberKind": kind.value}
    if rules.allowed_countries and not _is_in(phone, rules.allowed_countries):
        return {"country": country_of(phone)}
    return None


def kind_of(phone: str) -> SpecialKind | None:
    """Return the special kind of a number in E.164, or None for the phones of people."""
    code = _calling_code(phone)
    if code in _KINDS_BY_CODE:
        return _KINDS_BY_CODE[code]
    # Asking the library costs 65 to 115 µs a number. One pattern for all special ranges of a calling code costs 1 µs.
    if not _special_ranges(code).fullmatch(phone, len(code) + 1):
        return None
    return _KINDS_BY_TYPE.get(phonenumbers.number_type(phonenumbers.parse(phone)))


def country_of(phone: str) -> str:
    """Return the ISO 3166 code of the number's country, for example "PL"; "" if it belongs to none.

    A number that the library's tables do not know has the main country of its calling code.
    """
    code = _calling_code(phone)
    regions = _regions(code)
    if len(regions) > 1:
        # In North America the area code names the country: one look-up (55 to 95 µs) for each, not for each number.
        region = _look_up(f"{phone[:6]}345678" if code == "1" and len(phone) == 12 else phone) or regions[0]
    else:
        region = regions[0] if regions else _NO_COUNTRY
    return "" if region == _NO_COUNTRY else region


@lru_cache(maxsize=10_000)
def _look_up(phone: str) -> str | None:
    return phonenumbers.region_code_for_number(phonenumbers.parse(phone))


def _is_in(phone: str, countries: frozenset[str]) -> bool:
    """Return whether the number's country is among them. Only a code that is partly among them asks the library."""
    regions = _regions(_calling_code(phone))
    if countries.isdisjoint(regions):
        return False
    return countries.issuperset(regions) or country_of(phone) in countries


def _calling_code(phone: str) -> str:
    """Return the calling code without its plus, "" if it is assigned to nobody."""
    return next((phone[1:end] for end in (2, 3, 4) if _regions(phone[1:end])), "")


@cache
def _regions(code: str) -> Sequence[str]:
    """Return the countries of a calling code, the main one first."""
    return COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code.isdecimal() else ()


@cache
def _special_ranges(code: str) -> re.Pattern[str]:
    """Return a pattern of all national numbers of a calling code that may be of a special kind."""
    patterns = [
        table.national_number_pattern
        for region in _regions(code)
        if region != _NO_COUNTRY
        for name in _TABLES_OF_KINDS
        if (table := getattr(PhoneMetadata.metadata_for_region(region), name)) and table.national_number_pattern
    ]
    return re.compile("|".join(f"(?:{pattern})" for pattern in dict.fromkeys(patterns)) or r"(?!)")
