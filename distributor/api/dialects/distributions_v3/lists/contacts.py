"""/API/v3/directories/{POOL}/mailinglists/{CG}/contacts: who is on a list."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.editing import IdentityTaken, Nameless, change_contact, save_contact
from contacts.membership import UnknownMembers, change_members
from contacts.models import Contact, MailingList, Membership
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_BODY,
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    Done,
    ErrorDocument,
    answer,
    answer_done,
    answer_elements,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists.contact_shapes import (
    ContactElement,
    ContactMade,
    MailingListContactBody,
    render_contact,
)
from distributor.api.dialects.distributions_v3.lists.mailing_lists import find_list
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, next_page, read_page
from distributor.api.dialects.distributions_v3.references import find_one
from distributor.api.problems import Fault, Problem, invalid_request, not_found
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now

_NAMELESS: Final = Fault("/extRef", "no_identifier", "One of extRef, email and phone is needed.")
_NAMELESS_AFTER: Final = Fault("/extRef", "no_identifier", "One of extRef, email and phone must remain.")
_TAKEN: Final = {
    "external_id": Fault("/extRef", "ext_ref_taken", "This reference is another contact's."),
    "email": Fault("/email", "email_taken", "This e-mail address is another contact's, who is known by nothing else."),
    "phone": Fault("/phone", "phone_taken", "This phone number is another contact's, who is known by nothing else."),
}


class ListContacts(DialectView):
    """A mailing list's contacts."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_list_contacts",
        tags=["lists and links"],
        parameters=[*PAGE, OFFSET],
        responses={200: paged(ContactElement)} | ERRORS_OF_ONE | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """The contacts that were made last come first."""
        page = read_page(request, keys_before(Kind.CONTACT))
        found = find_list(request, directory_id, list_id)
        members = Membership.objects.filter(mailing_list=found, contact__erased_at=None)
        if page.after is not None:
            members = members.filter(contact_id__lt=page.after)
        members = members.order_by("-contact_id").select_related("contact")
        rows = [member.contact for member in members[page.offset : page.offset + page.size + 1]]
        shown = rows[: page.size]
        token = public_id(Kind.CONTACT, shown[-1].pk) if len(rows) > page.size else None
        return answer_elements([render_contact(one) for one in shown], next_page(request, page, token))

    @extend_schema(
        operation_id="v3_create_contact",
        tags=["lists and links"],
        request=MailingListContactBody,
        responses={200: enveloped(ContactMade)} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Make a contact, or merge into the one of this extRef, email or phone; and put it on the list."""
        found = find_list(request, directory_id, list_id)
        body = _read(request)
        if not (body.ext_ref or body.email or body.phone):
            raise invalid_request([_NAMELESS])
        try:
            contact = _put_on_list(found, body, database_now())
        except (MailingList.DoesNotExist, UnknownMembers):
            raise not_found("mailing list") from None  # it, or the contact, was deleted a moment ago
        lookup = public_id(Kind.CONTACT_LOOKUP, contact.pk)
        return answer(ContactMade(id=public_id(Kind.CONTACT, contact.pk), contact_lookup_id=lookup))


class OneListContact(DialectView):
    """A contact of a mailing list."""

    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_read_contact",
        tags=["lists and links"],
        responses={200: enveloped(ContactElement)} | ERRORS_OF_ONE,
    )
    def get(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        found = find_list(request, directory_id, list_id)
        return answer_result(render_contact(_find_member(found, contact_id)))

    @extend_schema(
        operation_id="v3_change_contact",
        tags=["lists and links"],
        request=MailingListContactBody,
        responses={200: Done, 409: ErrorDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def put(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Change what is given; null and "" clear, embeddedData is merged key by key."""
        member = _find_member(find_list(request, directory_id, list_id), contact_id)
        body = _read(request)
        try:
            _change(member, body, database_now())
        except Contact.DoesNotExist:
            raise not_found("contact") from None
        except Nameless:
            raise invalid_request([_NAMELESS_AFTER]) from None
        except IdentityTaken as taken:
            fault = _TAKEN[taken.field]
            raise Problem(HTTPStatus.CONFLICT, fault.code, fault.detail, [fault]) from None
        return answer_done()

    @extend_schema(
        operation_id="v3_remove_contact",
        tags=["lists and links"],
        responses={200: Done} | ERRORS_OF_ONE,
    )
    def delete(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Take it off the list. It stays a contact, and its links go on working."""
        found = find_list(request, directory_id, list_id)
        change_members(found, (), {_find_member(found, contact_id).pk})
        return answer_done()


def _read(request: Request) -> MailingListContactBody:
    organization = caller_key(request).organization
    return read_body(MailingListContactBody, request.body, organization, {}, phone_region=organization.phone_region)[0]


@transaction.atomic
def _put_on_list(mailing_list: MailingList, body: MailingListContactBody, now: datetime) -> Contact:
    contact, _is_new = save_contact(mailing_list.organization_id, body.columns(), now)
    change_members(mailing_list, {contact.pk}, ())
    # A false is what clients send of everybody: it is no wish of somebody who opted out before.
    if body.unsubscribed:
        opt_out(contact.pk, now)
    return contact


@transaction.atomic
def _change(contact: Contact, body: MailingListContactBody, now: datetime) -> None:
    columns: dict[str, Any] = dict(body.columns())
    if columns:
        change_contact(contact.pk, columns)
    if body.unsubscribed is True:
        opt_out(contact.pk, now)
    elif body.unsubscribed is False:
        lift_opt_out(contact.pk)


def _find_member(mailing_list: MailingList, contact_id: str) -> Contact:
    rows = Contact.objects.filter(memberships__mailing_list=mailing_list, erased_at=None)
    return find_one(rows, Kind.CONTACT, contact_id)
