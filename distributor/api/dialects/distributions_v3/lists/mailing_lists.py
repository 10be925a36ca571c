"""/API/v3/directories/{POOL}/mailinglists: lists, however many there are."""

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
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.element import epoch_milliseconds
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_BODY,
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    Done,
    Element,
    ErrorDocument,
    answer,
    answer_done,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import list_in_use, read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.references import find_one, require_own
from distributor.api.dialects.distributions_v3.wire import Body, LibraryIdOrNone
from distributor.api.fields import ONE_LINE

_PLACES = {"/ownerId": Kind.LIBRARY}


class MailingListBody(Body):
    """A mailing list to make, or its new name."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)]
    owner_id: LibraryIdOrNone = Field(None, description="There is one owner: the organisation.")
    prioritize_list_metadata: bool | None = Field(
        None, description="Changes nothing: what is known of a contact is the same on every list."
    )


class ListMade(Element):
    """The list that was made."""

    id: str = Field(pattern=Kind.MAILING_LIST.pattern)


class ListElement(Element):
    mailing_list_id: str = Field(pattern=Kind.MAILING_LIST.pattern)
    name: str
    contact_count: int
    owner_id: str
    creation_date: int = Field(description="Milliseconds since 1970, as all dates of lists and contacts.")
    last_modified_date: int = Field(description="When it was last named.")


class MailingLists(DialectView):
    """The organisation's mailing lists, newest first."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_list_mailing_lists",
        tags=["lists and links"],
        parameters=[*PAGE, OFFSET],
        responses={200: paged(ListElement)} | ERRORS_OF_ONE | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request, directory_id: str) -> Response:
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        return page_of_rows(
            request,
            MailingList.objects.filter(organization=organization),
            read_page(request, keys_before(Kind.MAILING_LIST)),
            lambda row: public_id(Kind.MAILING_LIST, row.pk),
            lambda shown: _render(organization, shown),
        )

    @extend_schema(
        operation_id="v3_create_mailing_list",
        tags=["lists and links"],
        request=MailingListBody,
        responses={200: enveloped(ListMade)} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request, directory_id: str) -> Response:
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        body, _found = read_body(MailingListBody, request.body, organization, _PLACES)
        made = MailingList.objects.create(organization=organization, name=body.name)
        return answer(ListMade(id=public_id(Kind.MAILING_LIST, made.pk)))


class OneMailingList(DialectView):
    """A mailing list."""

    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3_read_mailing_list",
        tags=["lists and links"],
        responses={200: enveloped(ListElement)} | ERRORS_OF_ONE,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        organization = caller_key(request).organization
        return answer_result(_render(organization, [find_list(request, directory_id, list_id)])[0])

    @extend_schema(
        operation_id="v3_rename_mailing_list",
        tags=["lists and links"],
        request=MailingListBody,
        responses={200: Done} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def put(self, request: Request, directory_id: str, list_id: str) -> Response:
        found = find_list(request, directory_id, list_id)
        body, _found = read_body(MailingListBody, request.body, caller_key(request).organization, _PLACES)
        MailingList.objects.filter(pk=found.pk).update(name=body.name, updated_at=Now())
        return answer_done()

    @extend_schema(
        operation_id="v3_delete_mailing_list",
        tags=["lists and links"],
        responses={200: Done, 409: ErrorDocument} | ERRORS_OF_ONE,
    )
    def delete(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Its contacts stay contacts, and every link that was made from it goes on working.

        A list that a recurring distribution goes to stays: 409.
        """
        found = find_list(request, directory_id, list_id)
        try:
            with transaction.atomic():
                # Whoever is about to put somebody on it waits, and finds it gone.
                for locked in MailingList.objects.select_for_update().filter(pk=found.pk):
                    locked.delete()
        except ProtectedError:
            raise list_in_use() from None
        return answer_done()


def find_list(request: Request, directory_id: str, list_id: str) -> MailingList:
    """The caller's own list of a path. Raises a 404 Problem."""
    organization = caller_key(request).organization
    require_own(organization, Kind.DIRECTORY, directory_id)
    return find_one(MailingList.objects.filter(organization=organization), Kind.MAILING_LIST, list_id)


def _render(organization: Organization, rows: Sequence[MailingList]) -> list[dict[str, Any]]:
    """In one statement more, whatever their number: how many are on each."""
    members = Membership.objects.filter(mailing_list__in=[row.pk for row in rows]).values("mailing_list_id")
    counts: dict[UUID, int] = dict(members.annotate(count=Count("contact_id")).values_list("mailing_list_id", "count"))
    return [_element(organization, row, counts.get(row.pk, 0)).rendered() for row in rows]


def _element(organization: Organization, row: MailingList, contact_count: int) -> ListElement:
    return ListElement(
        mailing_list_id=public_id(Kind.MAILING_LIST, row.pk),
        name=row.name,
        contact_count=contact_count,
        owner_id=public_id(Kind.LIBRARY, organization.pk),
        creation_date=epoch_milliseconds(row.created_at),
        last_modified_date=epoch_milliseconds(row.updated_at),
    )
