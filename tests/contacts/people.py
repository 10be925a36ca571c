"""People as calls name them, and the contacts that stand already."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from contacts.given import ContactGiven
from contacts.identity import Identified, resolve_contacts
from contacts.models import Contact, Organization

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KINDS = ["id", "external_id", "email"]
NOTHING: dict[str, Any] = {
    "contact_id": None,
    "external_id": None,
    "email": "",
    "phone": "",
    "first_name": "",
    "last_name": "",
    "embedded_data": {},
}


def person(**said: Any) -> ContactGiven:
    """Somebody of whom a call says only so much."""
    return ContactGiven(**{**NOTHING, **said})


def name_by(kind: str, contact: Contact, **said: Any) -> ContactGiven:
    """The contact as a call names it by one kind of key."""
    key: dict[str, dict[str, Any]] = {
        "id": {"contact_id": contact.pk},
        "external_id": {"external_id": contact.external_id},
        "email": {"email": contact.email},
    }
    return person(**{**key[kind], **said})


def resolve(organization: Organization, *people: ContactGiven, now: datetime = NOW) -> list[Identified]:
    """Resolve in a transaction of its own, as acceptance does."""
    with transaction.atomic():
        return resolve_contacts(organization.pk, people, now)


def make_contact(organization: Organization, **fields: Any) -> Contact:
    return Contact.objects.create(organization=organization, **fields)


def stored(contact: Contact) -> dict[str, Any]:
    """Everything that is stored of a contact, to compare."""
    return dict(Contact.objects.filter(pk=contact.pk).values().get())
