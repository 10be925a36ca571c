"""Views of `/mailinglists`, `/mailinglists/{id}` and `/mailinglists/{id}/contacts`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.list_members import UnknownMembersError
from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.answers.problems import not_found
from distributor.api.bodies.reference_faults import data_of_one_contact
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import LIST_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer,
    answer_done,
    answer_made,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.legacy.contacts import (
    OneOrMany,
    put_on_list,
    read_contacts,
    render_contacts,
)
from distributor.api.dialects.distributions_v3.legacy.shapes import (
    LIST_ID_FIELDS,
    LegacyContactElement,
    LegacyContactsMade,
    LegacyListBody,
    LegacyListElement,
    render_list,
)
from distributor.api.dialects.distributions_v3.lists.mailing_lists import ListMade, delete_list
from distributor.api.dialects.distributions_v3.lists.members import answer_members
from distributor.api.dialects.distributions_v3.paging import (
    OFFSET,
    PAGE,
    key_parser,
    page_of_rows,
    read_page,
)
from distributor.api.dialects.distributions_v3.references import find_by_id
from distributor.api.request_body import json_body


class LegacyLists(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListLegacyLists",
        summary="List mailing lists, as before directories",
        tags=TAGS,
        parameters=[*PAGE, OFFSET],
        responses={200: paged(LegacyListElement)} | QUERY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the organisation's mailing lists, newest first."""
        organization = caller_key(request).organization
        return page_of_rows(
            request,
            MailingList.objects.filter(organization=organization),
            read_page(request, key_parser(Kind.MAILING_LIST)),
            lambda mailing_list: public_id(Kind.MAILING_LIST, mailing_list.pk),
            lambda mailing_lists: [render_list(organization, mailing_list) for mailing_list in mailing_lists],
        )

    @extend_schema(
        operation_id="v3CreateLegacyList",
        summary="Create a mailing list, as before directories",
        tags=TAGS,
        request=LegacyListBody,
        responses={200: enveloped(ListMade)} | BODY_ERRORS,
    )
    def post(self, request: Request) -> Response:
        """Create an empty mailing list."""
        organization = caller_key(request).organization
        body, _keys = read_body(LegacyListBody, json_body(request), organization, LIST_ID_FIELDS)
        mailing_list = MailingList.objects.create(organization=organization, name=body.name)
        return answer_made(ListMade(id=public_id(Kind.MAILING_LIST, mailing_list.pk)))


class LegacyListDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetLegacyList",
        summary="Show a mailing list, as before directories",
        tags=TAGS,
        parameters=[LIST_ID],
        responses={200: enveloped(LegacyListElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """Return a mailing list."""
        return answer_result(render_list(caller_key(request).organization, _find_list(request, list_id)))

    @extend_schema(
        operation_id="v3DeleteLegacyList",
        summary="Delete a mailing list, as before directories",
        tags=TAGS,
        parameters=[LIST_ID],
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS,
    )
    def delete(self, request: Request, list_id: str) -> Response:
        """Delete a mailing list. Its contacts stay, and links made from it keep working.

        A list that a recurring distribution sends to cannot be deleted: 409.
        """
        delete_list(_find_list(request, list_id))
        return answer_done()


class LegacyContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListLegacyContacts",
        summary="List contacts of a mailing list, as before directories",
        tags=TAGS,
        parameters=[LIST_ID, *PAGE, OFFSET],
        responses={200: paged(LegacyContactElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """Return the contacts on the list, newest first, with what they were sent and what they answered."""
        page = read_page(request, key_parser(Kind.CONTACT))
        return answer_members(request, _find_list(request, list_id), page, render_contacts)

    @extend_schema(
        operation_id="v3CreateLegacyContacts",
        summary="Add contacts to a mailing list, as before directories",
        tags=TAGS,
        parameters=[LIST_ID],
        request=OneOrMany,
        responses={200: enveloped(LegacyContactsMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, list_id: str) -> Response:
        """Create contacts or change existing ones, and put them on the list, all or none.

        A contact is found by externalDataReference, else by email, else by phone. A phone that is no number is left
        out, and told in `meta.warnings`, if the contact has an externalDataReference or email.
        """
        mailing_list = _find_list(request, list_id)
        organization = caller_key(request).organization
        given = read_contacts(organization, json_body(request))
        try:
            with data_of_one_contact():
                keys = put_on_list(organization, mailing_list, given.bodies)
        except (MailingList.DoesNotExist, UnknownMembersError):
            raise not_found("mailing list") from None  # the list or a contact was deleted meanwhile
        ids = [public_id(Kind.CONTACT, key) for key in keys]
        made = LegacyContactsMade(id=ids[0], ids=ids) if given.is_many else LegacyContactsMade(id=ids[0])
        return answer(made, given.warnings)


def _find_list(request: Request, list_id: str) -> MailingList:
    rows = MailingList.objects.filter(organization=caller_key(request).organization)
    return find_by_id(rows, Kind.MAILING_LIST, list_id)
