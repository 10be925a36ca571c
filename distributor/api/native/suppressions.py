"""/api/v1/suppressions: addresses that are never written to."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.channel import Channel
from contacts.models import Suppression
from contacts.models.api_key import Scope
from contacts.models.suppression import SuppressionReason
from contacts.suppressions import spell_address, suppress_address
from distributor.api.authentication import caller_key
from distributor.api.native.owned import (
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    delete_one,
    find_one,
    own_rows,
    rendering,
)
from distributor.api.native.shapes import Body, Document, Line, NoneIfBlank, parse_checked
from distributor.api.problems import Fault


class SuppressionBody(Body):
    """An address to write to no more, on one channel."""

    channel: Channel
    address: str = Field(description="An e-mail address, or for SMS and WhatsApp a phone number.")
    reason: SuppressionReason = SuppressionReason.MANUAL
    source: Line = Field("", description="What told you.")


class SuppressionDocument(Document):
    id: UUID
    channel: Channel
    address: str = Field(description="Lower-case, or in E.164.")
    reason: SuppressionReason
    source: NoneIfBlank
    created_at: datetime


class SuppressionPage(Document):
    """Newest first."""

    items: list[SuppressionDocument]
    next_cursor: str | None


_render = rendering(SuppressionDocument)
_NO_ADDRESS = {
    "email": ("invalid_email", "This is no e-mail address (ASCII; an international domain in punycode)."),
    "phone": ("invalid_phone", "This is no phone number; E.164 is sure, such as +48601234567."),
}


class Suppressions(APIView):
    """The organisation's suppressions."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_suppressions",
        tags=["native"],
        parameters=[
            OpenApiParameter("channel", enum=Channel.values, description="Only of this channel."),
            OpenApiParameter("address", description="Only of this address, in any spelling."),
            *PAGE,
        ],
        responses={200: SuppressionPage} | ERRORS_OF_A_BODY,
    )
    def get(self, request: Request) -> Response:
        rows = own_rows(request, Suppression)
        channel = request.query_params.get("channel")
        faults = []
        if channel is not None and channel not in Channel.values:
            faults = [Fault("?channel", "invalid", f"channel is one of {', '.join(Channel.values)}.")]
        channels = [channel] if channel else Channel.values
        if channel:
            rows = rows.filter(channel=channel)
        if address := request.query_params.get("address"):
            region = caller_key(request).organization.phone_region
            spelled = {spell_address(one, _as_meant(one, address), region) for one in channels}
            rows = rows.filter(channel__in=channels, address__in=spelled - {None})
        return answer_page(request, rows, _render, faults)

    @extend_schema(
        operation_id="suppress_address",
        tags=["native"],
        request=SuppressionBody,
        responses={200: SuppressionDocument, 201: SuppressionDocument} | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request) -> Response:
        """Suppress an address: 201, or 200 with what there is when it is suppressed for this reason already."""
        organization = caller_key(request).organization
        body = parse_checked(SuppressionBody, request.body, _address_check(organization.phone_region))
        address = spell_address(body.channel, body.address, organization.phone_region)
        assert address is not None
        row, is_new = suppress_address(organization.pk, body.channel, address, body.reason, body.source or "")
        return Response(_render(row), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class OneSuppression(APIView):
    """A suppression. Another address is another suppression: none is changed."""

    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="read_suppression", tags=["native"], responses={200: SuppressionDocument} | ERRORS_OF_ONE
    )
    def get(self, request: Request, suppression_id: str) -> Response:
        return Response(_render(find_one(own_rows(request, Suppression), suppression_id, "suppression")))

    @extend_schema(operation_id="lift_suppression", tags=["native"], responses={204: None} | ERRORS_OF_ONE)
    def delete(self, request: Request, suppression_id: str) -> Response:
        """Lift it: the address may be written to again from the next distribution on."""
        return delete_one(own_rows(request, Suppression), suppression_id, "suppression")


def _as_meant(channel: str, address: str) -> str:
    """An address from a query string, where a “+” that is not percent-encoded arrives as a space."""
    return address.replace(" ", "+") if channel == Channel.EMAIL else re.sub(r"^ ", "+", address)


def _address_check(region: str) -> Callable[[dict[str, Any]], Iterator[Fault]]:
    def check(given: dict[str, Any]) -> Iterator[Fault]:
        channel, address = given.get("channel"), given.get("address")
        if channel not in list(Channel) or not isinstance(address, str):
            return
        if spell_address(channel, address, region) is None:
            yield Fault("/address", *_NO_ADDRESS["email" if channel == Channel.EMAIL else "phone"])

    return check
