"""GET /api/v1/sandbox/messages"""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from channels.sandbox_inbox import find_messages, read_address
from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, parse_row_number, read_page
from distributor.api.answers.problems import Fault
from distributor.api.calls.authentication import caller_key
from distributor.api.native.filters import read_uuid
from distributor.api.native.operations import ERRORS, INVALID, PAGE, SANDBOX
from distributor.api.native.sandbox.wire import SandboxPage, render_message
from distributor.api.native.view import NativeView


class SandboxMessages(NativeView):
    """The messages that the organisation's sandbox accounts received instead of sending them."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listSandboxMessages",
        summary="List sandbox messages",
        tags=SANDBOX,
        parameters=[
            OpenApiParameter("to", description="Only messages to this e-mail address or E.164 phone number."),
            OpenApiParameter("distributionId", UUID, description="Only messages of this distribution."),
            *PAGE,
        ],
        responses={200: SandboxPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the messages that the organisation's sandbox accounts received, newest first."""
        faults: list[Fault] = []
        distribution_id = read_uuid(request, "distributionId", faults)
        before_id, limit = read_page(request, parse_row_number, faults)
        messages = find_messages(
            organizations=[caller_key(request).organization_id],
            to=read_address(request.query_params.get("to", "")),
            group_id=str(distribution_id or ""),
            before_id=before_id,
        )
        page = list(messages[: limit + 1])
        return page_response(request, page, limit, lambda message: str(message.id), render_message)
