"""GET /api/v1/responses: what people answered, filtered by survey and attributes."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.calls.authentication import caller_key
from distributor.api.native.list_queries import answer_list, parameters_of, read_query, read_search
from distributor.api.native.operations import ERRORS, ERRORS_OF_BODY, INVALID, RESPONSES
from distributor.api.native.responses.wire import (
    MAX_ATTRIBUTES,
    ResponsePage,
    ResponseQuery,
    ResponseSearch,
    render_response,
)
from distributor.api.native.view import NativeView
from distributor.engine.queries.responses import read_responses

PREFIX = "attributes."


class Responses(NativeView):
    """The organisation's responses."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listResponses",
        summary="List responses",
        tags=RESPONSES,
        parameters=[
            OpenApiParameter(
                PREFIX + "{key}",
                description="Only responses with this attribute, for example `attributes.plan=pro`. Up to "
                f"{MAX_ATTRIBUTES} keys, which must all match; a key that is given twice matches either value. "
                "Numbers, true, false and null also match values of these types.",
            ),
            *parameters_of(ResponseQuery),
        ],
        responses={200: ResponsePage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's responses, newest first.

        Only the day of anonymous responses is known. Within a day they are in no particular order.
        """
        faults: list[Fault] = []
        attributes = _read_attributes(request, faults)
        try:
            query = read_query(request, ResponseQuery)
        except Problem as problem:
            raise invalid_request([*problem.faults, *faults]) from None
        if faults:
            raise invalid_request(faults)
        return _answer(request, query, attributes)


class SearchResponses(NativeView):
    """Lists responses by a body, so that addresses are in no URL and no log."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="searchResponses",
        summary="Search responses",
        tags=RESPONSES,
        request=ResponseSearch,
        responses={200: ResponsePage} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """List responses with the filters of `GET /responses`, given in the body.

        Addresses and attributes stay out of URLs and logs. Changes nothing. For the next page, repeat the body with the
        `cursor`.
        """
        query = read_search(request, ResponseSearch)
        return _answer(request, query, query.attributes)


def _answer(request: Request, query: ResponseQuery, attributes: Mapping[str, list[str]]) -> Response:
    organization_id = caller_key(request).organization_id
    found = read_responses(
        organization_id,
        query.window,
        survey_id=query.survey_id,
        attributes=attributes,
        contact_ids=query.contact_ids(organization_id),
    )
    return answer_list(request, query, found, render_response)


def _read_attributes(request: Request, faults: list[Fault]) -> dict[str, list[str]]:
    """Return the values of the attribute filters by key, and add their faults."""
    attributes = {
        name.removeprefix(PREFIX): values
        for name, values in request.query_params.lists()
        if name.startswith(PREFIX) and name != PREFIX
    }
    if len(attributes) > MAX_ATTRIBUTES:
        faults.append(Fault("?attributes", "too_many", f"Too many attributes: at most {MAX_ATTRIBUTES}."))
    for key, values in attributes.items():
        if "\0" in key or any("\0" in value for value in values):
            pointer = f"?{PREFIX}{key}".replace("\0", "\\0")
            faults.append(Fault(pointer, "nul_character", "NUL characters (U+0000) are not allowed."))
    return attributes
