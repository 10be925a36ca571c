"""/api/v1/lists/{id}/contacts: who is on a list."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.list_members import UnknownMembersError, change_members
from contacts.models import Contact, MailingList, Membership
from contacts.models.api_key import Scope
from distributor.api.native.contact_wire import ContactPage, render_contact
from distributor.api.native.owned import ERRORS_OF_A_BODY, ERRORS_OF_ONE, PAGE, find_one, own_rows
from distributor.api.native.shapes import Body, Document, parse_checked
from distributor.api.pagination import page_response, read_page
from distributor.api.problems import Fault, invalid_request, not_found

MAX_MEMBERS = 1_000
MemberIds = Annotated[list[UUID], Field(max_length=MAX_MEMBERS)]


class MemberChanges(Body):
    """Contacts by their ids, up to 1,000 to add and 1,000 to remove."""

    add: MemberIds = Field(default_factory=list)
    remove: MemberIds = Field(default_factory=list)


class MembersChanged(Document):
    """What it came to: who was on the list before is not added, and who was not is not removed."""

    added_count: int
    removed_count: int


class ListMembers(APIView):
    """A list's contacts."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE}

    @extend_schema(
        operation_id="list_members",
        tags=["native"],
        parameters=PAGE,
        responses={200: ContactPage} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """The contacts that were made last come first."""
        before, limit = read_page(request, UUID)
        found = find_one(own_rows(request, MailingList), list_id, "list")
        members = Membership.objects.filter(mailing_list=found, contact__erased_at=None)
        if before is not None:
            members = members.filter(contact_id__lt=before)
        members = members.order_by("-contact_id").select_related("contact")
        page: list[Contact] = [member.contact for member in members[: limit + 1]]
        return page_response(request, page, limit, lambda contact: str(contact.pk), render_contact)

    @extend_schema(
        operation_id="change_members",
        tags=["native"],
        request=MemberChanges,
        responses={200: MembersChanged} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def patch(self, request: Request, list_id: str) -> Response:
        """Put contacts on the list and take others off, all or none. Said twice, nothing more."""
        found = find_one(own_rows(request, MailingList), list_id, "list")
        body = parse_checked(MemberChanges, request.body, _contradictions)
        try:
            added_count, removed_count = change_members(found, set(body.add), set(body.remove))
        except MailingList.DoesNotExist:
            raise not_found("list") from None
        except UnknownMembersError as unknown:
            raise invalid_request(list(_unknown_members(body, unknown.ids))) from None
        answer = MembersChanged(added_count=added_count, removed_count=removed_count)
        return Response(answer.model_dump(by_alias=True))


def _contradictions(given: dict[str, Any]) -> Iterator[Fault]:
    added, removed = given.get("add", []), given.get("remove", [])
    if added == [] and removed == []:
        yield Fault("", "nothing_to_do", "Say whom to add or whom to remove.")
    if not isinstance(added, list) or not isinstance(removed, list):
        return
    to_add = {one.lower() for one in added if isinstance(one, str)}
    for position, one in enumerate(removed):
        if isinstance(one, str) and one.lower() in to_add:
            yield Fault(f"/remove/{position}", "added_and_removed", "This contact is to be added as well.")


def _unknown_members(body: MemberChanges, unknown: frozenset[UUID]) -> Iterator[Fault]:
    for position, contact_id in enumerate(body.add):
        if contact_id in unknown:
            yield Fault(f"/add/{position}", "contact_not_found", "There is no contact with this id.")
