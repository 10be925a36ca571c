"""View of `/distributions/{id}/links`. Reading links changes nothing."""

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
from distributor.api.answers.pagination import parse_row_number
from distributor.api.answers.problems import Fault
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.lookup import find_distribution_or_follow_up
from distributor.api.dialects.distributions_v3.distributions.send import link_url
from distributor.api.dialects.distributions_v3.documentation import (
    DISTRIBUTION_ID,
    SURVEY_ID,
    TAGS,
    id_field,
)
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Element,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, numbered_id, public_id, read_id, sealed_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, next_page, read_page
from distributor.api.dialects.distributions_v3.timestamps import format_time_or_none
from distributor.engine.infrastructure.installation import read_plain_ids_below
from distributor.engine.journey.sealed_ids import seal
from distributor.models import OpenLink, Recipient, Step

_SENT, _NOT_SENT = "Email sent", "Email not sent"
_CONTACT_FILTERS = [
    OpenApiParameter("contactId", description="Extension: only the link of this contact."),
    OpenApiParameter(
        "externalDataReference",
        description="Extension: only the link of the contact with this extRef.",
    ),
    OpenApiParameter(
        "email",
        description="Extension: only links of contacts with this e-mail address. Letter case does not matter.",
    ),
]


class LinkElement(Element):
    """A contact's link."""

    contact_id: str | None = id_field(Kind.CONTACT, "Id of the contact. Null if the link is nobody's.")
    transaction_id: str | None = Field(
        description="Id of the recipient. Null if the link is nobody's.", examples=[Kind.TRANSACTION.example]
    )
    link: str = Field(description="The link.", examples=["https://surveys.example.com/p/aBcDeFgH1234"])
    exceeded_contact_frequency: bool = Field(
        description="Always false: contacts who were surveyed too recently get no link.", examples=[False]
    )
    link_expiration: str | None = Field(description="When the link closes.", examples=["2030-01-31T00:00:00Z"])
    status: str = Field(description=f"`{_SENT}` or `{_NOT_SENT}`.", examples=[_SENT])
    last_name: str | None = Field(description="Last name.", examples=["Ono"])
    first_name: str | None = Field(description="First name.", examples=["Ann"])
    external_data_reference: str | None = Field(description="The contact's extRef.", examples=["PAT-1"])
    email: str | None = Field(description="E-mail address.", examples=["ann@example.com"])
    phone: str | None = Field(description="Phone number in E.164.", examples=["+48601000001"])
    unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[False])


class DistributionLinks(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListLinks",
        summary="List links of a distribution",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID, *_CONTACT_FILTERS, *PAGE, OFFSET],
        responses={200: paged(LinkElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Return the links of a distribution, in the order of their creation.

        Filters find one contact's link in one call. For a reminder or thank-you, the links of its invitation are
        returned.
        """
        faults: list[Fault] = []
        contacts = _filter_contacts(request, caller_key(request).organization, faults)
        page = read_page(request, parse_row_number, faults)
        found = find_distribution_or_follow_up(request, distribution_id)
        distribution = found.distribution if isinstance(found, Step) else found
        recipients = Recipient.objects.filter(distribution_id=distribution.pk, id__gt=page.after or 0)
        if isinstance(found, Step) and found.contact_id is not None:
            recipients = recipients.filter(contact_id=found.contact_id)
        if contacts is not None:
            recipients = recipients.filter(contact_id__in=list(contacts.values_list("pk", flat=True)))
        rows = list(recipients.order_by("id").select_related("contact")[page.offset : page.offset + page.size + 1])
        shown = rows[: page.size]
        token = str(shown[-1].pk) if len(rows) > page.size else None
        elements = [_element(recipient, distribution.expires_at).render() for recipient in shown]
        if not rows and page.after is None and not page.offset and contacts is None:
            elements = [_open_element(link).render() for link in OpenLink.objects.filter(distribution=distribution)]
        return answer_elements(elements, next_page(request, page, token))


def _filter_contacts(request: Request, organization: Organization, faults: list[Fault]) -> QuerySet[Contact] | None:
    """Return the contacts that the query's filters match, each along an index; None if there are no filters."""
    query = request.query_params
    filters = {name: query[name] for name in ("contactId", "externalDataReference", "email") if query.get(name)}
    contacts = Contact.objects.filter(organization=organization, erased_at=None)
    if any("\0" in text for text in filters.values()):
        return contacts.none()  # PostgreSQL cannot store NUL, so no contact has it
    if text := filters.get("contactId"):
        keys = read_id(Kind.CONTACT, text)
        if keys is None:
            faults.append(Fault("?contactId", "invalid_id", "Not a valid id. Use the form CID_…"))
        else:
            contacts = contacts.filter(pk__range=keys)
    if reference := filters.get("externalDataReference"):
        contacts = contacts.filter(external_id=reference)
    if email := filters.get("email"):
        contacts = _filter_by_email(contacts, email)
    return contacts if filters else None


def _filter_by_email(contacts: QuerySet[Contact], email: str) -> QuerySet[Contact]:
    """Filter with the expression that is indexed."""
    return contacts.alias(lower=Lower("email")).filter(lower=email.strip().lower()).exclude(email="")


def _element(recipient: Recipient, expires_at: datetime | None) -> LinkElement:
    contact = recipient.contact
    return LinkElement(
        contact_id=public_id(Kind.CONTACT, contact.pk),
        transaction_id=_transaction_id(recipient.pk),
        link=link_url(recipient.code),
        exceeded_contact_frequency=False,
        link_expiration=format_time_or_none(expires_at),
        status=_NOT_SENT if recipient.first_sent_at is None else _SENT,
        last_name=contact.last_name or None,
        first_name=contact.first_name or None,
        external_data_reference=contact.external_id,
        email=contact.email or None,
        phone=contact.phone or None,
        unsubscribed=contact.opted_out_at is not None,
    )


def _open_element(link: OpenLink) -> LinkElement:
    return LinkElement(
        contact_id=None,
        transaction_id=None,
        link=link_url(link.code),
        exceeded_contact_frequency=False,
        link_expiration=format_time_or_none(link.distribution.expires_at),
        status=_NOT_SENT,
        last_name=None,
        first_name=None,
        external_data_reference=None,
        email=None,
        phone=None,
        unsubscribed=False,
    )


def _transaction_id(recipient_id: int) -> str:
    if recipient_id < read_plain_ids_below():  # callers may have stored it
        return numbered_id(Kind.TRANSACTION, recipient_id)
    return sealed_id(Kind.TRANSACTION, seal(recipient_id))
