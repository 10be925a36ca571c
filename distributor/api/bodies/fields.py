"""Field types that the native API and the dialects share.

Patterns run in pydantic's core: validating a thousand contacts takes 4 ms.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticUseDefault

from channels.rendering import unknown_placeholders
from contacts.addresses import EMAIL_MAX_LENGTH, EMAIL_PATTERN, LOCAL_PART_MAX_LENGTH, spell_email, strip_unseen
from contacts.contact_fields import MAX_DATA_KEYS
from contacts.models.organization import validate_time_zone
from contacts.phone_numbers import PhoneError, read_phone
from distributor.api.bodies.moments import none_if_blank_text, normalize_moment

# PostgreSQL stores no NUL, and a line break in a name or subject is how mail headers are injected.
NO_NUL = r"^[^\x00]*$"
ONE_LINE = r"^[^\x00\r\n]*$"
EMAIL_OR_BLANK = f"^$|{EMAIL_PATTERN}"
E164_OR_BLANK = r"^(\+[1-9][0-9]{6,14})?$"
LOCALE_OR_BLANK = r"^([a-z]{2}(-[A-Z]{2})?)?$"
CURRENCY_OR_BLANK = r"^([A-Z]{3})?$"
BCP_47_OR_BLANK = r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$"
PATTERN_FAULTS = {
    CURRENCY_OR_BLANK: ("invalid_currency", "Not a currency. Use ISO 4217, for example EUR."),
    NO_NUL: ("nul_character", "NUL characters (U+0000) are not allowed."),
    ONE_LINE: ("not_one_line", "Line breaks and NUL characters are not allowed."),
    EMAIL_OR_BLANK: (
        "invalid_email",
        "Not a valid e-mail address. The part before the @ must be ASCII.",
    ),
    E164_OR_BLANK: ("invalid_phone", "Not a valid phone number. Use E.164, for example +17132746524."),
    LOCALE_OR_BLANK: ("invalid_locale", 'Invalid locale. Use a language with or without a country: "pl" or "zh-CN".'),
    BCP_47_OR_BLANK: ("invalid_locale", 'Invalid locale. Use BCP 47, for example "pt-BR".'),
}

MAX_TEXT_LENGTH = 10_000
MAX_KEYS = MAX_DATA_KEYS
MAX_DEPTH = 5
MAX_DATA_FAULTS = 100  # a body may hold a million faults; nobody reads more
# The fault of a contact that is not identified.
NO_IDENTIFIER = ("no_identifier", "A contact needs an externalId, contactId or email.")
_INT64 = 2**63
_validate_url = URLValidator(schemes=["http", "https"])

Line255 = Annotated[str, StringConstraints(max_length=255, pattern=ONE_LINE)]
# Without the blanks and invisible characters around it: exports pad ids, and "PAT-1 " is the person PAT-1.
Identifier = Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL), AfterValidator(strip_unseen)]


def _spell_email(given: Any) -> Any:
    """Return an address as it is stored. The pattern, which has no look-ahead, cannot bound the local part."""
    if not isinstance(given, str):
        return given
    address = given if given.isascii() else spell_email(given)
    if address.strip().find("@") > LOCAL_PART_MAX_LENGTH:
        raise PydanticCustomError(*PATTERN_FAULTS[EMAIL_OR_BLANK])
    return address


# The constraints come first: behind a validator of ours, pydantic applies them in Python.
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=EMAIL_MAX_LENGTH, pattern=EMAIL_OR_BLANK),
    BeforeValidator(_spell_email),
]

E164 = Annotated[str, StringConstraints(pattern=E164_OR_BLANK)]
# ISO 639-1, optionally with ISO 3166-1: the part of BCP 47 that most APIs accept.
Locale = Annotated[str, StringConstraints(pattern=LOCALE_OR_BLANK)]


def _normalize_phone(text: str, info: ValidationInfo) -> str:
    """Return the number in E.164. The context's `phone_region` is the country of numbers without a country code."""
    if not text.strip():
        return ""
    try:
        return read_phone(text, (info.context or {}).get("phone_region", ""))
    except PhoneError as error:
        raise PydanticCustomError("invalid_phone", "{reason}", {"reason": str(error)}) from None


Phone = Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL), AfterValidator(_normalize_phone)]


def check_placeholders(text: str | None) -> str:
    """Return the text, "" for null, if every placeholder in it is known."""
    unknown = unknown_placeholders(text or "")
    if unknown:
        raise PydanticCustomError(
            "unknown_placeholder", "Unknown placeholder: {placeholders}.", {"placeholders": ", ".join(unknown[:10])}
        )
    return text or ""


# With placeholders such as ${contact:firstName|there}.
Subject = Annotated[Line255 | None, AfterValidator(check_placeholders)]


