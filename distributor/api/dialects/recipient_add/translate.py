"""Between the recipient-add dialect's words and the engine's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic.alias_generators import to_pascal

from contacts.addresses import is_email, normalize_phone
from contacts.contact_fields import ContactFields
from contacts.models import Organization
from distributor.api.dialects.recipient_add.wire import AddRecipients, DuplicationWire, RecipientWire
from distributor.api.dry_run import render_plan
from distributor.engine.audience.add_to_list import AddDryRun, AddResult, PersonToAdd
from distributor.engine.audience.number_lookup import NumberCheck
from distributor.rules.duplicates import DATE_FIELDS, FIELDS, USER_FIELDS, Duplication
from distributor.rules.phrases import explain
from distributor.rules.timing.time_zones import zone_named

SOURCE: Final = "recipient_add"
INVALID_MOBILE: Final = "Invalid mobile number for"  # as published; the others are ours
INVALID_EMAIL: Final = "Invalid email address for"
SHARED_EMAIL: Final = "Email address of another mobile number for"
DUPLICATE: Final = "Duplicate recipient for"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipient of the call; `message` says why it cannot be added, "" if it can. `phone` in E.164.

    `failed` is the look-up that it did not pass.
    """

    said: RecipientWire
    phone: str
    is_checked: bool
    message: str = ""
    failed: NumberCheck | None = None

    @property
    def newcomer(self) -> PersonToAdd:
        return PersonToAdd(_to_contact(self.said, self.phone), self.said.get("when"))


class Misunderstood(Exception):
    """The body's Duplication asks for something that there is not; `faults` say what."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = faults


def to_candidates(wire: AddRecipients, region: str) -> list[Candidate]:
    """The recipients in order. `region` is the country of numbers without a country code."""
    candidates = []
    for said in wire.recipient_list:
        number, email = _text(said, "mobile_number"), _text(said, "email_address")
        phone = (normalize_phone(number, region) or "") if number else ""
        is_checked = wire.lookup_test or bool(said.get("lookup_test"))
        message = ""
        if not phone and (number or not email or is_checked):
            message = INVALID_MOBILE
        elif email and not is_email(email):
            message = INVALID_EMAIL
        candidates.append(Candidate(said, phone, is_checked, message))
    return candidates


def numbers_to_check(candidates: Sequence[Candidate]) -> set[str]:
    return {one.phone for one in candidates if one.is_checked and not one.message}


def after_checks(candidates: Sequence[Candidate], checks: Mapping[str, NumberCheck]) -> list[Candidate]:
    """The same with whatever the look-ups found against them, and those who have another's e-mail address.

    One e-mail address is one contact: of two numbers one would get the other's invitation.
    """
    phones_by_email: dict[str, str] = {}
    judged = []
    for one in candidates:
        check = checks.get(one.phone) if one.is_checked else None
        email = _text(one.said, "email_address").lower()
        if one.message:
            judged.append(one)
        elif check and check.fault:
            judged.append(replace(one, message=INVALID_MOBILE, failed=check))
        elif email and one.phone and phones_by_email.setdefault(email, one.phone) != one.phone:
            judged.append(replace(one, message=SHARED_EMAIL))
        else:
            judged.append(one)
    return judged


def to_duplication(wire: DuplicationWire) -> Duplication:
    """Raises Misunderstood."""
    named = [name.strip().lower() for name in (wire.fields_ or "").split(",") if name.strip()]
    day = (wire.date or "").strip().lower()
    faults = [f"/Duplication/Fields: “{name}” is none of {', '.join(FIELDS)}." for name in named if name not in FIELDS]
    if day and day not in DATE_FIELDS:
        faults.append(f"/Duplication/Date: “{day}” is none of {', '.join(DATE_FIELDS)}.")
    if not day and wire.generate_date:
        faults.append("/Duplication/GenerateDate: Date says into which field.")
    if not day and wire.limit is not None:
        faults.append("/Duplication/Limit: Date says from when.")
    # The reference has Date among the Fields, where it can tell nobody from anybody.
    fields = tuple(dict.fromkeys(name for name in named if name != day))
    if named and not fields:
        faults.append("/Duplication/Fields: there is none beside the one with the date.")
    if faults:
        raise Misunderstood(faults)
    return Duplication(fields, day or None, wire.limit, wire.generate_date)


def to_answer(
    candidates: Sequence[Candidate],
    added: AddResult | AddDryRun | None,
    organization: Organization,
    now: datetime,
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    """The published answer. `added` None: nobody was; its places are those of the candidates without a message."""
    errors = list(faults)
    duplicates = []
    place = -1
    for one in candidates:
        if one.message:
            errors.append(_report(one.said, one.message))
            continue
        place += 1
        if added and place in added.duplicates:
            errors.append(_report(one.said, DUPLICATE))
            duplicates.append(_as_given(one.said))
    answer: dict[str, Any] = {"Errors": errors} if errors else {"Status": "Success"}
    failed = {one.failed.number: one.failed for one in candidates if one.failed}
    lists = {
        "Lookups": [_to_lookup(check) for check in failed.values()],
        "Duplicates": duplicates,
        "NotInvited": _not_invited(added, organization, now),
    }
    return answer | {name: listed for name, listed in lists.items() if listed}


def to_dry_answer(answer: Mapping[str, Any], planned: AddDryRun | None) -> dict[str, Any]:
    """What the call would be answered, and the plan of its invitations."""
    plan = planned.invitations if planned else None
    return {"DryRun": True, **answer, **({"Plan": render_plan(plan)} if plan else {})}


def _to_contact(said: RecipientWire, phone: str) -> ContactFields:
    data = {name.capitalize(): text for name in USER_FIELDS if (text := said.get(name))}
    return {
        "email": _text(said, "email_address"),
        "phone": phone,
        "title": _text(said, "title"),
        "first_name": _text(said, "first_name"),
        "last_name": _text(said, "last_name"),
        "embedded_data": data,
    }


def _to_lookup(check: NumberCheck) -> dict[str, Any]:
    return {
        "Carrier": check.carrier or "Unknown",
        "Message": check.fault,
        "Number": check.number,
        "Reachable": check.is_reachable,
    }


def _report(said: Mapping[str, Any], message: str) -> str:
    """As published, with what was given; a field that was not leaves its blank."""
    fields = ("title", "first_name", "last_name", "email_address", "mobile_number")
    told = " ".join(said.get(name) or "" for name in fields)
    return f"There was a problem with the following recipient {told} {message}"


def _as_given(said: RecipientWire) -> dict[str, Any]:
    return {to_pascal(name): value for name, value in said.items() if value is not None}


def _not_invited(
    added: AddResult | AddDryRun | None, organization: Organization, now: datetime
) -> list[dict[str, Any]]:
    zone = zone_named(organization.time_zone)
    return [
        {
            "MobileNumber": one.contact.phone,
            "EmailAddress": one.contact.email,
            "Reason": one.refusal.reason.value,
            "Detail": dict(one.refusal.detail),
            "Text": explain("skipped", one.refusal.reason, one.refusal.detail, now=now, zone=zone),
        }
        for one in (added.skipped if added else ())
    ]


def _text(said: Mapping[str, Any], name: str) -> str:
    return (said.get(name) or "").strip()
