"""Read what was sent to an endpoint, and ask for more: a ping, a request again, a period again."""

from http import HTTPStatus
from typing import ClassVar

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, parse_row_number, read_page
from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.bodies.validation import parse_body
from distributor.api.native.events.endpoint_views import NOUN
from distributor.api.native.events.endpoint_wire import (
    EventDeliveryBodyDocument,
    EventDeliveryDocument,
    EventDeliveryPage,
    ReplayBody,
    ReplayDocument,
    delivery_fields,
    period_faults,
    render_delivery,
)
from distributor.api.native.operations import CONFLICT, ERRORS_OF_BODY, ERRORS_OF_DETAIL, EVENTS, PAGE
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.events.endpoints import (
    EndpointInactiveError,
    FixedTypesError,
    redeliver,
    replay,
    send_ping,
)
from distributor.engine.events.work import read_message
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState


class EventDeliveries(NativeView):
    """What was sent to an endpoint."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listEventDeliveries",
        summary="List deliveries to an endpoint",
        tags=EVENTS,
        parameters=[
            OpenApiParameter("state", enum=DeliveryState.values, description="Only deliveries in this state."),
            *PAGE,
        ],
        responses={200: EventDeliveryPage} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def get(self, request: Request, event_endpoint_id: str) -> Response:
        """List the requests to an endpoint, newest first. They are kept for 7 days."""
        rows = find_row(own_rows(request, EventEndpoint), event_endpoint_id, NOUN).deliveries.all()
        faults = []
        if (state := request.query_params.get("state")) is not None:
            if state not in DeliveryState.values:
                faults = [Fault("?state", "invalid", f"state must be one of {', '.join(DeliveryState.values)}.")]
            rows = rows.filter(state=state)
        before, limit = read_page(request, parse_row_number, faults)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        page = list(rows.order_by("-pk")[: limit + 1])
        return page_response(request, page, limit, lambda row: str(row.pk), render_delivery)


class EventDeliveryDetail(NativeView):
    """One request to an endpoint."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="getEventDelivery",
        summary="Get a delivery",
        tags=EVENTS,
        responses={200: EventDeliveryBodyDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, event_endpoint_id: str, delivery_id: str) -> Response:
        """Return one request with its body."""
        delivery = find_delivery(request, event_endpoint_id, delivery_id)
        message = read_message(delivery)
        body = None if message is None else orjson.loads(message.body(delivery.tried_at or delivery.created_at))
        return Response(EventDeliveryBodyDocument(**delivery_fields(delivery), body=body).rendered())


class RedeliverEvents(NativeView):
    """Sending a request again."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="redeliverEvents",
        summary="Send a delivery again",
        tags=EVENTS,
        request=None,
        responses={202: EventDeliveryDocument} | ERRORS_OF_DETAIL,
    )
    def post(self, request: Request, event_endpoint_id: str, delivery_id: str) -> Response:
        """Send a request again, with the same `webhook-id`. The answer is the delivery that will be sent.

        While the endpoint is switched off, it waits.
        """
        delivery = find_delivery(request, event_endpoint_id, delivery_id)
        return Response(render_delivery(redeliver(delivery, database_now())), HTTPStatus.ACCEPTED)


class PingEndpoint(NativeView):
    """Trying an endpoint."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="pingEventEndpoint",
        summary="Send a ping to an endpoint",
        tags=EVENTS,
        request=None,
        responses={202: EventDeliveryDocument} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def post(self, request: Request, event_endpoint_id: str) -> Response:
        """Send a request of the type `ping`, before everything that waits.

        The answer is its delivery: read it again to see what came of it. 409 if the endpoint is not active.
        """
        endpoint = find_row(own_rows(request, EventEndpoint), event_endpoint_id, NOUN)
        try:
            ping = send_ping(endpoint, database_now())
        except EndpointInactiveError:
            detail = "Nothing is sent to this endpoint. Switch it on with isActive first."
            raise Problem(HTTPStatus.CONFLICT, "endpoint_inactive", detail) from None
        return Response(render_delivery(ping), HTTPStatus.ACCEPTED)


class ReplayEvents(NativeView):
    """Sending a period again."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="replayEvents",
        summary="Replay events to an endpoint",
        tags=EVENTS,
        request=ReplayBody,
        responses={202: ReplayDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def post(self, request: Request, event_endpoint_id: str) -> Response:
        """Send the events of a period again, with the same ids, behind everything that is new.

        While the endpoint is switched off, they wait.
        """
        endpoint = find_row(own_rows(request, EventEndpoint), event_endpoint_id, NOUN)
        body = parse_body(ReplayBody, json_body(request), period_faults)
        try:
            made = replay(endpoint, body.from_, body.to, body.types, database_now())
        except FixedTypesError as error:
            raise invalid_request([Fault("/types", "not_supported", str(error))]) from None
        return Response(ReplayDocument.model_validate(made).rendered(), HTTPStatus.ACCEPTED)


def find_delivery(request: Request, endpoint_id: str, text: str) -> EventDelivery:
    """Return a delivery to an endpoint of the caller's. Raise a 404 Problem."""
    endpoint = find_row(own_rows(request, EventEndpoint), endpoint_id, NOUN)
    try:
        found = endpoint.deliveries.select_related("endpoint").filter(pk=parse_row_number(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise not_found("delivery")
    return found
