"""Finding people among millions by exactly what is known of them, along an index."""

from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower

from contacts.addresses import normalize_phone
from contacts.models import Contact, Organization
from distributor.models import Recipient
from distributor.rules.link_codes import is_well_formed

# A family shares an address, and a test system a thousand times the same. What is beyond is not looked at.
FOUND_LIMIT = 1_000


def find_contacts(text: str) -> set[UUID]:
    """The contacts with exactly this id, external id, e-mail address (in any case) or phone number."""
    if (known := _as_uuid(text)) is not None:
        return set(_ids(Contact.objects.filter(pk=known)))
    # The indexes begin with the organisation: naming all of them makes a probe for each instead of a scan.
    contacts = Contact.objects.filter(organization_id__in=list(Organization.objects.values_list("pk", flat=True)))
    found = {*_ids(contacts.filter(external_id=text))}
    if "@" in text:
        found |= {*_ids(contacts.alias(lower=Lower("email")).filter(lower=text.lower()).exclude(email=""))}
    elif (phone := normalize_phone(text)) is not None:
        found |= {*_ids(contacts.filter(phone=phone).exclude(phone=""))}
    return found


def find_recipients(text: str) -> set[int]:
    """The recipients with this code, and the journeys of all contacts that the text names."""
    found = set()
    if is_well_formed(text):
        found |= set(Recipient.objects.filter(code=text).values_list("pk", flat=True))
    contact_ids = find_contacts(text)
    if contact_ids:
        journeys = Recipient.objects.filter(contact_id__in=contact_ids)
        found |= set(journeys.values_list("pk", flat=True)[:FOUND_LIMIT])
    return found


def _ids(contacts: QuerySet[Contact]) -> QuerySet[Contact, UUID]:
    return contacts.order_by().values_list("pk", flat=True)[:FOUND_LIMIT]


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
