"""/api/v1/lists: named audiences."""

from datetime import datetime
from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from django.db.models.functions import Now
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.owned import (
    CONFLICT,
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    change_one,
    delete_one,
    find_one,
    own_rows,
    rendering,
)
from distributor.api.native.shapes import Body, Document, Name, NoneIfBlank
from distributor.api.validation import parse_body


class ListBody(Body):
    """A list to make, or its new name."""

    name: Name


class ListDocument(Document):
    id: UUID
    name: NoneIfBlank
    created_at: datetime


class ListPage(Document):
    """Newest first."""

    items: list[ListDocument]
    next_cursor: str | None


_render = rendering(ListDocument)


class MailingLists(APIView):
    """The organisation's lists, those that quick sends made among them."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_lists", tags=["native"], parameters=PAGE, responses={200: ListPage} | ERRORS_OF_A_BODY
    )
    def get(self, request: Request) -> Response:
        return answer_page(request, own_rows(request, MailingList), _render)

    @extend_schema(
        operation_id="create_list", tags=["native"], request=ListBody, responses={201: ListDocument} | ERRORS_OF_A_BODY
    )
    def post(self, request: Request) -> Response:
        body = parse_body(ListBody, request.body)
        made = MailingList.objects.create(organization=caller_key(request).organization, name=body.name)
        return Response(_render(made), HTTPStatus.CREATED)


class OneMailingList(APIView):
    """A list."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="read_list", tags=["native"], responses={200: ListDocument} | ERRORS_OF_ONE)
    def get(self, request: Request, list_id: str) -> Response:
        return Response(_render(find_one(own_rows(request, MailingList), list_id, "list")))

    @extend_schema(
        operation_id="rename_list",
        tags=["native"],
        request=ListBody,
        responses={200: ListDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def patch(self, request: Request, list_id: str) -> Response:
        rows = own_rows(request, MailingList)
        found = find_one(rows, list_id, "list")
        said = {**parse_body(ListBody, request.body).said(), "updated_at": Now()}
        return Response(_render(change_one(rows, found, said, "list")))

    @extend_schema(operation_id="delete_list", tags=["native"], responses={204: None} | ERRORS_OF_ONE | CONFLICT)
    def delete(self, request: Request, list_id: str) -> Response:
        """Its members stay contacts, and every link that was made through it goes on working.

        A list that a recurring distribution goes to stays: 409.
        """
        return delete_one(own_rows(request, MailingList), list_id, "list")
