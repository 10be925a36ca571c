"""Translate between the bodies of recipient add and the engine's requests and results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic.alias_generators import to_pascal

from contacts.addresses import is_email, spell_email
from contacts.contact_fields import ContactFields
from contacts.models import Organization
from contacts.phone_numbers import normalize_phone
from distributor.api.bodies.dry_run import render_plan
from distributor.api.dialects.recipient_add.duplication import USER_FIELDS, data_key
from distributor.api.dialects.recipient_add.wire import AddRecipients, RecipientWire
from distributor.engine.audience.add_to_list import AddDryRun, AddResult, PersonToAdd
from distributor.engine.audience.number_lookup import NumberCheck
from distributor.rules.phrases import explain
from distributor.rules.timing.time_zones import zone_named

SOURCE: Final = "recipient_add"
INVALID_MOBILE: Final = "Invalid mobile number for"  # as published; the others are ours
INVALID_EMAIL: Final = "Invalid email address for"
SHARED_EMAIL: Final = "Email address of another mobile number for"
DUPLICATE: Final = "Duplicate recipient for"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipient of the call. `phone` is in E.164.

    `message` says why the recipient cannot be added, "" if it can. `failed_check` is the number check that failed.
    """

    given: RecipientWire
    phone: str
    needs_check: bool
    message: str = ""
    failed_check: NumberCheck | None = None

    @property
    def newcomer(self) -> PersonToAdd:
        return PersonToAdd(_to_contact(self.given, self.phone), self.given.get("when"))


def to_candidates(body: AddRecipients, region: str) -> list[Candidate]:
    """Return the recipients in order. `region` is the country of numbers without a country code."""
    candidates = []
    for recipient in body.recipient_list:
        number, email = _text(recipient, "mobile_number"), spell_email(_text(recipient, "email_address"))
        phone = (normalize_phone(number, region) or "") if number else ""
        needs_check = body.lookup_test or bool(recipient.get("lookup_test"))
        message = ""
        if not phone and (number or not email or needs_check):
            message = INVALID_MOBILE
        elif email and not is_email(email):
            message = INVALID_EMAIL
        candidates.append(Candidate(recipient, phone, needs_check, message))
    return candidates


def numbers_to_check(candidates: Sequence[Candidate]) -> set[str]:
    return {candidate.phone for candidate in candidates if candidate.needs_check and not candidate.message}


def apply_checks(candidates: Sequence[Candidate], checks: Mapping[str, NumberCheck]) -> list[Candidate]:
    """Reject candidates whose number check failed, and candidates who share an e-mail address under another number.

    An e-mail address is one contact: with two numbers, one of them would get the other's invitation.
    """
    phones_by_email: dict[str, str] = {}
    checked = []
    for candidate in candidates:
        check = checks.get(candidate.phone) if candidate.needs_check else None
        email = spell_email(_text(candidate.given, "email_address")).lower()
        if candidate.message:
            checked.append(candidate)
        elif check and check.fault:
            checked.append(replace(candidate, message=INVALID_MOBILE, failed_check=check))
        elif email and candidate.phone and phones_by_email.setdefault(email, candidate.phone) != candidate.phone:
            checked.append(replace(candidate, message=SHARED_EMAIL))
        else:
            checked.append(candidate)
    return checked


def to_answer(
    candidates: Sequence[Candidate],
    result: AddResult | AddDryRun | None,
    organization: Organization,
    now: datetime,
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the published answer. `result` None: nobody was added.

    The positions in `result.duplicates` count only the candidates without a message.
    """
    errors = list(faults)
    duplicates = []
    position = -1
    for candidate in candidates:
        if candidate.message:
            errors.append(_report(candidate.given, candidate.message))
            continue
        position += 1
        if result and position in result.duplicates:
            errors.append(_report(candidate.given, DUPLICATE))
            duplicates.append(_as_given(candidate.given))
    answer: dict[str, Any] = {"Errors": errors} if errors else {"Status": "Success"}
    failed_checks = [candidate.failed_check for candidate in candidates if candidate.failed_check]
    lists = {
        "Lookups": [_to_lookup(check) for check in {check.number: check for check in failed_checks}.values()],
        "Duplicates": duplicates,
        "NotInvited": _not_invited(result, organization, now),
    }
    return answer | {name: items for name, items in lists.items() if items}


def to_dry_run_answer(answer: Mapping[str, Any], result: AddDryRun | None) -> dict[str, Any]:
    """Return the answer that the call would get, and the forecast of its invitations."""
    plan = result.invitations if result else None
    return {"DryRun": True, **answer, **({"Plan": render_plan(plan)} if plan else {})}


def _to_contact(recipient: RecipientWire, phone: str) -> ContactFields:
    return {
        "email": spell_email(_text(recipient, "email_address")),
        "phone": phone,
        "title": _text(recipient, "title"),
        "first_name": _text(recipient, "first_name"),
        "last_name": _text(recipient, "last_name"),
        "embedded_data": {data_key(field): text for field in USER_FIELDS if (text := recipient.get(field))},
    }


def _to_lookup(check: NumberCheck) -> dict[str, Any]:
    return {
        "Carrier": check.carrier or "Unknown",
        "Message": check.fault,
        "Number": check.number,
        "Reachable": check.is_reachable,
    }


def _report(recipient: Mapping[str, Any], message: str) -> str:
    """Return the published report, with the values as given; an absent field leaves its blank."""
    fields = ("title", "first_name", "last_name", "email_address", "mobile_number")
    values = " ".join(recipient.get(field) or "" for field in fields)
    return f"There was a problem with the following recipient {values} {message}"


def _as_given(recipient: RecipientWire) -> dict[str, Any]:
    return {to_pascal(field): value for field, value in recipient.items() if value is not None}


def _not_invited(
    result: AddResult | AddDryRun | None, organization: Organization, now: datetime
) -> list[dict[str, Any]]:
    zone = zone_named(organization.time_zone)
    return [
        {
            "MobileNumber": skipped.contact.phone,
            "EmailAddress": skipped.contact.email,
            "Reason": skipped.refusal.reason.value,
            "Detail": dict(skipped.refusal.detail),
            "Text": explain("skipped", skipped.refusal.reason, skipped.refusal.detail, now=now, zone=zone),
        }
        for skipped in (result.skipped if result else ())
    ]


def _text(recipient: Mapping[str, Any], field: str) -> str:
    return (recipient.get(field) or "").strip()
