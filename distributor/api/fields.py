"""Field types that every face of the API shares. Patterns run in pydantic's core: a thousand contacts cost 4 ms."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError, PydanticUseDefault

from channels.rendering import unknown_placeholders
from contacts.addresses import EMAIL_MAX_LENGTH, EMAIL_PATTERN, normalize_phone

# PostgreSQL stores no NUL, and a line break in a name or subject is how mail headers are injected.
NO_NUL = r"^[^\x00]*$"
ONE_LINE = r"^[^\x00\r\n]*$"
EMAIL_OR_BLANK = f"^$|{EMAIL_PATTERN}"
E164_OR_BLANK = r"^(\+[1-9][0-9]{6,14})?$"
LOCALE_OR_BLANK = r"^([a-z]{2}(-[A-Z]{2})?)?$"
BCP_47_OR_BLANK = r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$"
PATTERN_FAULTS = {
    NO_NUL: ("nul_character", "A NUL character (U+0000) cannot be stored."),
    ONE_LINE: ("not_one_line", "Line breaks and NUL characters are not allowed here."),
    EMAIL_OR_BLANK: ("invalid_email", "This is not an e-mail address (ASCII; an international domain in punycode)."),
    E164_OR_BLANK: ("invalid_phone", "This is no phone number in E.164, such as +17132746524."),
    LOCALE_OR_BLANK: ("invalid_locale", "This is no locale, such as pl or zh-CN."),
    BCP_47_OR_BLANK: ("invalid_locale", "A locale is a BCP 47 tag, such as pl or zh-CN."),
}

MAX_TEXT_LENGTH = 10_000
MAX_KEYS = 200
MAX_DEPTH = 5
MAX_DATA_FAULTS = 100  # a body may hold a million; nobody reads more
_INT64 = 2**63
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")

Line255 = Annotated[str, StringConstraints(max_length=255, pattern=ONE_LINE)]
Identifier = Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=EMAIL_MAX_LENGTH, pattern=EMAIL_OR_BLANK)]

E164 = Annotated[str, StringConstraints(pattern=E164_OR_BLANK)]
# ISO 639-1 and perhaps ISO 3166-1: of BCP 47 what most APIs take.
Locale = Annotated[str, StringConstraints(pattern=LOCALE_OR_BLANK)]


def _normalize_phone(text: str, info: ValidationInfo) -> str:
    """E.164. The validation context's `phone_region` is the country of numbers written without one."""
    if not text.strip():
        return ""
    number = normalize_phone(text, (info.context or {}).get("phone_region", ""))
    if number is None:
        raise PydanticCustomError("invalid_phone", "This is no phone number; E.164 is sure, such as +48601234567.")
    return number


Phone = Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL), AfterValidator(_normalize_phone)]


def check_placeholders(text: str | None) -> str:
    """A text, "" for null, in which every `${…}` would be filled."""
    unknown = unknown_placeholders(text or "")
    if unknown:
        raise PydanticCustomError(
            "unknown_placeholder", "Nothing would fill {placeholders}.", {"placeholders": ", ".join(unknown[:10])}
        )
    return text or ""


# With placeholders such as ${contact:firstName|there}.
Subject = Annotated[Line255 | None, AfterValidator(check_placeholders)]


def _to_utc(moment: datetime) -> datetime:
    """Aware and in UTC; where a published API allows no offset, it means UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_range", "This moment lies outside the years 1 to 9999 in UTC.") from None


def _look_like_iso_8601(given: Any) -> str:
    """Pydantic would read "20260305" as seconds since 1970: a send planned for March would leave at once."""
    if not isinstance(given, str) or not _DATE_AND_TIME.match(given):
        raise PydanticCustomError("datetime_parsing", "This is no ISO 8601 time, such as 2026-03-05T09:00:00+01:00.")
    return given


Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_look_like_iso_8601), AfterValidator(_to_utc)]


def _require_offset(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise PydanticCustomError("offset_missing", "Say the offset from UTC, such as Z or +01:00.")
    return moment


# The native API guesses no zone.
AwareMoment = Annotated[
    datetime,
    Field(strict=False),
    BeforeValidator(_look_like_iso_8601),
    AfterValidator(_require_offset),
    AfterValidator(_to_utc),
]


def _use_default(given: Any) -> Any:
    if given is None:
        raise PydanticUseDefault
    return given


# For optional fields with a default: many a client writes null for what it does not say.
NULL_IS_DEFAULT = BeforeValidator(_use_default)


@dataclass(frozen=True, slots=True)
class DataFault:
    """One thing wrong inside free-form data, at `path` from its root."""

    path: tuple[str | int, ...]
    code: str
    text: str


def check_data(data: dict[str, Any]) -> dict[str, Any]:
    """Whether PostgreSQL and every reader of JSON can hold the data; says what is wrong with it at once.

    The error's context holds `faults`, which distributor.api.validation turns into one fault each.
    """
    if len(data) <= MAX_KEYS and _is_plain(data):
        return data
    faults = list(islice(_data_faults(data, (), MAX_DEPTH), MAX_DATA_FAULTS))
    if len(data) > MAX_KEYS:
        faults.append(DataFault((), "too_many_keys", f"There are more than {MAX_KEYS} keys."))
    if faults:
        raise PydanticCustomError("invalid_data", "This cannot be stored.", {"faults": faults})
    return data


def _is_plain(data: dict[str, Any]) -> bool:
    """Whether there is nothing more to look at: almost all data is short texts, and is through after this."""
    for key, value in data.items():  # a call holds thousands of values: without a function call each
        if type(value) is not str or len(value) > 255 or len(key) > 255 or "\0" in value or "\0" in key:
            return False
    return True


def _data_faults(value: Any, path: tuple[str | int, ...], depth: int) -> Iterator[DataFault]:
    kind = type(value)
    if kind is str:
        if "\0" in value:
            yield DataFault(path, *PATTERN_FAULTS[NO_NUL])
        if len(value) > MAX_TEXT_LENGTH:
            yield DataFault(path, "too_long", f"This is longer than {MAX_TEXT_LENGTH} characters.")
    elif kind is int or kind is float:
        # NaN is none of the numbers between. And what PostgreSQL gives back for 1e300 is an integer of 301 digits,
        # which the answers' JSON cannot hold.
        if not -_INT64 <= value < _INT64:
            yield DataFault(path, "number_range", "This is no finite number within 64 bits.")
    elif kind is dict or kind is list:
        if depth == 0:
            yield DataFault(path, "too_deep", f"This is nested deeper than {MAX_DEPTH} levels.")
            return
        items: Iterable[tuple[Any, Any]] = value.items() if kind is dict else enumerate(value)
        for key, item in items:
            if kind is dict and ("\0" in key or len(key) > 255):
                yield DataFault(path, "invalid_key", "A key is longer than 255 characters or holds a NUL character.")
            elif type(item) is not str or len(item) > MAX_TEXT_LENGTH or "\0" in item:
                yield from _data_faults(item, (*path, key), depth - 1)


EmbeddedData = Annotated[dict[str, Any], AfterValidator(check_data)]
