"""The value of a cell as it is stored, or what is wrong with it. Nothing is guessed: a number is never changed."""

import re
from functools import lru_cache
from typing import Final

from django.core.exceptions import ValidationError

from contacts.addresses import is_email, spell_email
from contacts.models.organization import validate_time_zone
from contacts.phone_numbers import PhoneError, read_phone, says_nothing
from distributor.engine.imports.faults import SHOWN_VALUE, RowFault
from tables.reading.limits import MAX_CELL_CHARACTERS

_LONGEST: Final = 255
_LONGEST_PHONE: Final = 64
_LONGEST_LOCALE: Final = 35
# What a spreadsheet makes of a number that it takes for a quantity: the digits are there, or no longer.
_DECIMAL_TAIL: Final = re.compile(r"\+?\d{5,}[.,]0+")
_SCIENTIFIC: Final = re.compile(r"\+?\d+(?:[.,]\d+)?[eE]\+?\d+")
_BCP_47: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def read_value(field: str, cell: str, region: str) -> tuple[str, RowFault | None]:
    """Return a cell's value in a field of ContactFields, and its fault. `region` is the country of short numbers."""
    if "\0" in cell:
        return "", RowFault("", "nul_character")
    if field == "email":
        email = spell_email(cell)
        return (email, None) if is_email(email) else ("", RowFault("", "invalid_email", cell[:SHOWN_VALUE]))
    if field == "phone":
        return _read_phone(cell, region)
    if field == "external_id" and (fault := _damaged(cell)):
        return "", fault
    if field == "locale" and not (len(cell) <= _LONGEST_LOCALE and _BCP_47.fullmatch(cell)):
        return "", RowFault("", "invalid_locale", cell[:SHOWN_VALUE])
    if field == "time_zone" and not _is_time_zone(cell):
        return "", RowFault("", "invalid_time_zone", cell[:SHOWN_VALUE])
    if len(cell) > _LONGEST:
        return "", RowFault("", "too_long", values={"limit": _LONGEST})
    if "\n" in cell or "\r" in cell:
        return "", RowFault("", "line_break")
    return cell, None


def read_data(cell: str) -> tuple[str, RowFault | None]:
    """Return a cell's value as embedded data, and its fault."""
    if len(cell) > MAX_CELL_CHARACTERS:
        return "", RowFault("", "too_long", values={"limit": f"{MAX_CELL_CHARACTERS:,}"})
    return (cell, None) if "\0" not in cell else ("", RowFault("", "nul_character"))


def _read_phone(cell: str, region: str) -> tuple[str, RowFault | None]:
    if says_nothing(cell):
        return "", None
    if fault := _damaged(cell):
        return "", fault
    if len(cell) > _LONGEST_PHONE:
        return "", RowFault("", "invalid_phone", cell[:SHOWN_VALUE])
    try:
        return read_phone(cell, region), None
    except PhoneError as error:
        return "", RowFault("", "invalid_phone", cell[:SHOWN_VALUE], {"detail": str(error)})


def _damaged(cell: str) -> RowFault | None:
    if _DECIMAL_TAIL.fullmatch(cell):
        return RowFault("", "decimal_tail", cell[:SHOWN_VALUE])
    if _SCIENTIFIC.fullmatch(cell):
        return RowFault("", "digits_lost", cell[:SHOWN_VALUE])
    return None


@lru_cache(maxsize=1_000)
def _is_time_zone(name: str) -> bool:
    try:
        validate_time_zone(name)
    except ValidationError:
        return False
    return True
