"""What is known of a phone number: by Twilio's Lookup v2, or offline by the numbering plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from channels.providers.base import Account

# Lookup's names for kinds of lines; the plans of some countries cannot tell a mobile from a landline.
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
_NO_COUNTRY = "001"  # the library's region of satellite phones and other numbers of no country
_REACHABLE = {"active": True, "reachable": True, "inactive": False, "unreachable": False}


@dataclass(frozen=True, slots=True)
class NumberReport:
    """`number` in E.164 as far as it could be read. "" and None: not known.

    `validation_errors` are Lookup's words (TOO_SHORT, TOO_LONG, INVALID_BUT_POSSIBLE, INVALID_COUNTRY_CODE,
    INVALID_LENGTH, NOT_A_NUMBER), which are those of the library that the offline report is made with.
    """

    number: str
    valid: bool
    validation_errors: tuple[str, ...] = ()
    line_type: str = ""
    carrier: str = ""
    country: str = ""  # ISO 3166
    reachable: bool | None = None


class LookUpError(Exception):
    """Twilio could not be asked, or would not say; `code` is its error, or the HTTP status, or ""."""

    def __init__(self, detail: str, code: str = "") -> None:
        super().__init__(detail)
        self.code = code


def look_up_number(account: Account, number: str, *, with_line_status: bool = False) -> NumberReport:
    """Ask Lookup v2 with the credentials of a Twilio account; each asking is paid. Raises LookUpError.

    Whether a phone is reachable is told only to accounts that take part in the beta of line status.
    """
    from channels.providers.twilio.transport import open_client  # the SDK, for those who ask

    fields = "line_type_intelligence,line_status" if with_line_status else "line_type_intelligence"
    client = open_client(account, pool_size=1)
    try:
        return ask_lookup(client, number, fields)
    finally:
        client.http_client.close()


def ask_lookup(client: Any, number: str, fields: str) -> NumberReport:
    """The same by a client of the SDK that is open. Raises LookUpError."""
    from channels.providers.twilio.transport import RefusedError

    try:
        found = client.lookups.v2.phone_numbers(number).fetch(fields=fields)
    except RefusedError as refused:
        raise LookUpError(str(refused), str(refused.code or refused.status)) from refused
    except Exception as error:
        raise LookUpError(str(error) or type(error).__name__) from error
    return _report(found)


def read_number(number: str) -> NumberReport:
    """The same without asking anybody: what the numbering plans say. Who carries a number now they do not know."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        is_country = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return NumberReport(number, False, ("INVALID_COUNTRY_CODE" if is_country else "NOT_A_NUMBER",))
    from phonenumbers import carrier  # 48 MB of prefixes, for those who ask

    spelled = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(parsed):
        fault = _LENGTH_FAULTS.get(phonenumbers.is_possible_number_with_reason(parsed), "INVALID_BUT_POSSIBLE")
        return NumberReport(spelled, False, (fault,))
    return NumberReport(
        spelled,
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
