"""/api/v1/recipients: recipients across distributions: those of a contact, and those that were changed since."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.calls.authentication import caller_key
from distributor.api.native.distributions.recipient_documents import RecipientDocument, render_recipient
from distributor.api.native.list_queries import UpdatedUntil, answer_list, parameters_of, read_query, read_search
from distributor.api.native.operations import ERRORS, ERRORS_OF_BODY, INVALID, RECIPIENTS
from distributor.api.native.recipients.queries import JourneyQuery
from distributor.api.native.view import NativeView
from distributor.api.wire import Page
from distributor.engine.events.expiry import EVENTS_KEPT
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.page import Found
from distributor.engine.queries.recipients import find_changed, find_journeys
from distributor.engine.reports.timeline import Timeline, timelines_of
from distributor.models import Recipient

_FILTER_REQUIRED = "Give contactId, externalId or email for a contact's distributions, or updatedAfter for changes."
# A caller that asks for the last 30 days by its own clock is not refused for a moment's difference.
_GRACE = timedelta(minutes=10)


class JourneyDocument(RecipientDocument):
    """A recipient of a distribution, with its timeline."""

    distribution_id: UUID = Field(description="The distribution.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"])
    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])


class JourneyPage(Page[JourneyDocument]):
    """Recipients of several distributions."""

    updated_until: UpdatedUntil = None


class Recipients(NativeView):
    """The recipients of all distributions."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listJourneys",
        summary="List what happened to recipients, across distributions",
        tags=RECIPIENTS,
        parameters=parameters_of(JourneyQuery),
        responses={200: JourneyPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List a contact's distributions, or recipients that were changed since a time, each with its timeline.

        With `updatedAfter`: recipients of whom there is an event since (accepted, sent, delivered, opened, responded,
        stopped and so on), in the order of the events. A recipient of whom there are several may be listed on several
        pages, as it is now. Events are kept for 30 days. To be told each event once, read `GET /events`.

        One of `contactId`, `externalId`, `email` and `updatedAfter` is required.
        """
        return _answer(request, read_query(request, JourneyQuery), "?")


class RecipientSearch(NativeView):
    """Lists recipients by a body, so that addresses are in no URL and no log."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="searchJourneys",
        summary="Search recipients across distributions",
        tags=RECIPIENTS,
        request=JourneyQuery,
        responses={200: JourneyPage} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """List recipients with the filters of `GET /recipients`, given in the body.

        Addresses stay out of URLs and logs. Changes nothing. For the next page, repeat the body with the `cursor`.
        """
        return _answer(request, read_search(request, JourneyQuery), "/")


def _answer(request: Request, query: JourneyQuery, sign: str) -> Response:
    organization_id = caller_key(request).organization_id
    contact_ids = query.contact_ids(organization_id)
    filters: dict[str, Any] = {"survey_id": query.survey_id, "state": query.state, "reason": query.reason}
    if query.updated_after is not None:
        if query.updated_after < database_now() - EVENTS_KEPT - _GRACE:
            detail = f"Changes are kept for {EVENTS_KEPT.days} days. Give a later time."
            raise invalid_request([Fault(f"{sign}updatedAfter", "datetime_range", detail)])
        found = find_changed(organization_id, query.window, contact_ids=contact_ids, **filters)
    elif contact_ids is not None:
        found = find_journeys(organization_id, query.window, contact_ids, **filters)
    else:
        raise invalid_request([Fault("", "filter_required", _FILTER_REQUIRED)])
    timelines = Found(timelines_of(found.rows), found.next_key, found.updated_until)
    return answer_list(request, query, timelines, _render)


def _render(timeline: Timeline) -> dict[str, Any]:
    recipient: Recipient = timeline.recipient
    ids = {"distributionId": recipient.distribution_id, "surveyId": recipient.distribution.survey_id}
    return {**render_recipient(timeline), **ids}
