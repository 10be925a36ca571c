"""Views of `/eventsubscriptions` and `/eventsubscriptions/{id}`."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import ClassVar

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.calls.audit import record_call
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import TAGS, path_id
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer_done,
    answer_made,
    answer_recorded,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.subscriptions.message import TYPES
from distributor.api.dialects.distributions_v3.subscriptions.shapes import (
    SubscriptionBody,
    SubscriptionElement,
    SubscriptionMade,
    SubscriptionNamed,
    render_subscription,
    same_as,
    values_of,
)
from distributor.api.dialects.distributions_v3.subscriptions.topics import (
    COMPLETED,
    EVERYTHING,
    SILENT,
    Topic,
    read_topic,
)
from distributor.api.request_body import json_body
from distributor.engine.events.endpoints import TooManyEndpointsError, create_endpoint, url_fault
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventEndpoint, Survey
from distributor.models.event_endpoint import DeliveryState

FORMAT = "lists_and_links"
_SUBSCRIPTION_ID = path_id("subscription_id", Kind.SUBSCRIPTION, "Id of the subscription.")


class Subscriptions(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListSubscriptions",
        summary="List event subscriptions",
        tags=TAGS,
        parameters=[*PAGE, OFFSET],
        responses={200: paged(SubscriptionElement)} | QUERY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the organisation's subscriptions, newest first."""
        return page_of_rows(
            request,
            _own(request),
            read_page(request, key_parser(Kind.SUBSCRIPTION)),
            lambda endpoint: public_id(Kind.SUBSCRIPTION, endpoint.pk),
            lambda endpoints: [render_subscription(endpoint) for endpoint in endpoints],
        )

    @extend_schema(
        operation_id="v3CreateSubscription",
        summary="Subscribe to events",
        tags=TAGS,
        request=SubscriptionBody,
        responses={200: enveloped(SubscriptionMade), 409: ErrorDocument} | BODY_ERRORS,
    )
    def post(self, request: Request) -> Response:
        """Send responses to a URL from now on, as a form.

        Without a sharedKey it has `Status`, `SurveyID`, `ResponseID`, `CompletedDate`, `BrandID` and `Topic`. With one
        it has `Topic`, these fields as JSON in `MSG`, and `HMAC`: HMAC-SHA-512 of `MSG` by the key, 128 hexadecimal
        digits. A subscription is an event endpoint: it is retried, and shown in the admin, as others are. Responses
        through anonymous links are not told.
        """
        organization = caller_key(request).organization
        body, _keys = read_body(SubscriptionBody, json_body(request), organization, {})
        topic = read_topic(body.topics)
        survey = _survey(request, topic)
        if faults := list(_faults(body, topic, survey)):
            raise invalid_request(faults)
        is_silent = topic is not None and topic.is_silent
        values = values_of(body) | {
            "format": FORMAT,
            "types": [*TYPES],
            "survey_ids": [survey.pk] if survey else [],
            "is_active": not is_silent,
        }
        try:
            endpoint = create_endpoint(organization, values, database_now())
        except TooManyEndpointsError as error:
            raise Problem(HTTPStatus.CONFLICT, "too_many_endpoints", str(error)) from None
        silent = Fault("/topics", "no_events", "There are no events of this topic. Nothing will be sent.")
        made = SubscriptionMade(id=public_id(Kind.SUBSCRIPTION, endpoint.pk))
        return answer_made(made, [silent] if is_silent else ())

    @extend_schema(
        operation_id="v3DeleteSubscriptions",
        summary="Delete event subscriptions",
        tags=TAGS,
        responses={200: Done} | BODY_ERRORS,
    )
    def delete(self, request: Request) -> Response:
        """Delete all subscriptions, or those with the `topics` and `publicationUrl` of a body."""
        rows = _own(request)
        if content := json_body(request).strip():
            named, _keys = read_body(SubscriptionNamed, content, caller_key(request).organization, {})
            rows = rows.filter(**same_as(named))
        for endpoint in rows:
            record_call(request, "deleted", endpoint)
            endpoint.delete()
        return answer_recorded()


class SubscriptionDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetSubscription",
        summary="Show an event subscription",
        tags=TAGS,
        parameters=[_SUBSCRIPTION_ID],
        responses={200: enveloped(SubscriptionElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, subscription_id: str) -> Response:
        """Return a subscription."""
        return answer_result(render_subscription(_find(request, subscription_id)))

    @extend_schema(
        operation_id="v3DeleteSubscription",
        summary="Delete an event subscription",
        tags=TAGS,
        parameters=[_SUBSCRIPTION_ID],
        responses={200: Done} | PATH_ERRORS,
    )
    def delete(self, request: Request, subscription_id: str) -> Response:
        """Delete a subscription. What waits for it is not sent."""
        _find(request, subscription_id).delete()
        return answer_done()


def _own(request: Request) -> QuerySet[EventEndpoint]:
    delivered = Count("deliveries", filter=Q(deliveries__state=DeliveryState.DELIVERED))
    rows = EventEndpoint.objects.filter(organization=caller_key(request).organization, format=FORMAT)
    return rows.select_related("organization").annotate(delivered=delivered)


def _find(request: Request, subscription_id: str) -> EventEndpoint:
    keys = read_id(Kind.SUBSCRIPTION, subscription_id)
    found = _own(request).filter(pk__range=keys).first() if keys else None
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "ESSG_2", "There is no such subscription.")
    return found


def _survey(request: Request, topic: Topic | None) -> Survey | None:
    if topic is None or topic.survey is None:
        return None
    return Survey.objects.filter(organization=caller_key(request).organization, pk__range=topic.survey).first()


def _faults(body: SubscriptionBody, topic: Topic | None, survey: Survey | None) -> Iterator[Fault]:
    if topic is None:
        known = ", ".join((f"{COMPLETED}.SV_…", *SILENT, EVERYTHING))
        yield Fault("/topics", "unknown_topic", f"Not a topic. The topics are {known}.")
    elif topic.survey is not None and survey is None:
        yield Fault("/topics", "survey_not_found", "There is no such survey.")
    if (text := url_fault(body.publication_url)) is not None:
        yield Fault("/publicationUrl", "address_refused", text)
    if body.encrypt and not body.shared_key:
        yield Fault("/sharedKey", "missing", "encrypt needs a sharedKey, which signs each event.")
