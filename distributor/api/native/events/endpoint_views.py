"""Create, read, change and delete endpoints, and rotate their secrets."""

from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.events.endpoint_wire import (
    EventEndpointBody,
    EventEndpointChanges,
    EventEndpointDocument,
    EventEndpointPage,
    EventEndpointSecretDocument,
    endpoint_faults,
    render_endpoint,
    render_with_secret,
)
from distributor.api.native.operations import CONFLICT, ERRORS_OF_BODY, ERRORS_OF_DETAIL, EVENTS, PAGE
from distributor.api.native.rows import answer_page, delete_row, find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.events.endpoints import (
    FixedTypesError,
    TooManyEndpointsError,
    change_endpoint,
    create_endpoint,
    rotate_secret,
)
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventEndpoint

NOUN = "event endpoint"


class EventEndpoints(NativeView):
    """The organisation's endpoints."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listEventEndpoints",
        summary="List event endpoints",
        tags=EVENTS,
        parameters=PAGE,
        responses={200: EventEndpointPage} | ERRORS_OF_BODY,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's endpoints, newest first."""
        return answer_page(request, own_rows(request, EventEndpoint), render_endpoint)

    @extend_schema(
        operation_id="createEventEndpoint",
        summary="Create an event endpoint",
        tags=EVENTS,
        request=EventEndpointBody,
        responses={201: EventEndpointSecretDocument} | ERRORS_OF_BODY | CONFLICT,
    )
    def post(self, request: Request) -> Response:
        """Create an endpoint. It is sent what happens from now on.

        The answer has the secret by which requests are signed; it is not shown again. An organisation may have 20
        endpoints: the next one is answered 409.
        """
        body = parse_body(EventEndpointBody, json_body(request), endpoint_faults)
        try:
            endpoint = create_endpoint(caller_key(request).organization, body.given_values(), database_now())
        except TooManyEndpointsError as error:
            raise Problem(HTTPStatus.CONFLICT, "too_many_endpoints", str(error)) from None
        return Response(render_with_secret(endpoint), HTTPStatus.CREATED)


class EventEndpointDetail(NativeView):
    """One endpoint."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getEventEndpoint",
        summary="Get an event endpoint",
        tags=EVENTS,
        responses={200: EventEndpointDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, event_endpoint_id: str) -> Response:
        """Return one endpoint and how it stands. Its secret and its headers are not returned."""
        return Response(render_endpoint(find_row(own_rows(request, EventEndpoint), event_endpoint_id, NOUN)))

    @extend_schema(
        operation_id="updateEventEndpoint",
        summary="Change an event endpoint",
        tags=EVENTS,
        request=EventEndpointChanges,
        responses={200: EventEndpointDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    @transaction.atomic
    def patch(self, request: Request, event_endpoint_id: str) -> Response:
        """Change the given fields and no others.

        `isActive: true` also ends a rest after failures: what waited is sent now. A URL with another host clears the
        headers that are not given with it. The types of a subscription of the lists and links API cannot be changed.
        """
        rows = own_rows(request, EventEndpoint).select_for_update(no_key=True)
        endpoint = find_row(rows, event_endpoint_id, NOUN)
        body = parse_body(EventEndpointChanges, json_body(request), endpoint_faults)
        try:
            change_endpoint(endpoint, body.given_values())
        except FixedTypesError as error:
            raise invalid_request([Fault("/types", "not_supported", str(error))]) from None
        return Response(render_endpoint(endpoint))

    @extend_schema(
        operation_id="deleteEventEndpoint",
        summary="Delete an event endpoint",
        tags=EVENTS,
        responses={204: None} | ERRORS_OF_DETAIL,
    )
    def delete(self, request: Request, event_endpoint_id: str) -> Response:
        """Delete an endpoint, with the log of its deliveries. Nothing more is sent to it."""
        return delete_row(own_rows(request, EventEndpoint), event_endpoint_id, NOUN)


class RotateSecret(NativeView):
    """The secret of an endpoint."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="rotateEventEndpointSecret",
        summary="Rotate an endpoint's secret",
        tags=EVENTS,
        request=None,
        responses={200: EventEndpointSecretDocument} | ERRORS_OF_DETAIL,
    )
    @transaction.atomic
    def post(self, request: Request, event_endpoint_id: str) -> Response:
        """Make a new secret. For 24 hours requests are signed by the old one, too, so that no request is refused."""
        rows = own_rows(request, EventEndpoint).select_for_update(no_key=True)
        endpoint = find_row(rows, event_endpoint_id, NOUN)
        rotate_secret(endpoint, database_now())
        return Response(render_with_secret(endpoint))
