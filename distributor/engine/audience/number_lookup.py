"""Check whether numbers are mobile numbers: with the organisation's Twilio Lookup if it has one, otherwise offline."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from channels.lookup import NumberReport, read_number
from channels.models import ProviderAccount
from channels.parallel_lookups import look_up_numbers
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.quotas import use_lookups
from distributor.engine.infrastructure.transactions import release_connection
from distributor.engine.route.step_context import as_account

# North American numbers do not show whether they are mobile or landline.
_MOBILE_TYPES: Final = frozenset({"mobile", "landlineOrMobile"})
_UNKNOWN_TYPES: Final = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """A number in E.164. `carrier` "": unknown. `fault`: why it is not accepted as a mobile number, "" if it is."""

    number: str
    carrier: str
    is_reachable: bool
    fault: str


def check_numbers(organization: Organization, numbers: Collection[str]) -> dict[str, NumberCheck]:
    """Return a check of each number. Numbers are in E.164.

    Numbers that Twilio does not answer for are checked offline, so a call succeeds while Twilio is down. No database
    connection is held during the look-up, so call this before a transaction. Raises QuotaUsedUpError, before any is
    looked up.
    """
    distinct_numbers = sorted(set(numbers))
    if not distinct_numbers:
        return {}
    account = ProviderAccount.objects.filter(
        organization=organization, channel=Channel.SMS, kind="twilio", is_default=True, is_active=True
    ).first()
    reports: dict[str, NumberReport] = {}
    if account is not None:
        use_lookups(organization, len(distinct_numbers), database_now())
        release_connection()
        reports = look_up_numbers(as_account(account), distinct_numbers)
    return {number: _check_number(number, reports.get(number)) for number in distinct_numbers}


def _check_number(number: str, lookup_report: NumberReport | None) -> NumberCheck:
    report = lookup_report or read_number(number)
    line_type = report.line_type
    if report.valid and line_type in _UNKNOWN_TYPES:  # Lookup may know a number and not its line type
        line_type = read_number(number).line_type
    if not report.valid:
        fault = f"Not a valid phone number: {', '.join(report.validation_errors) or 'invalid'}."
    elif line_type not in _MOBILE_TYPES | _UNKNOWN_TYPES:
        fault = f"Not a mobile number: {line_type}."
    else:
        fault = ""
    return NumberCheck(number, report.carrier, not fault, fault)
