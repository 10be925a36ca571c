"""Suppress addresses, read and lift suppressions."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.channel import Channel
from contacts.models import Suppression
from contacts.models.api_key import Scope
from contacts.suppressions import spell_address, suppress_address
from distributor.api.answers.problems import Fault, Problem
from distributor.api.bodies.fields import EMAIL_OR_BLANK, PATTERN_FAULTS
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.list_queries import unescape_plus
from distributor.api.native.operations import (
    CONFLICT,
    ERRORS,
    ERRORS_OF_BODY,
    ERRORS_OF_DETAIL,
    INVALID,
    PAGE,
    SUPPRESSIONS,
)
from distributor.api.native.rows import answer_page, delete_row, find_row, own_rows, renderer
from distributor.api.native.suppressions.wire import SuppressionBody, SuppressionDocument, SuppressionPage
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.rules.consent import LIFTED_BY_THE_PERSON_ONLY

_render = renderer(SuppressionDocument)
_INVALID_PHONE = ("invalid_phone", "Not a valid phone number. Use E.164, for example +48601234567.")


class Suppressions(NativeView):
    """The organisation's suppressions."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listSuppressions",
        summary="List suppressions",
        tags=SUPPRESSIONS,
        parameters=[
            OpenApiParameter("channel", enum=Channel.values, description="Only suppressions on this channel."),
            OpenApiParameter("address", description="Only suppressions of this address, in any spelling."),
            *PAGE,
        ],
        responses={200: SuppressionPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's suppressions, newest first."""
        rows = own_rows(request, Suppression)
        channel = request.query_params.get("channel")
        faults = []
        if channel is not None and channel not in Channel.values:
            faults = [Fault("?channel", "invalid", f"channel must be one of {', '.join(Channel.values)}.")]
        channels = [channel] if channel else Channel.values
        if channel:
            rows = rows.filter(channel=channel)
        if address := request.query_params.get("address"):
            region = caller_key(request).organization.phone_region
            spellings = {spell_address(name, _unescaped(name, address), region) for name in channels}
            rows = rows.filter(channel__in=channels, address__in=spellings - {None})
        return answer_page(request, rows, _render, faults)

    @extend_schema(
        operation_id="createSuppression",
        summary="Suppress an address",
        tags=SUPPRESSIONS,
        request=SuppressionBody,
        responses={200: SuppressionDocument, 201: SuppressionDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Never write to an address on a channel again.

        Answers 201, or 200 with the existing suppression if the address is suppressed for this reason already.
        """
        organization = caller_key(request).organization
        region = organization.phone_region
        body = parse_body(SuppressionBody, json_body(request), lambda given: _address_faults(region, given))
        address = spell_address(body.channel, body.address, region)
        assert address is not None
        row, is_new = suppress_address(organization.pk, body.channel, address, body.reason, body.source or "")
        return Response(_render(row), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class SuppressionDetail(NativeView):
    """One suppression. It cannot be changed: another address is another suppression."""

    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getSuppression",
        summary="Get a suppression",
        tags=SUPPRESSIONS,
        responses={200: SuppressionDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, suppression_id: str) -> Response:
        """Return one suppression."""
        return Response(_render(find_row(own_rows(request, Suppression), suppression_id, "suppression")))

    @extend_schema(
        operation_id="deleteSuppression",
        summary="Lift a suppression",
        tags=SUPPRESSIONS,
        responses={204: None} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def delete(self, request: Request, suppression_id: str) -> Response:
        """Allow sends to the address again, from the next distribution on.

        A STOP and a complaint are lifted by the person only: 409 with the code `lifted_by_the_person_only`.
        """
        found = find_row(own_rows(request, Suppression), suppression_id, "suppression")
        if found.reason in LIFTED_BY_THE_PERSON_ONLY:
            detail = (
                "Only the person lifts this. A STOP is lifted by texting START; a complaint by opting the contact in "
                "with requestedByPerson: true."
            )
            raise Problem(HTTPStatus.CONFLICT, "lifted_by_the_person_only", detail)
        return delete_row(own_rows(request, Suppression), suppression_id, "suppression")


def _unescaped(channel: str, address: str) -> str:
    """A “+” that is not percent-encoded arrives as a space. Phone numbers contain spaces, so only the first counts."""
    return unescape_plus(address) if channel == Channel.EMAIL else re.sub(r"^ ", "+", address)


def _address_faults(region: str, given: dict[str, Any]) -> Iterator[Fault]:
    channel, address = given.get("channel"), given.get("address")
    if channel not in list(Channel) or not isinstance(address, str):
        return
    if spell_address(channel, address, region) is None:
        yield Fault("/address", *(PATTERN_FAULTS[EMAIL_OR_BLANK] if channel == Channel.EMAIL else _INVALID_PHONE))
