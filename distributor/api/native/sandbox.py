"""GET /api/v1/sandbox/messages: what the sandbox provider was handed."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import SandboxMessage
from channels.sandbox_inbox import find_messages, read_address
from contacts.channel import Channel
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.owned import PAGE
from distributor.api.pagination import page_response, parse_row_number, read_page
from distributor.api.problems import Fault, Problem, ProblemDocument, invalid_request


class SandboxItem(BaseModel):
    """One message. `html`, `subject` and `headers` are empty outside e-mail."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: int
    channel: Channel
    to: str = Field(description="An address, or a number in E.164.")
    to_name: str
    sender: str = Field(alias="from")
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    attempt_id: str
    distribution_id: str
    provider_id: UUID
    received_at: datetime


class SandboxPage(BaseModel):
    """Newest first."""

    model_config = ConfigDict(alias_generator=to_camel)

    items: list[SandboxItem]
    next_cursor: str | None


class SandboxMessages(APIView):
    """What the organisation's sandbox providers were handed, newest first."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_sandbox_messages",
        tags=["native"],
        parameters=[
            OpenApiParameter("to", description="Only messages to this address or E.164 number."),
            OpenApiParameter("distributionId", UUID, description="Only messages of this distribution."),
            *PAGE,
        ],
        responses={200: SandboxPage, 400: ProblemDocument, 401: ProblemDocument, 403: ProblemDocument},
    )
    def get(self, request: Request) -> Response:
        group_id, faults = _read_distribution_id(request)
        try:
            before_id, limit = read_page(request, parse_row_number)
        except Problem as problem:
            raise invalid_request([*faults, *problem.faults]) from None
        if faults:
            raise invalid_request(faults)
        messages = find_messages(
            organization_id=caller_key(request).organization_id,
            to=read_address(request.query_params.get("to", "")),
            group_id=group_id,
            before_id=before_id,
        )
        return page_response(request, list(messages[: limit + 1]), limit, lambda message: str(message.id), _render)


def _read_distribution_id(request: Request) -> tuple[str, list[Fault]]:
    text = request.query_params.get("distributionId")
    try:
        return str(UUID(text)) if text is not None else "", []
    except ValueError:
        return "", [Fault("?distributionId", "invalid", "distributionId is a UUID.")]


def _render(message: SandboxMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "toName": message.to_name,
        "from": message.sender,
        "subject": message.subject,
        "html": message.html,
        "text": message.text,
        "headers": message.headers,
        "attemptId": message.attempt_id,
        "distributionId": message.group_id,
        "providerId": message.provider_account_id,
        "receivedAt": message.received_at,
    }
