"""Looks up phone numbers: by Twilio's Lookup v2, or offline by the numbering plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from channels.providers.base import Account

# Lookup's names for line types. Some countries' numbering plans do not distinguish mobile phones from landlines.
LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "landlineOrMobile",
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_LENGTH_FAULTS = {
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
}
_NO_COUNTRY = "001"  # the library's region for numbers without a country, for example of satellite phones
_REACHABLE = {"active": True, "reachable": True, "inactive": False, "unreachable": False}


@dataclass(frozen=True, slots=True)
class NumberReport:
    """What is known about a number: "" and None mean unknown. `number` is in E.164 if it could be parsed.

    `validation_errors` are Lookup's codes, which the offline library shares: TOO_SHORT, TOO_LONG, INVALID_LENGTH,
    INVALID_BUT_POSSIBLE, INVALID_COUNTRY_CODE, NOT_A_NUMBER.
    """

    number: str
    valid: bool
    validation_errors: tuple[str, ...] = ()
    line_type: str = ""
    carrier: str = ""
    country: str = ""  # ISO 3166
    reachable: bool | None = None


class LookUpError(Exception):
    """The lookup failed. `code` is Twilio's error code, else the HTTP status, else ""."""

    def __init__(self, detail: str, code: str = "") -> None:
        super().__init__(detail)
        self.code = code


def look_up_number(account: Account, number: str, *, with_line_status: bool = False) -> NumberReport:
    """Look a number up by Lookup v2 with a Twilio account, which pays for it. Raises LookUpError.

    `reachable` is known only to accounts that take part in the beta of line status.
    """
    from channels.providers.twilio.transport import open_client  # imports the SDK, which is slow

    fields = "line_type_intelligence,line_status" if with_line_status else "line_type_intelligence"
    client = open_client(account, pool_size=1)
    try:
        return ask_lookup(client, number, fields)
    finally:
        client.http_client.close()


def ask_lookup(client: Any, number: str, fields: str) -> NumberReport:
    """Look a number up by an open client of the SDK. Raises LookUpError."""
    from channels.providers.twilio.transport import RefusedError

    try:
        found = client.lookups.v2.phone_numbers(number).fetch(fields=fields)
    except RefusedError as refused:
        raise LookUpError(str(refused), str(refused.code or refused.status)) from refused
    except Exception as error:
        raise LookUpError(str(error) or type(error).__name__) from error
    return _report(found)


def read_number(number: str) -> NumberReport:
    """Look a number up offline in the numbering plans. They do not know to which carrier a number was ported."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        is_country = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return NumberReport(number, False, ("INVALID_COUNTRY_CODE" if is_country else "NOT_A_NUMBER",))
    from phonenumbers import carrier  # loads 48 MB of prefixes

    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(parsed):
        fault = _LENGTH_FAULTS.get(phonenumbers.is_possible_number_with_reason(parsed), "INVALID_BUT_POSSIBLE")
        return NumberReport(e164, False, (fault,))
    return NumberReport(
        e164,
        True,
        line_type=LINE_TYPES.get(phonenumbers.number_type(parsed), ""),
        carrier=carrier.name_for_number(parsed, "en"),
        country=_country(parsed),
    )


def _country(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number)
    return "" if region is None or region == _NO_COUNTRY else region


def _report(found: Any) -> NumberReport:
    line: Mapping[str, Any] = found.line_type_intelligence or {}
    status: Mapping[str, Any] = found.line_status or {}
    return NumberReport(
        number=found.phone_number or "",
        valid=bool(found.valid),
        validation_errors=tuple(found.validation_errors or ()),
        line_type=line.get("type") or "",
        carrier=line.get("carrier_name") or "",
        country=found.country_code or "",
        reachable=_REACHABLE.get(status.get("status") or ""),
    )
