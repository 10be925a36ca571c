"""Create, read, rename and delete mailing lists."""

from http import HTTPStatus
from typing import ClassVar

from django.db.models.functions import Now
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.lists.wire import ListBody, ListDocument, ListPage
from distributor.api.native.operations import CONFLICT, ERRORS, ERRORS_OF_BODY, ERRORS_OF_DETAIL, INVALID, LISTS, PAGE
from distributor.api.native.rows import answer_page, change_row, delete_row, find_row, own_rows, renderer
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body

_render = renderer(ListDocument)


class MailingLists(NativeView):
    """The organisation's lists."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listLists",
        summary="List mailing lists",
        tags=LISTS,
        parameters=PAGE,
        responses={200: ListPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's lists, newest first, including those that quick sends created."""
        return answer_page(request, own_rows(request, MailingList), _render)

    @extend_schema(
        operation_id="createList",
        summary="Create a mailing list",
        tags=LISTS,
        request=ListBody,
        responses={201: ListDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Create an empty list. Put contacts on it with `PATCH /api/v1/lists/{list_id}/contacts`."""
        body = parse_body(ListBody, json_body(request))
        mailing_list = MailingList.objects.create(organization=caller_key(request).organization, name=body.name)
        return Response(_render(mailing_list), HTTPStatus.CREATED)


class MailingListDetail(NativeView):
    """One list."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getList",
        summary="Get a mailing list",
        tags=LISTS,
        responses={200: ListDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """Return one list. Its contacts are at `/api/v1/lists/{list_id}/contacts`."""
        return Response(_render(find_row(own_rows(request, MailingList), list_id, "list")))

    @extend_schema(
        operation_id="renameList",
        summary="Rename a mailing list",
        tags=LISTS,
        request=ListBody,
        responses={200: ListDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def patch(self, request: Request, list_id: str) -> Response:
        """Change the name of a list."""
        rows = own_rows(request, MailingList)
        mailing_list = find_row(rows, list_id, "list")
        values = {**parse_body(ListBody, json_body(request)).given_values(), "updated_at": Now()}
        return Response(_render(change_row(rows, mailing_list, values, "list")))

    @extend_schema(
        operation_id="deleteList",
        summary="Delete a mailing list",
        tags=LISTS,
        responses={204: None} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def delete(self, request: Request, list_id: str) -> Response:
        """Delete a list. Its contacts remain, and every link that was created through it keeps working.

        A list that a recurring distribution sends to cannot be deleted: 409.
        """
        return delete_row(own_rows(request, MailingList), list_id, "list")
