"""/API/v3/distributions/{id}/links: everybody's link, or one contact's in one call. Reading changes nothing."""

from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact, Organization
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.element import moment_or_none
from distributor.api.dialects.distributions_v3.distributions.lookup import OF_SURVEY, find_either
from distributor.api.dialects.distributions_v3.distributions.send import link_to
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    Element,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, numbered_id, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, next_page, read_page
from distributor.api.pagination import parse_row_number
from distributor.api.problems import Fault
from distributor.models import Recipient, Step

_SENT, _NOT_SENT = "Email sent", "Email not sent"
_OF_ONE = [
    OpenApiParameter("contactId", description="Ours: only this contact's link."),
    OpenApiParameter("externalDataReference", description="Ours: only the link of the contact with this reference."),
    OpenApiParameter("email", description="Ours: only links of contacts with this e-mail address, in any letter case."),
]


class LinkElement(Element):
    contact_id: str = Field(pattern=Kind.CONTACT.pattern)
    transaction_id: str
    link: str
    exceeded_contact_frequency: bool = Field(description="Never: who came too soon got no link.")
    link_expiration: str | None
    status: str = Field(description=f"{_SENT} or {_NOT_SENT}")
    last_name: str | None
    first_name: str | None
    external_data_reference: str | None
    email: str | None
    unsubscribed: bool


class DistributionLinks(DialectView):
    """A distribution's links."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_links",
        tags=["lists and links"],
        parameters=[OF_SURVEY, *_OF_ONE, *PAGE, OFFSET],
        responses={200: paged(LinkElement)} | ERRORS_OF_ONE | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """In the order in which they were made; of a reminder or a thank-you those of its invitation."""
        faults: list[Fault] = []
        people = _asked_for(request, caller_key(request).organization, faults)
        page = read_page(request, parse_row_number, faults)
        named = find_either(request, distribution_id)
        distribution = named.distribution if isinstance(named, Step) else named
        rows = Recipient.objects.filter(distribution_id=distribution.pk, id__gt=page.after or 0)
        if isinstance(named, Step) and named.contact_id is not None:
            rows = rows.filter(contact_id=named.contact_id)
        if people is not None:
            rows = rows.filter(contact_id__in=list(people.values_list("pk", flat=True)))
        found = list(rows.order_by("id").select_related("contact")[page.offset : page.offset + page.size + 1])
        shown = found[: page.size]
        token = str(shown[-1].pk) if len(found) > page.size else None
        elements = [_element(row, distribution.expires_at).rendered() for row in shown]
        return answer_elements(elements, next_page(request, page, token))


def _asked_for(request: Request, organization: Organization, faults: list[Fault]) -> QuerySet[Contact] | None:
    """The contacts that the query names, along an index each; None if it names none."""
    query = request.query_params
    named = {name: query[name] for name in ("contactId", "externalDataReference", "email") if query.get(name)}
    rows = Contact.objects.filter(organization=organization, erased_at=None)
    if any("\0" in text for text in named.values()):
        return rows.none()  # PostgreSQL stores no NUL: that is nobody
    if text := named.get("contactId"):
        keys = read_id(Kind.CONTACT, text)
        if keys is None:
            faults.append(Fault("?contactId", "invalid_id", "This is no id of the form CID_…"))
        else:
            rows = rows.filter(pk__range=keys)
    if reference := named.get("externalDataReference"):
        rows = rows.filter(external_id=reference)
    if email := named.get("email"):
        rows = _with_email(rows, email)
    return rows if named else None


def _with_email(rows: QuerySet[Contact], email: str) -> QuerySet[Contact]:
    """As the index has it."""
    return rows.alias(lower=Lower("email")).filter(lower=email.strip().lower()).exclude(email="")


def _element(row: Recipient, expires_at: datetime | None) -> LinkElement:
    contact = row.contact
    return LinkElement(
        contact_id=public_id(Kind.CONTACT, contact.pk),
        transaction_id=numbered_id(Kind.TRANSACTION, row.pk),
        link=link_to(row.code),
        exceeded_contact_frequency=False,
        link_expiration=moment_or_none(expires_at),
        status=_NOT_SENT if row.first_sent_at is None else _SENT,
        last_name=contact.last_name or None,
        first_name=contact.first_name or None,
        external_data_reference=contact.external_id,
        email=contact.email or None,
        unsubscribed=contact.opted_out_at is not None,
    )