def _to_utc(moment: datetime) -> datetime:
    """Return the moment in UTC. Published APIs that allow no offset mean UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_range", "Out of range. In UTC the year must be 1 to 9999.") from None


Moment = Annotated[datetime, Field(strict=False), BeforeValidator(normalize_moment), AfterValidator(_to_utc)]
_MOMENT_OR_BLANK = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "maxLength": 0}, {"type": "null"}]}
)
MomentOrNone = Annotated[Moment | None, BeforeValidator(none_if_blank_text), _MOMENT_OR_BLANK]


def _require_offset(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise PydanticCustomError("offset_missing", "The UTC offset is missing. Add Z or an offset such as +01:00.")
    return moment


# The native API requires an offset.
AwareMoment = Annotated[
    datetime,
    Field(strict=False),
    BeforeValidator(normalize_moment),
    AfterValidator(_require_offset),
    AfterValidator(_to_utc),
]
AwareMomentOrNone = Annotated[AwareMoment | None, BeforeValidator(none_if_blank_text), _MOMENT_OR_BLANK]


def _use_default(given: Any) -> Any:
    if given is None:
        raise PydanticUseDefault
    return given


# For optional fields with a default: many clients send null for fields that they do not set.
NULL_IS_DEFAULT = BeforeValidator(_use_default)


@dataclass(frozen=True, slots=True)
class DataFault:
    """One fault inside a value that pydantic sees as a whole, at `path` from the value's root."""

    path: tuple[str | int, ...]
    code: str
    text: str


def check_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data if PostgreSQL and every JSON parser can hold it.

    Raise an error whose context holds all `faults`; api/bodies/validation.py turns each into a fault of the body.
    """
    if len(data) <= MAX_KEYS and _is_plain(data):
        return data
    faults = list(islice(_data_faults(data, (), MAX_DEPTH), MAX_DATA_FAULTS))
    if len(data) > MAX_KEYS:
        faults.append(DataFault((), "too_many_keys", f"Too many keys: at most {MAX_KEYS}."))
    if faults:
        raise PydanticCustomError("invalid_data", "This data cannot be stored.", {"faults": faults})
    return data


def _is_plain(data: dict[str, Any]) -> bool:
    """Return whether all values are short texts, which need no further check. Almost all data is."""
    for key, value in data.items():  # one call holds thousands of values: no function call for each
        if type(value) is not str or len(value) > 255 or len(key) > 255 or "\0" in value or "\0" in key:
            return False
    return True


def _data_faults(value: Any, path: tuple[str | int, ...], depth: int) -> Iterator[DataFault]:
    kind = type(value)
    if kind is str:
        if "\0" in value:
            yield DataFault(path, *PATTERN_FAULTS[NO_NUL])
        if len(value) > MAX_TEXT_LENGTH:
            yield DataFault(path, "too_long", f"Too long: at most {MAX_TEXT_LENGTH:,} characters.")
    elif kind is int or kind is float:
        # NaN fails this comparison, too. PostgreSQL returns 1e300 as an integer of 301 digits, which the answer's
        # JSON cannot hold.
        if not -_INT64 <= value < _INT64:
            yield DataFault(path, "number_range", "Not a finite number within 64 bits.")
    elif kind is dict or kind is list:
        if depth == 0:
            yield DataFault(path, "too_deep", f"Nested too deeply: at most {MAX_DEPTH} levels.")
            return
        items: Iterable[tuple[Any, Any]] = value.items() if kind is dict else enumerate(value)
        for key, item in items:
            if kind is dict and ("\0" in key or len(key) > 255):
                yield DataFault(path, "invalid_key", "Invalid key: at most 255 characters, no NUL characters.")
            elif type(item) is not str or len(item) > MAX_TEXT_LENGTH or "\0" in item:
                yield from _data_faults(item, (*path, key), depth - 1)


EmbeddedData = Annotated[dict[str, Any], AfterValidator(check_data)]


def none_if_blank(external_id: str | None) -> str | None:
    """Exports pad a missing id with blanks, and all such people would become one contact."""
    return external_id if external_id and not external_id.isspace() else None


ExternalIdOrNone = Annotated[Identifier | None, AfterValidator(none_if_blank)]


def _check_time_zone(name: str) -> str:
    try:
        if name:
            validate_time_zone(name)
    except ValidationError:
        raise PydanticCustomError(
            "invalid_time_zone", "Unknown time zone. Use an IANA name, for example Europe/Warsaw."
        ) from None
    return name


def _check_url(text: str) -> str:
    try:
        if text:
            _validate_url(text)
    except ValidationError:
        raise PydanticCustomError("invalid_url", "Not a valid URL. It must begin with https:// or http://.") from None
    return text


# Fields of the native resources: null clears a text, and so does "".
CLEARED = AfterValidator(lambda text: text or "")
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)]
Line = Annotated[Line255 | None, CLEARED]
Text = Annotated[Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH, pattern=NO_NUL)] | None, CLEARED]
EmailOrNone = Annotated[Email | None, CLEARED]
PhoneOrNone = Annotated[Phone | None, CLEARED]
LanguageTag = Annotated[str, StringConstraints(max_length=35, pattern=BCP_47_OR_BLANK)]
LanguageTagOrNone = Annotated[LanguageTag | None, CLEARED]
TimeZoneOrNone = Annotated[
    Annotated[str, StringConstraints(max_length=63), AfterValidator(_check_time_zone)] | None, CLEARED
]
UrlOrNone = Annotated[
    Annotated[str, StringConstraints(max_length=2000, pattern=ONE_LINE), AfterValidator(_check_url)] | None, CLEARED
]

# In answers: a text that is not set is null.
CurrencyOrNone = Annotated[Annotated[str, StringConstraints(pattern=CURRENCY_OR_BLANK)] | None, CLEARED]
# Money is answered as a text: as a JSON number it would be a float at its reader's.
Money = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount.normalize():f}", return_type=str)]
Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=5)]
NullIfBlank = Annotated[str | None, BeforeValidator(lambda text: text or None)]
