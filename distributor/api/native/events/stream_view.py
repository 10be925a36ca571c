"""GET /api/v1/events: the organisation's events by cursor, if wanted with waiting for new ones."""

import time
from base64 import urlsafe_b64decode
from threading import BoundedSemaphore
from typing import ClassVar, Final
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.pagination import DEFAULT_LIMIT, MAX_LIMIT, encode_cursor, read_number
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.calls.authentication import caller_key
from distributor.api.native.events.event_documents import EventStreamPage
from distributor.api.native.filters import read_uuid
from distributor.api.native.operations import ERRORS, EVENTS, INVALID
from distributor.api.native.view import NativeView
from distributor.engine.events.stream import Cursor, EventPage, Filter, has_news, read_events
from distributor.engine.infrastructure.transactions import release_connection
from distributor.rules.event_types import STREAMED

MAX_WAIT_SECONDS: Final = 30
POLL_SECONDS: Final = 0.5
# A waiting call occupies one of the few threads of its web process, so at most so many wait in each.
WAITERS: Final = 1
_waiters = BoundedSemaphore(WAITERS)


class EventStream(NativeView):
    """The organisation's events."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listEvents",
        summary="Read events",
        tags=EVENTS,
        parameters=[
            OpenApiParameter("after", OpenApiTypes.STR, description="The `next` of an earlier page. Without it: all."),
            OpenApiParameter(
                "types",
                OpenApiTypes.STR,
                description=f"Only these types, separated by commas: {', '.join(STREAMED)}.",
            ),
            OpenApiParameter("distributionId", UUID, description="Only events of this distribution."),
            OpenApiParameter("surveyId", UUID, description="Only events of this survey."),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                description=f"The largest number of events on the page, 1 to {MAX_LIMIT:,}.",
            ),
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
                description="If there is nothing to read, wait so many seconds for something, at most "
                f"{MAX_WAIT_SECONDS}. Few calls may wait at once; the others are answered immediately.",
            ),
        ],
        responses={200: EventStreamPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Read the organisation's events, oldest first. Events are kept for 30 days.

        Keep `next` and pass it as `after`: so no event is missed. A page may have fewer events than `limit`, or none,
        though `hasMore` is true.
        """
        faults: list[Fault] = []
        cursor = _read_cursor(request, faults)
        wanted = _read_filter(request, faults)
        limit = read_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT, faults)
        wait_seconds = read_number(request, "wait", 0, 0, MAX_WAIT_SECONDS, faults)
        if faults:
            raise invalid_request(faults)
        organization_id = caller_key(request).organization_id
        page = read_events(organization_id, cursor, limit, wanted)
        if wait_seconds and not page.events and _waiters.acquire(blocking=False):
            try:
                page = _wait_for_events(organization_id, page, limit, wanted, wait_seconds)
            finally:
                _waiters.release()
        items = [event.rendered() for event in page.events]
        return Response({"items": items, "next": encode_cursor(str(page.next)), "hasMore": page.has_more})


def _wait_for_events(organization_id: UUID, page: EventPage, limit: int, wanted: Filter, seconds: int) -> EventPage:
    """Read until there is an event or the time is over. No database connection is held meanwhile."""
    ends_at = time.monotonic() + seconds
    while not page.events and time.monotonic() < ends_at:
        if not page.has_more:
            release_connection()
            time.sleep(POLL_SECONDS)
        if page.has_more or has_news(organization_id, page.next):
            page = read_events(organization_id, page.next, limit, wanted)
    return page


def _read_cursor(request: Request, faults: list[Fault]) -> Cursor:
    text = request.query_params.get("after")
    if not text:
        return Cursor()
    try:
        return Cursor.parse(urlsafe_b64decode(text.encode("ascii", "replace")).decode("ascii"))
    except ValueError:
        faults.append(Fault("?after", "invalid_cursor", "Invalid cursor. Use the `next` of an earlier page."))
        return Cursor()


def _read_filter(request: Request, faults: list[Fault]) -> Filter:
    types = [text.strip() for text in request.query_params.get("types", "").split(",") if text.strip()]
    if unknown := sorted(set(types) - set(STREAMED)):
        shown = ", ".join(unknown)[:200].replace("\0", "\\0")
        faults.append(Fault("?types", "invalid", f"Unknown: {shown}. Use any of {', '.join(STREAMED)}."))
    distribution_id = read_uuid(request, "distributionId", faults)
    survey_id = read_uuid(request, "surveyId", faults)
    return Filter(types, [distribution_id] if distribution_id else (), [survey_id] if survey_id else ())
