"""Views of `/directories/{id}/mailinglists`. The calls stay fast with 100,000 lists."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Count, ProtectedError
from django.db.models.functions import Now
from drf_spectacular.utils import extend_schema
from pydantic import Field, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import MailingList, Membership, Organization
from contacts.models.api_key import Scope
from distributor.api.bodies.fields import ONE_LINE
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import DIRECTORY_ID, LIST_ID, TAGS, id_field
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Done,
    Element,
    ErrorDocument,
    answer_done,
    answer_made,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import list_in_use, read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.references import find_by_id, require_own
from distributor.api.dialects.distributions_v3.timestamps import epoch_milliseconds
from distributor.api.dialects.distributions_v3.wire import LibraryIdOrNone
from distributor.api.request_body import json_body
from distributor.api.wire import Body

_ID_FIELDS = {"/ownerId": Kind.LIBRARY}


class MailingListBody(Body):
    """A mailing list to create or rename."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)] = (
        Field(description="Name of the list.", examples=["Ward B"])
    )
    owner_id: LibraryIdOrNone = Field(
        None, description="Owner of the list: the organisation's id.", examples=[Kind.LIBRARY.example]
    )
    prioritize_list_metadata: bool | None = Field(
        None,
        description="Ignored: a contact has the same data on every list.",
        examples=[False],
    )


class ListMade(Element):
    """The list that was created."""

    id: str = id_field(Kind.MAILING_LIST, "Id of the list.")


class ListElement(Element):
    """A mailing list."""

    mailing_list_id: str = id_field(Kind.MAILING_LIST, "Id of the list.")
    id: str = id_field(Kind.MAILING_LIST, "The same id, for clients that read this name.")
    name: str = Field(description="Name of the list.", examples=["Ward B"])
    contact_count: int = Field(description="Number of contacts on the list.", examples=[42])
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    creation_date: int = Field(
        description="When the list was created, in milliseconds since 1970.", examples=[1772701200000]
    )
    last_modified_date: int = Field(
        description="When the list was created or last renamed, in milliseconds since 1970.", examples=[1772701200000]
    )


class MailingLists(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListMailingLists",
        summary="List mailing lists",
        tags=TAGS,
        parameters=[DIRECTORY_ID, *PAGE, OFFSET],
        responses={200: paged(ListElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, directory_id: str) -> Response:
        """Return the organisation's mailing lists, newest first."""
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        return page_of_rows(
            request,
            MailingList.objects.filter(organization=organization),
            read_page(request, key_parser(Kind.MAILING_LIST)),
            lambda mailing_list: public_id(Kind.MAILING_LIST, mailing_list.pk),
            lambda mailing_lists: _render(organization, mailing_lists),
        )

    @extend_schema(
        operation_id="v3CreateMailingList",
        summary="Create a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID],
        request=MailingListBody,
        responses={200: enveloped(ListMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, directory_id: str) -> Response:
        """Create an empty mailing list."""
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        body, _keys = read_body(MailingListBody, json_body(request), organization, _ID_FIELDS)
        mailing_list = MailingList.objects.create(organization=organization, name=body.name)
        return answer_made(ListMade(id=public_id(Kind.MAILING_LIST, mailing_list.pk)))


class MailingListDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetMailingList",
        summary="Show a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID],
        responses={200: enveloped(ListElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Return a mailing list."""
        organization = caller_key(request).organization
        return answer_result(_render(organization, [find_list(request, directory_id, list_id)])[0])

    @extend_schema(
        operation_id="v3RenameMailingList",
        summary="Rename a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID],
        request=MailingListBody,
        responses={200: Done} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Give a mailing list a new name."""
        mailing_list = find_list(request, directory_id, list_id)
        body, _keys = read_body(MailingListBody, json_body(request), caller_key(request).organization, _ID_FIELDS)
        MailingList.objects.filter(pk=mailing_list.pk).update(name=body.name, updated_at=Now())
        return answer_done()

    @extend_schema(
        operation_id="v3DeleteMailingList",
        summary="Delete a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID],
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS,
    )
    def delete(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Delete a mailing list. Its contacts stay, and links made from it keep working.

        A list that a recurring distribution sends to cannot be deleted: 409.
        """
        delete_list(find_list(request, directory_id, list_id))
        return answer_done()


def find_list(request: Request, directory_id: str, list_id: str) -> MailingList:
    """Return the caller's list with the ids of a path. Raises a 404 Problem."""
    organization = caller_key(request).organization
    require_own(organization, Kind.DIRECTORY, directory_id)
    return find_by_id(MailingList.objects.filter(organization=organization), Kind.MAILING_LIST, list_id)


def delete_list(mailing_list: MailingList) -> None:
    """Delete a list. Raises a 409 Problem if a recurring distribution sends to it."""
    try:
        with transaction.atomic():
            # The lock makes calls that add contacts wait; they then find no list.
            for locked in MailingList.objects.select_for_update().filter(pk=mailing_list.pk):
                locked.delete()
    except ProtectedError:
        raise list_in_use() from None


def _render(organization: Organization, mailing_lists: Sequence[MailingList]) -> list[dict[str, Any]]:
    """Render lists, with one query for all their contact counts."""
    list_ids = [mailing_list.pk for mailing_list in mailing_lists]
    members = Membership.objects.filter(mailing_list__in=list_ids).values("mailing_list_id")
    counts: dict[UUID, int] = dict(members.annotate(count=Count("contact_id")).values_list("mailing_list_id", "count"))
    return [
        _element(organization, mailing_list, counts.get(mailing_list.pk, 0)).render() for mailing_list in mailing_lists
    ]


def _element(organization: Organization, mailing_list: MailingList, contact_count: int) -> ListElement:
    list_id = public_id(Kind.MAILING_LIST, mailing_list.pk)
    return ListElement(
        mailing_list_id=list_id,
        id=list_id,
        name=mailing_list.name,
        contact_count=contact_count,
        owner_id=public_id(Kind.LIBRARY, organization.pk),
        creation_date=epoch_milliseconds(mailing_list.created_at),
        last_modified_date=epoch_milliseconds(mailing_list.updated_at),
    )
