"""Search for contacts and recipients by exact values, using indexes."""

from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower

from contacts.addresses import spell_email, strip_unseen
from contacts.models import Contact, Organization
from contacts.phone_numbers import normalize_phone
from distributor.models import Recipient
from distributor.rules.link_codes import is_well_formed

# A family shares an address; a test system may use one a thousand times. Further matches are not returned.
FOUND_LIMIT = 1_000


def find_contacts(text: str) -> set[UUID]:
    """Return IDs of contacts with exactly this ID, external ID, e-mail address (in any case) or phone number."""
    text = strip_unseen(text)
    if (contact_id := _as_uuid(text)) is not None:
        return set(_ids(Contact.objects.filter(pk=contact_id)))
    # The indexes start with the organisation. Listing all organisations makes one index probe each, not a scan.
    contacts = Contact.objects.filter(organization_id__in=list(Organization.objects.values_list("pk", flat=True)))
    found = {*_ids(contacts.filter(external_id=text))}
    if "@" in text:
        found |= {*_ids(contacts.alias(lower=Lower("email")).filter(lower=spell_email(text).lower()).exclude(email=""))}
    elif (phone := normalize_phone(text)) is not None:
        found |= {*_ids(contacts.filter(phone=phone).exclude(phone=""))}
    return found


def find_recipients(text: str) -> set[int]:
    """Return IDs of recipients with this link code, and of those whose contact matches the text."""
    found = set()
    if is_well_formed(text):
        found |= set(Recipient.objects.filter(code=text).values_list("pk", flat=True))
    contact_ids = find_contacts(text)
    if contact_ids:
        of_contacts = Recipient.objects.filter(contact_id__in=contact_ids)
        found |= set(of_contacts.values_list("pk", flat=True)[:FOUND_LIMIT])
    return found


def _ids(contacts: QuerySet[Contact]) -> QuerySet[Contact, UUID]:
    return contacts.order_by().values_list("pk", flat=True)[:FOUND_LIMIT]


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
