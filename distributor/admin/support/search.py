"""Search for contacts and recipients by exact values, using indexes."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest

from contacts.addresses import spell_email, strip_unseen
from contacts.models import Contact, Organization
from contacts.operators.access import access_of
from contacts.phone_numbers import normalize_phone
from distributor.models import Recipient
from distributor.rules.link_codes import is_well_formed

# A family shares an address; a test system may use one a thousand times. Further matches are not returned.
FOUND_LIMIT = 1_000


def searched_organizations(request: HttpRequest) -> list[UUID]:
    """Return the organisations that the user may search.

    The indexes start with the organisation: a list of them makes one index probe each, not a scan.
    """
    organizations = access_of(request.user).organizations("contacts.view_contact")
    return list(Organization.objects.values_list("pk", flat=True)) if organizations is None else organizations


def find_contacts(text: str, organizations: Sequence[UUID]) -> set[UUID]:
    """Return IDs of contacts with exactly this ID, external ID, e-mail address (in any case) or phone number."""
    text = strip_unseen(text)
    contacts = Contact.objects.filter(organization_id__in=organizations)
    if (contact_id := _as_uuid(text)) is not None:
        return set(_ids(contacts.filter(pk=contact_id)))
    found = {*_ids(contacts.filter(external_id=text))}
    if "@" in text:
        found |= {*_ids(contacts.alias(lower=Lower("email")).filter(lower=spell_email(text).lower()).exclude(email=""))}
    elif (phone := normalize_phone(text)) is not None:
        found |= {*_ids(contacts.filter(phone=phone).exclude(phone=""))}
    return found


def find_recipients(text: str, organizations: Sequence[UUID]) -> set[int]:
    """Return IDs of recipients with this link code, and of those whose contact matches the text.

    A recipient with the code may belong to anybody: the list, which is narrowed, leaves out strangers.
    """
    found = set()
    if is_well_formed(text):
        found |= set(Recipient.objects.filter(code=text).values_list("pk", flat=True))
    contact_ids = find_contacts(text, organizations)
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
