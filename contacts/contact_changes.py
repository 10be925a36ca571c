"""Writes one contact: created or merged by its identity, or changed field by field."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import IntegrityError, transaction

from contacts.contact_fields import MAX_DATA_KEYS, ContactFields
from contacts.identity import TooManyDataKeysError, resolve_contacts
from contacts.models import Contact

_IDENTITIES = {"external_id", "email", "phone"}
_FIELDS_OF_CONSTRAINTS = {
    "one_contact_per_external_id": "external_id",
    "one_contact_per_email_if_known_by_nothing_else": "email",
    "one_contact_per_phone_if_known_by_nothing_else": "phone",
}


class SavedContact(NamedTuple):
    """What became of a contact: created, updated or unchanged."""

    id: UUID
    result: str


class IdentityTakenError(Exception):
    """Another contact has this `external_id`, `email` or `phone` (`field`). Nothing was written."""

    def __init__(self, field: str) -> None:
        super().__init__(f"another contact has this {field}")
        self.field = field


class NoIdentityError(Exception):
    """The contact would have neither external id nor e-mail address nor phone. Nothing was written."""


@transaction.atomic
def save_contact(organization_id: UUID, columns: Mapping[str, Any], now: datetime) -> tuple[Contact, bool]:
    """Create a contact, or merge columns into the one with the same identity; return it and whether it is new.

    The identity is the external id, else the e-mail address, else the phone. Blank columns change nothing.
    """
    (found,) = resolve_contacts(organization_id, [cast(ContactFields, columns)], now)
    contact = Contact.objects.get(pk=found.id)
    # `now` has microseconds and belongs to this call alone.
    return contact, contact.created_at == now


def save_contacts(organization_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[SavedContact]:
    """Save contacts like save_contact(), in one statement per kind of identity; return what became of each, in order.

    A contact that occurs twice is written once, and later values win. Runs inside the caller's transaction, which
    TooManyDataKeysError must roll back.
    """
    found = resolve_contacts(organization_id, [cast(ContactFields, columns) for columns in rows], now)
    ids = {contact.id for contact in found}
    times = Contact.objects.filter(pk__in=ids).values_list("pk", "created_at", "updated_at")
    results = {contact_id: _result(created_at, updated_at, now) for contact_id, created_at, updated_at in times}
    return [SavedContact(contact.id, results[contact.id]) for contact in found]


def change_contact(contact_id: UUID, columns: Mapping[str, Any]) -> Contact:
    """Write the given columns. Embedded data is merged key by key; None empties it.

    Raises Contact.DoesNotExist for an erased contact, IdentityTakenError, NoIdentityError and TooManyDataKeysError.
    """
    try:
        with transaction.atomic():
            contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id, erased_at=None)
            for name, value in columns.items():
                setattr(contact, name, _merged(contact, value) if name == "embedded_data" else value)
            if columns.keys() & _IDENTITIES and not (contact.external_id or contact.email or contact.phone):
                raise NoIdentityError
            contact.save(update_fields=[*columns, "updated_at"])
    except IntegrityError as error:
        raise _explain(error) from None
    return contact


def _result(created_at: datetime, updated_at: datetime, now: datetime) -> str:
    if created_at == now:
        return "created"
    return "updated" if updated_at == now else "unchanged"


def _merged(contact: Contact, embedded_data: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {} if embedded_data is None else {**contact.embedded_data, **embedded_data}
    if embedded_data and len(merged) > MAX_DATA_KEYS:
        raise TooManyDataKeysError([contact.external_id or str(contact.pk)])
    return merged


def _explain(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    field = _FIELDS_OF_CONSTRAINTS.get(constraint or "")
    return IdentityTakenError(field) if field else error
