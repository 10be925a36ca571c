"""Views of `/directories/{id}/mailinglists/{id}/contacts`."""

from datetime import datetime
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.list_members import UnknownMembersError, change_members, lock_list
from contacts.models import Contact, MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import not_found
from distributor.api.bodies.reference_faults import data_of_one_contact
from distributor.api.calls.authentication import caller_key
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
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists.contact_bodies import (
    change_by_body,
    read_new_contact,
    save_by_body,
)
from distributor.api.dialects.distributions_v3.lists.contact_shapes import (
    ContactElement,
    ContactMade,
    MailingListContactBody,
    render_contact,
)
from distributor.api.dialects.distributions_v3.lists.mailing_lists import find_list
from distributor.api.dialects.distributions_v3.lists.members import answer_members
from distributor.api.dialects.distributions_v3.paging import (
    DEFAULT_SIZE_OF_LIST_CONTACTS,
    OFFSET,
    PAGE_OF_LIST_CONTACTS,
    key_parser,
    read_page,
)
from distributor.api.dialects.distributions_v3.references import find_by_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.transactions import retry_contact_collisions


class ListContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListContacts",
        summary="List contacts of a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, *PAGE_OF_LIST_CONTACTS, OFFSET],
        responses={200: paged(ContactElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Return the contacts on the list, newest first."""
        page = read_page(request, key_parser(Kind.CONTACT), default_size=DEFAULT_SIZE_OF_LIST_CONTACTS)
        mailing_list = find_list(request, directory_id, list_id)
        return answer_members(request, mailing_list, page, lambda contacts: list(map(render_contact, contacts)))

    @extend_schema(
        operation_id="v3CreateContact",
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
        body, warnings = read_new_contact(request)
        try:
            with data_of_one_contact():
                contact = _put_on_list(caller_key(request).organization, mailing_list, body, database_now())
        except (MailingList.DoesNotExist, UnknownMembersError):
            raise not_found("mailing list") from None  # the list or the contact was deleted meanwhile
        lookup = public_id(Kind.CONTACT_LOOKUP, contact.pk)
        return answer(ContactMade(id=public_id(Kind.CONTACT, contact.pk), contact_lookup_id=lookup), warnings)


class ListContactDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetContact",
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
        operation_id="v3UpdateContact",
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
        warnings = change_by_body(request, member)
        return answer_done(warnings)

    @extend_schema(
        operation_id="v3RemoveContact",
        summary="Remove a contact from a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, CONTACT_ID],
        responses={200: Done} | PATH_ERRORS,
    )
    def delete(self, request: Request, directory_id: str, list_id: str, contact_id: str) -> Response:
        """Remove the contact from the list. The contact itself stays, and its links keep working."""
        mailing_list = find_list(request, directory_id, list_id)
        member = _find_member(mailing_list, contact_id)
        try:
            change_members(mailing_list, (), {member.pk})
        except MailingList.DoesNotExist:
            raise not_found("mailing list") from None  # it was deleted meanwhile
        return answer_done()


@retry_contact_collisions
def _put_on_list(
    organization: Organization, mailing_list: MailingList, body: MailingListContactBody, now: datetime
) -> Contact:
    lock_list(mailing_list)
    contact, _is_new = save_by_body(organization.pk, body, now)
    change_members(mailing_list, {contact.pk}, ())
    return contact


def _find_member(mailing_list: MailingList, contact_id: str) -> Contact:
    rows = Contact.objects.filter(memberships__mailing_list=mailing_list, erased_at=None)
    return find_by_id(rows, Kind.CONTACT, contact_id)
