"""The requests that endpoints get, for the OpenAPI document (`webhooks`)."""

from typing import Final

from drf_spectacular.utils import OpenApiWebhook, extend_schema
from pydantic import Field

from distributor.api.native.events.event_documents import OutgoingEventDocument
from distributor.api.native.operations import EVENTS
from distributor.api.wire import Document

_ANSWER: Final = {200: None}


class EventListDocument(Document):
    """A request with several events, to an endpoint with a `batchSize` above 1."""

    id: str = Field(description="The `webhook-id` of the request.", examples=["bat_4fP9cWq0T5yXhL2mB7sDzA"])
    type: str = Field(description="Always `events`.", examples=["events"])
    version: int = Field(description="The version of this schema.", examples=[1])
    occurred_at: str = Field(description="When it was sent.", examples=["2026-03-05T08:00:02Z"])
    data: list[OutgoingEventDocument] = Field(description="The events, in the order of each contact.")


one_event = OpenApiWebhook(
    name="event",
    decorator=extend_schema(
        summary="An event",
        description="Sent to endpoints with a `batchSize` of 1. Signed as Standard Webhooks says. Any 2xx takes it.",
        tags=EVENTS,
        request=OutgoingEventDocument,
        responses=_ANSWER,
    ),
)
several_events = OpenApiWebhook(
    name="events",
    decorator=extend_schema(
        summary="Several events",
        description="Sent to endpoints with a `batchSize` above 1. Signed as Standard Webhooks says. Any 2xx takes it.",
        tags=EVENTS,
        request=EventListDocument,
        responses=_ANSWER,
    ),
)
