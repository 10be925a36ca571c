"""GET /api/v1/responses: what people answered, filtered by survey and attributes."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.filters import read_uuid
from distributor.api.native.operations import ERRORS, INVALID, PAGE, RESPONSES
from distributor.api.native.responses.wire import ResponsePage, render_response
from distributor.api.native.view import NativeView
from distributor.api.pagination import page_response, read_page
from distributor.api.problems import Fault
from distributor.engine.responses.record import find_responses

PREFIX = "attributes."
MAX_ATTRIBUTES = 10


class Responses(NativeView):
    """The organisation's responses."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_responses",
        summary="List responses",
        tags=RESPONSES,
        parameters=[
            OpenApiParameter("surveyId", UUID, description="Only responses to this survey."),
            OpenApiParameter(
                PREFIX + "{key}",
                description="Only responses with this attribute, for example `attributes.plan=pro`. Up to "
                f"{MAX_ATTRIBUTES} keys, which must all match; a key that is given twice matches either value. "
                "Numbers, true, false and null also match values of these types.",
            ),
            *PAGE,
        ],
        responses={200: ResponsePage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's responses, newest first.

        Only the day of anonymous responses is known. Within a day they are in no particular order.
        """
        faults: list[Fault] = []
        survey_id = read_uuid(request, "surveyId", faults)
        attributes = _read_attributes(request, faults)
        before_id, limit = read_page(request, UUID, faults)
        rows = find_responses(caller_key(request).organization_id, survey_id, attributes, before_id)
        return page_response(request, list(rows[: limit + 1]), limit, lambda row: str(row.pk), render_response)


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
