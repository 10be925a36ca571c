"""Views of `/directories/{id}/mailinglists/{id}/contacts`."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.db import transaction
from drf_spectacular.utils import extend_schema
from pydantic_core import from_json, to_json
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.contact_changes import IdentityTakenError, NoIdentityError, change_contact, save_contact
from contacts.list_members import UnknownMembersError, change_members
from contacts.models import Contact, MailingList, Membership
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import CONTACT_ID, DIRECTORY_ID, LIST_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
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
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, next_page, read_page
from distributor.api.dialects.distributions_v3.references import find_by_id
from distributor.api.problems import Fault, Problem, invalid_request, not_found
from distributor.api.reference_faults import data_of_one_contact
from distributor.api.request_body import json_body
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now

_NO_PHONE: Final = ("/phone", "invalid_phone")
_NO_IDENTIFIER: Final = Fault("/extRef", "no_identifier", "A contact needs an extRef, email or phone.")
_NO_IDENTIFIER_LEFT: Final = Fault("/extRef", "no_identifier", "A contact must keep an extRef, email or phone.")
_TAKEN_FAULTS: Final = {
    "external_id": Fault("/extRef", "ext_ref_taken", "This extRef belongs to another contact."),
    "email": Fault("/email", "email_taken", "This e-mail address is the only identifier of another contact."),
    "phone": Fault("/phone", "phone_taken", "This phone number is the only identifier of another contact."),
}


class ListContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_list_contacts",
        summary="List contacts of a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, *PAGE, OFFSET],
        responses={200: paged(ContactElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Return the contacts on the list, newest first."""
        page = read_page(request, key_parser(Kind.CONTACT))
        mailing_list = find_list(request, directory_id, list_id)
        members = Membership.objects.filter(mailing_list=mailing_list, contact__erased_at=None)
        if page.after is not None:
            members = members.filter(contact_id__lt=page.after)
        members = members.order_by("-contact_id").select_related("contact")
        contacts = [member.contact for member in members[page.offset : page.offset + page.size + 1]]
        shown = contacts[: page.size]
        token = public_id(Kind.CONTACT, shown[-1].pk) if len(contacts) > page.size else None
        return answer_elements([render_contact(contact) for contact in shown], next_page(request, page, token))

    @extend_schema(
        operation_id="v3_create_contact",
        summary="Add a contact to a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID],
        request=MailingListContactBody,
        responses={200: enveloped(ContactMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Create a contact or change an existing one, and put it on the list.

        A contact is found by extRef, else by email, else by phone. A phone that is no number is left out, and told in
        `meta.warnings`, if the contact has an extRef or email.
        """
        mailing_list = find_list(request, directory_id, list_id)
        body, warnings = _read_contact(request, is_known=False)
        if not (body.ext_ref or body.email or body.phone):
            raise invalid_request([_NO_IDENTIFIER])
        try:
            with data_of_one_contact():
                contact = _put_on_list(mailing_list, body, database_now())
        except (MailingList.DoesNotExist, UnknownMembersError):
            raise not_found("mailing list") from None  # the list or the contact was deleted meanwhile
        lookup = public_id(Kind.CONTACT_LOOKUP, contact.pk)
        return answer(ContactMade(id=public_id(Kind.CONTACT, contact.pk), contact_lookup_id=lookup), warnings)


class ListContactDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_read_contact",
        summary="Show a contact of a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, CONTACT_ID],
        responses={200: enveloped(ContactElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Return a contact on the list."""
        mailing_list = find_list(request, directory_id, list_id)
        return answer_result(render_contact(_find_member(mailing_list, contact_id)))

    @extend_schema(
        operation_id="v3_change_contact",
        summary="Change a contact",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, CONTACT_ID],
        request=MailingListContactBody,
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Change the fields that are given. Null and "" clear a field; embeddedData is merged key by key.

        A phone that is no number changes nothing, and is told in `meta.warnings`.
        """
        member = _find_member(find_list(request, directory_id, list_id), contact_id)
        body, warnings = _read_contact(request, is_known=True)
        try:
            with data_of_one_contact():
                _change(member, body, database_now())
        except Contact.DoesNotExist:
            raise not_found("contact") from None
        except NoIdentityError:
            raise invalid_request([_NO_IDENTIFIER_LEFT]) from None
        except IdentityTakenError as taken:
            fault = _TAKEN_FAULTS[taken.field]
            raise Problem(HTTPStatus.CONFLICT, fault.code, fault.detail, [fault]) from None
        return answer_done(warnings)

    @extend_schema(
        operation_id="v3_remove_contact",
        summary="Remove a contact from a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, CONTACT_ID],
        responses={200: Done} | PATH_ERRORS,
    )
    def delete(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Remove the contact from the list. The contact itself stays, and its links keep working."""
        mailing_list = find_list(request, directory_id, list_id)
        change_members(mailing_list, (), {_find_member(mailing_list, contact_id).pk})
        return answer_done()


def _read_contact(request: Request, *, is_known: bool) -> tuple[MailingListContactBody, Sequence[Fault]]:
    """Return the contact, and what was left out of it.

    A phone that is no number, such as N/A, is left out if the contact is known by something else: exports write so.
    With `is_known` it is known already.
    """
    given = json_body(request)
    try:
        return _read_body(request, given), ()
    except Problem as problem:
        if not problem.faults or any((fault.pointer, fault.code) != _NO_PHONE for fault in problem.faults):
            raise
        without = from_json(given)
        del without["phone"]
        body = _read_body(request, to_json(without))
        if not (is_known or body.email or body.ext_ref):
            raise
        detail = f"Left out. {problem.faults[0].detail}"
        return body, [Fault("/phone", "invalid_phone", detail)]


def _read_body(request: Request, given: bytes) -> MailingListContactBody:
    organization = caller_key(request).organization
    return read_body(MailingListContactBody, given, organization, {}, phone_region=organization.phone_region)[0]


@transaction.atomic
def _put_on_list(mailing_list: MailingList, body: MailingListContactBody, now: datetime) -> Contact:
    contact, _is_new = save_contact(mailing_list.organization_id, body.columns(), now)
    change_members(mailing_list, {contact.pk}, ())
    # Clients send false for every contact, so it does not lift an earlier opt-out.
    if body.unsubscribed:
        opt_out(contact.pk, now, source="lists and links")
    return contact


@transaction.atomic
def _change(contact: Contact, body: MailingListContactBody, now: datetime) -> None:
    columns: dict[str, Any] = dict(body.columns())
    if columns:
        change_contact(contact.pk, columns)
    if body.unsubscribed is True:
        opt_out(contact.pk, now, source="lists and links")


def _find_member(mailing_list: MailingList, contact_id: str) -> Contact:
    rows = Contact.objects.filter(memberships__mailing_list=mailing_list, erased_at=None)
    return find_by_id(rows, Kind.CONTACT, contact_id)
