"""Contacts as calls describe them, and contacts that exist already."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from typing_extensions import Unpack

from contacts.contact_fields import ContactFields
from contacts.identity import Identified, resolve_contacts
from contacts.models import Contact, Organization

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KINDS = ["id", "external_id", "email", "phone"]


def person(**fields: Unpack[ContactFields]) -> ContactFields:
    """A contact with only these fields given."""
    return ContactFields(**fields)


def name_by(kind: str, contact: Contact, **fields: Unpack[ContactFields]) -> ContactFields:
    """Describe an existing contact by one kind of identifier."""
    key: dict[str, ContactFields] = {
        "id": {"contact_id": contact.pk},
        "external_id": {"external_id": contact.external_id},
        "email": {"email": contact.email},
        "phone": {"phone": contact.phone},
    }
    return {**key[kind], **fields}


def resolve(
    organization: Organization, *people: ContactFields, now: datetime = NOW, channels: Sequence[str] = ()
) -> list[Identified]:
    """Resolve contacts in a transaction, as acceptance does."""
    with transaction.atomic():
        return resolve_contacts(organization.pk, people, now, channels)


def make_contact(organization: Organization, **fields: Any) -> Contact:
    return Contact.objects.create(organization=organization, **fields)


def stored(contact: Contact) -> dict[str, Any]:
    """Return all columns of a contact, for comparison."""
    return dict(Contact.objects.filter(pk=contact.pk).values().get())
