"""/api/v1/responses/{id}: one response, and the data that is stored with it."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor import models
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.operations import CONFLICT, ERRORS_OF_BODY, ERRORS_OF_DETAIL, RESPONSES
from distributor.api.native.responses.wire import ResponseChanges, ResponseDocument, render_response
from distributor.api.native.rows import find_row
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.api.response_changes import change_stored_data


class ResponseDetail(NativeView):
    """One response."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE}

    @extend_schema(
        operation_id="getResponse",
        summary="Get a response",
        tags=RESPONSES,
        responses={200: ResponseDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, response_id: str) -> Response:
        """Return one response with its answers."""
        return Response(render_response(find_row(_rows(request), response_id, "response")))

    @extend_schema(
        operation_id="updateResponse",
        summary="Change a response's attributes",
        tags=RESPONSES,
        request=ResponseChanges,
        responses={200: ResponseDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY | CONFLICT,
    )
    def patch(self, request: Request, response_id: str) -> Response:
        """Lay attributes over those that are stored with a response. The contact's own data and the answers stay as
        they are.

        Nothing is stored with an anonymous response, or with one of a person who was erased: 409.
        """
        response = find_row(_rows(request), response_id, "response")
        body = parse_body(ResponseChanges, json_body(request))
        change_stored_data(response.pk, body.attributes, "/attributes")
        return Response(render_response(find_row(_rows(request), response_id, "response")))


def _rows(request: Request) -> QuerySet[models.Response]:
    rows = models.Response.objects.filter(survey__organization=caller_key(request).organization)
    return rows.select_related("recipient__contact")
