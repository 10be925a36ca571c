"""People as calls name them, and the contacts that stand already."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from typing_extensions import Unpack

from contacts.contact_fields import ContactFields
from contacts.identity import Identified, resolve_contacts
from contacts.models import Contact, Organization

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KINDS = ["id", "external_id", "email", "phone"]


def person(**said: Unpack[ContactFields]) -> ContactFields:
    """Somebody of whom a call says only so much."""
    return ContactFields(**said)


def name_by(kind: str, contact: Contact, **said: Unpack[ContactFields]) -> ContactFields:
    """The contact as a call names it by one kind of key."""
    key: dict[str, ContactFields] = {
        "id": {"contact_id": contact.pk},
        "external_id": {"external_id": contact.external_id},
        "email": {"email": contact.email},
        "phone": {"phone": contact.phone},
    }
    return {**key[kind], **said}


def resolve(organization: Organization, *people: ContactFields, now: datetime = NOW) -> list[Identified]:
    """Resolve in a transaction of its own, as acceptance does."""
    with transaction.atomic():
        return resolve_contacts(organization.pk, people, now)


def make_contact(organization: Organization, **fields: Any) -> Contact:
    return Contact.objects.create(organization=organization, **fields)


def stored(contact: Contact) -> dict[str, Any]:
    """Everything that is stored of a contact, to compare."""
    return dict(Contact.objects.filter(pk=contact.pk).values().get())
