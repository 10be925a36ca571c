"""What is known of one contact: made or merged by what names it, or changed field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import IntegrityError, transaction

from contacts.contact_fields import ContactFields
from contacts.identity import resolve_contacts
from contacts.models import Contact

_IDENTITIES = {"external_id", "email", "phone"}
# What identity resolution does not merge.
_BESIDE_IDENTITY = ("title", "locale", "time_zone")
_FIELD_OF_CONSTRAINT = {
    "one_contact_per_external_id": "external_id",
    "one_contact_per_email_if_known_by_nothing_else": "email",
    "one_contact_per_phone_if_known_by_nothing_else": "phone",
}


class IdentityTakenError(Exception):
    """Another contact is known by this `external_id`, `email` or `phone`; nothing was written."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is another contact's")
        self.field = field


class NoIdentityError(Exception):
    """A contact would be left without an external id, an e-mail address and a phone; nothing was written."""


@transaction.atomic
def save_contact(organization_id: UUID, said: Mapping[str, Any], now: datetime) -> tuple[Contact, bool]:
    """The contact of an external id, else of an e-mail address, with what is said merged in; and whether it is new.

    `said` holds columns of Contact, of which blank ones change nothing.
    """
    given = cast(ContactFields, {name: value for name, value in said.items() if name not in _BESIDE_IDENTITY})
    (found,) = resolve_contacts(organization_id, [given], now)
    beside = {name: said[name] for name in _BESIDE_IDENTITY if said.get(name)}
    if beside:
        Contact.objects.filter(pk=found.id).update(**beside)
    contact = Contact.objects.get(pk=found.id)
    # `now` is this call's own moment, to the microsecond.
    return contact, contact.created_at == now


def change_contact(contact_id: UUID, said: Mapping[str, Any]) -> Contact:
    """Write the columns that are said; embedded data is merged key by key, and None empties it.

    Raises Contact.DoesNotExist for one that has been erased, IdentityTakenError and NoIdentityError.
    """
    try:
        with transaction.atomic():
            contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id, erased_at=None)
            for name, value in said.items():
                setattr(contact, name, _merged(contact, value) if name == "embedded_data" else value)
            if said.keys() & _IDENTITIES and not (contact.external_id or contact.email or contact.phone):
                raise NoIdentityError
            contact.save(update_fields=[*said, "updated_at"])
    except IntegrityError as error:
        raise _explain(error) from None
    return contact


def _merged(contact: Contact, embedded_data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if embedded_data is None else {**contact.embedded_data, **embedded_data}


def _explain(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    field = _FIELD_OF_CONSTRAINT.get(constraint or "")
    return IdentityTakenError(field) if field else error
