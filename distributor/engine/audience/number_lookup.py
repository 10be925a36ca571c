"""Whether numbers are mobile phones: by the organisation's Twilio Lookup where it has one, otherwise offline."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import connection

from channels.lookup import NumberReport, read_number
from channels.models import ProviderAccount
from channels.parallel_lookups import look_up_numbers
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.route.step_context import as_account

# North America's plan does not tell a mobile phone from a landline.
_MOBILE: Final = frozenset({"mobile", "landlineOrMobile"})
_UNKNOWN: Final = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """`number` in E.164. `carrier` "": not known. `fault`: why it counts as no mobile number, "" where it is one."""

    number: str
    carrier: str
    is_reachable: bool
    fault: str


def check_numbers(organization: Organization, numbers: Collection[str]) -> dict[str, NumberCheck]:
    """Numbers in E.164, each with its check.

    What Twilio cannot be asked is checked offline: a service that is down loses no call. No database connection is held
    meanwhile, so this belongs before a transaction.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    account = ProviderAccount.objects.filter(
        organization=organization, channel=Channel.SMS, kind="twilio", is_default=True, is_active=True
    ).first()
    told: dict[str, NumberReport] = {}
    if account is not None:
        if not connection.in_atomic_block:
            connection.close()
        told = look_up_numbers(as_account(account), wanted)
    return {number: _judge(number, told.get(number)) for number in wanted}


def _judge(number: str, told: NumberReport | None) -> NumberCheck:
    report = told or read_number(number)
    line_type = report.line_type
    if report.valid and line_type in _UNKNOWN:  # Lookup may know the number and not its kind of line
        line_type = read_number(number).line_type
    if not report.valid:
        fault = f"There is no such number: {', '.join(report.validation_errors) or 'invalid'}."
    elif line_type not in _MOBILE | _UNKNOWN:
        fault = f"This is no mobile number: {line_type}."
    else:
        fault = ""
    return NumberCheck(number, report.carrier, not fault, fault)
