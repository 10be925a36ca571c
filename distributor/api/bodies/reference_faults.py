"""Faults of bodies that refer to rows: ids of nothing, contacts without an identifier, addresses of other contacts.

The functions read bodies as they were given, with values of any type (see api/bodies/validation.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from uuid import UUID

from contacts.identity import EmailsTakenError, PhonesTakenError, TooManyDataKeysError
from contacts.models import Contact, Organization
from distributor.api.answers.problems import Fault, Problem, invalid_request, too_many_keys
from distributor.api.bodies.fields import NO_IDENTIFIER
from distributor.engine.acceptance.references import UnknownReference

# A contact as a body describes it, with the JSON pointer of its place.
GivenContact: TypeAlias = tuple[str, dict[str, Any]]

_DETAILS: Final = {
    ("survey", "not_found"): "There is no such survey.",
    ("list", "not_found"): "There is no such list.",
    ("provider", "not_found"): "There is no such provider in this organisation.",
    ("provider", "wrong_channel"): "This provider is for another channel.",
    ("provider", "inactive"): "This provider is switched off.",
    ("template", "not_found"): "There is no such template in this organisation.",
    ("template", "wrong_channel"): "This template is for another channel.",
}


def reference_fault(pointer: str, fault: UnknownReference) -> Fault:
    """Return the fault of a reference to something that does not exist or cannot be used."""
    return Fault(pointer, f"{fault.what}_{fault.code}", _DETAILS[fault.what, fault.code])


def unidentified_faults(contacts: Iterable[GivenContact]) -> Iterator[Fault]:
    """Find the contacts that have neither an externalId nor a contactId nor an email."""
    for pointer, contact in contacts:
        if not any(is_given(contact.get(name)) for name in ("externalId", "contactId", "email")):
            yield Fault(pointer, *NO_IDENTIFIER)


def unknown_contact_faults(organization: Organization, contact_ids: Mapping[str, UUID]) -> Iterator[Fault]:
    """Find the ids, by their pointers, that are of none of the organisation's contacts, in one query."""
    known = Contact.objects.filter(organization=organization, pk__in=set(contact_ids.values()), erased_at=None)
    known_ids = set(known.values_list("pk", flat=True))
    for pointer, contact_id in contact_ids.items():
        if contact_id not in known_ids:
            yield Fault(pointer, "contact_not_found", "There is no contact with this id.")


def taken_problem(
    refusal: EmailsTakenError | PhonesTakenError, contacts: Iterable[GivenContact], faults: Iterable[Fault]
) -> Problem:
    """Return the 409 for addresses that belong to other contacts, after the other `faults` of the body."""
    field, noun = ("email", "e-mail address") if isinstance(refusal, EmailsTakenError) else ("phone", "phone number")
    code, detail = f"{field}_taken", f"This {noun} belongs to another contact."
    taken = [
        Fault(f"{pointer}/{field}", code, detail)
        for pointer, contact in contacts
        if uuid_or_none(contact.get("contactId")) in refusal.ids and contact.get(field)
    ]
    article = "An" if field == "email" else "A"
    return Problem(HTTPStatus.CONFLICT, code, f"{article} {noun} belongs to another contact.", [*faults, *taken])


def data_faults(error: TooManyDataKeysError, contacts: Iterable[GivenContact]) -> list[Fault]:
    """Return a fault for each contact whose data has too many keys after merging, at the data that was given for it."""
    pointers: dict[str, str] = {}
    for pointer, contact in contacts:
        # The identifier that finds the contact (contacts/identity.py).
        given = (contact.get(name) for name in ("contactId", "externalId", "email", "phone"))
        key = next((value.strip() for value in given if isinstance(value, str) and value.strip()), "")
        if contact.get("embeddedData"):
            pointers |= {key: f"{pointer}/embeddedData", key.lower(): f"{pointer}/embeddedData"}
    return too_many_keys(error, pointers)


@contextmanager
def data_of_one_contact(pointer: str = "/embeddedData") -> Iterator[None]:
    """Answer 400 at this place if the contact of a body would have too much data. For bodies that are one contact."""
    try:
        yield
    except TooManyDataKeysError as error:
        raise invalid_request(too_many_keys(error, dict.fromkeys(error.keys, pointer))) from None


def objects_in(values: Any, pointer: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects among the first `limit` elements of a list, each with its pointer below the list's."""
    elements = list_or_empty(values)[:limit]
    return [(f"{pointer}/{place}", value) for place, value in enumerate(elements) if isinstance(value, dict)]


def list_or_empty(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def uuid_or_none(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def is_given(value: Any) -> bool:
    """Return whether a value of a body is given: neither null nor blank."""
    # A value of another type is a fault of its own.
    return bool(value.strip()) if isinstance(value, str) else value is not None
