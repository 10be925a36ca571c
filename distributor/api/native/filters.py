"""Filters of lists: `?contactId=`, `?externalId=` and `?email=`, and ids in general."""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from contacts.addresses import spell_email, strip_unseen
from contacts.models import Contact
from distributor.api.native.rows import own_rows
from distributor.api.problems import Fault

CONTACT_FILTERS: Final = [
    OpenApiParameter("contactId", UUID, description="Only the contact with this id."),
    OpenApiParameter("externalId", description="Only the contact with this external id."),
    OpenApiParameter(
        "email", description="Only contacts with this e-mail address, in any letter case. “+” need not be escaped."
    ),
]


def read_uuid(request: Request, name: str, faults: list[Fault]) -> UUID | None:
    """Return the value of a filter; None if it is not given. Add a fault if it is no UUID."""
    text = request.query_params.get(name)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        faults.append(Fault(f"?{name}", "invalid", f"{name} must be a UUID."))
        return None


def find_contact_ids(request: Request, faults: list[Fault]) -> list[UUID] | None:
    """Return the ids of the contacts that pass all of CONTACT_FILTERS; None if no filter is given.

    A filter that is given and blank finds nobody, so a script whose variable is empty is not shown everybody.
    """
    contact_id = read_uuid(request, "contactId", faults)
    external_id, email = request.query_params.get("externalId"), request.query_params.get("email")
    if external_id is None and email is None:
        return None if contact_id is None else [contact_id]
    contacts = own_rows(request, Contact)
    if contact_id is not None:
        contacts = contacts.filter(pk=contact_id)
    if external_id is not None:
        contacts = with_external_id(contacts, external_id)
    if email is not None:
        contacts = with_email(contacts, email)
    return list(contacts.values_list("pk", flat=True))


def with_external_id(contacts: QuerySet[Contact], external_id: str) -> QuerySet[Contact]:
    # PostgreSQL stores no NUL, so no contact has such an id.
    return contacts.none() if "\0" in external_id else contacts.filter(external_id=strip_unseen(external_id))


def with_email(contacts: QuerySet[Contact], email: str) -> QuerySet[Contact]:
    """Filter by e-mail address along the index on its lower case."""
    if "\0" in email:
        return contacts.none()
    address = spell_email(unescape_plus(email.strip())).lower()
    return contacts.alias(lower=Lower("email")).filter(lower=address).exclude(email="")


def unescape_plus(address: str) -> str:
    """In a query string, a “+” that is not percent-encoded arrives as a space, and addresses contain no spaces."""
    return address.replace(" ", "+")
