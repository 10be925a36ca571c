"""/api/v1/lists/{id}/contacts: read and change the contacts of a list."""

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.list_members import UnknownMembersError, change_members
from contacts.models import Contact, MailingList, Membership
from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, read_page
from distributor.api.answers.problems import Fault, invalid_request, not_found
from distributor.api.bodies.validation import parse_body
from distributor.api.native.contacts.wire import ContactPage, render_contact
from distributor.api.native.lists.wire import MemberChanges, MembersChanged
from distributor.api.native.operations import ERRORS_OF_BODY, ERRORS_OF_DETAIL, INVALID, LISTS, PAGE
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body


class ListMembers(NativeView):
    """The contacts of a list."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE}

    @extend_schema(
        operation_id="listMembers",
        summary="List the contacts of a mailing list",
        tags=LISTS,
        parameters=PAGE,
        responses={200: ContactPage} | ERRORS_OF_DETAIL | INVALID,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """List the contacts of a list. The contacts that were created last come first."""
        before, limit = read_page(request, UUID)
        mailing_list = find_row(own_rows(request, MailingList), list_id, "list")
        members = Membership.objects.filter(mailing_list=mailing_list, contact__erased_at=None)
        if before is not None:
            members = members.filter(contact_id__lt=before)
        members = members.order_by("-contact_id").select_related("contact")
        page: list[Contact] = [member.contact for member in members[: limit + 1]]
        return page_response(request, page, limit, lambda contact: str(contact.pk), render_contact)

    @extend_schema(
        operation_id="updateMembers",
        summary="Add and remove contacts of a mailing list",
        tags=LISTS,
        request=MemberChanges,
        responses={200: MembersChanged} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def patch(self, request: Request, list_id: str) -> Response:
        """Put contacts on the list and take others off, all or none.

        Idempotent: repeating the call changes nothing.
        """
        mailing_list = find_row(own_rows(request, MailingList), list_id, "list")
        body = parse_body(MemberChanges, json_body(request), _contradictions)
        try:
            added_count, removed_count = change_members(mailing_list, set(body.add), set(body.remove))
        except MailingList.DoesNotExist:
            raise not_found("list") from None
        except UnknownMembersError as unknown:
            raise invalid_request(list(_unknown_members(body, unknown.ids))) from None
        return Response(MembersChanged(added_count=added_count, removed_count=removed_count).rendered())


def _contradictions(given: dict[str, Any]) -> Iterator[Fault]:
    added, removed = given.get("add", []), given.get("remove", [])
    if added == [] and removed == []:
        yield Fault("", "nothing_to_do", "Give contacts to add or to remove.")
    if not isinstance(added, list) or not isinstance(removed, list):
        return
    to_add = {text.lower() for text in added if isinstance(text, str)}
    for place, text in enumerate(removed):
        if isinstance(text, str) and text.lower() in to_add:
            yield Fault(f"/remove/{place}", "added_and_removed", "This contact is also in `add`.")


def _unknown_members(body: MemberChanges, unknown: frozenset[UUID]) -> Iterator[Fault]:
    for place, contact_id in enumerate(body.add):
        if contact_id in unknown:
            yield Fault(f"/add/{place}", "contact_not_found", "There is no contact with this id.")
