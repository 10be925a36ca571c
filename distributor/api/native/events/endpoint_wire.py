"""Bodies and answers of the calls for endpoints."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from distributor.api.answers.problems import Fault
from distributor.api.bodies.fields import NULL_IS_DEFAULT, ONE_LINE, AwareMoment, Name, NullIfBlank
from distributor.api.wire import Body, Document, Page
from distributor.engine.events.endpoints import header_faults, url_fault
from distributor.engine.events.ids import event_id_of
from distributor.models import EventDelivery, EventEndpoint
from distributor.models.event_endpoint import MAX_BATCH_SIZE
from distributor.rules.event_types import STREAMED

_ID = "0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"
_URL = "https://example.com/hooks/distributor"


def _check_type(text: str) -> str:
    if text not in STREAMED:
        raise PydanticCustomError("invalid_type", "Unknown type. Use any of {known}.", {"known": ", ".join(STREAMED)})
    return text


StreamedType = Annotated[
    str,
    AfterValidator(_check_type),
    WithJsonSchema({"type": "string", "enum": [kind.value for kind in STREAMED]}),
]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=ONE_LINE)]
Types = Annotated[list[StreamedType], Field(max_length=50, strict=False)]
Ids = Annotated[list[Annotated[UUID, Field(strict=False)]], Field(max_length=100)]
Headers = Annotated[dict[str, Any], NULL_IS_DEFAULT]
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareMoment)
BatchSize = Annotated[int, Field(ge=1, le=MAX_BATCH_SIZE)]


class EventEndpointBody(Body):
    """A server of yours that is sent events by POST."""

    name: Name = Field(description="A name for people.", examples=["CRM"])
    url: Url = Field(description="Where events are sent. It must be public, and begin with https://.", examples=[_URL])
    types: Types = Field(
        default_factory=list,
        description="Only events of these types. Empty: all.",
        examples=[["recipient.delivered", "recipient.responded"]],
    )
    survey_ids: Ids = Field(
        default_factory=list, description="Only events of these surveys. Empty: of all.", examples=[[_ID]]
    )
    distribution_ids: Ids = Field(
        default_factory=list, description="Only events of these distributions. Empty: of all.", examples=[[_ID]]
    )
    batch_size: BatchSize = Field(
        1,
        description="The most events in a request. With more than 1, the body's `type` is `events` and its `data` is a "
        "list of events.",
        examples=[1],
    )
    headers: Headers = Field(
        default_factory=dict,
        description="Headers that each request has, such as a password of your server. They are never returned.",
        examples=[{"Authorization": "Bearer 3a7f"}],
    )
    is_active: bool = Field(True, description="Whether events are sent to it.", examples=[True])


class EventEndpointChanges(Body):
    """Fields of an endpoint to change."""

    name: Name = Field("", description="A name for people.", examples=["CRM"])
    url: Url = Field(
        "",
        description="Where events are sent. Another host clears the headers not given with it.",
        examples=[_URL],
    )
    types: Types = Field(
        default_factory=list, description="Only events of these types. Empty: all.", examples=[["recipient.failed"]]
    )
    survey_ids: Ids = Field(
        default_factory=list, description="Only events of these surveys. Empty: of all.", examples=[[_ID]]
    )
    distribution_ids: Ids = Field(
        default_factory=list, description="Only events of these distributions. Empty: of all.", examples=[[_ID]]
    )
    batch_size: BatchSize = Field(1, description="The most events in a request.", examples=[100])
    headers: Headers = Field(
        default_factory=dict,
        description="All headers of your own, in place of those before.",
        examples=[{"X-A": "b"}],
    )
    is_active: bool = Field(
        True, description="Whether events are sent to it. true also ends a rest after failures.", examples=[True]
    )


class EventEndpointDocument(Document):
    """An endpoint, and how it stands."""

    id: UUID = Field(description="The id of the endpoint.", examples=[_ID])
    name: str = Field(description="A name for people.", examples=["CRM"])
    url: str = Field(description="Where events are sent.", examples=[_URL])
    types: list[str] = Field(description="Only events of these types. Empty: all.", examples=[["recipient.failed"]])
    survey_ids: list[UUID] = Field(description="Only events of these surveys. Empty: of all.", examples=[[_ID]])
    distribution_ids: list[UUID] = Field(
        description="Only events of these distributions. Empty: of all.", examples=[[_ID]]
    )
    format: str = Field(
        description="How requests are written. `standard`: as Standard Webhooks says. `lists_and_links`: as a form, "
        "one event each, for a subscription of that API.",
        examples=["standard"],
    )
    batch_size: int = Field(description="The most events in a request.", examples=[1])
    header_names: list[str] = Field(description="The names of the headers of your own.", examples=[["Authorization"]])
    is_active: bool = Field(description="Whether events are sent to it.", examples=[True])
    state: str = Field(
        description="active, failing (it gets one request in a while until it takes one), inactive, or disabled: "
        "switched off because it took nothing for 24 hours or answered 410.",
        examples=["active"],
    )
    disabled_because: NullIfBlank = Field(
        description="Why it was switched off by itself; otherwise null.", examples=["It answered 410 Gone."]
    )
    failing_since: datetime | None = Field(
        description="Since when it has taken nothing; null while it works.", examples=["2026-03-05T08:00:00Z"]
    )
    retry_at: datetime | None = Field(
        description="When it is tried again; null unless it rests.", examples=["2026-03-05T08:00:05Z"]
    )
    last_error: NullIfBlank = Field(description="What went wrong last; null if nothing.", examples=["It answered 500."])
    last_delivered_at: datetime | None = Field(
        description="When it last took something.", examples=["2026-03-05T08:00:00Z"]
    )
    created_at: datetime = Field(description="When it was made.", examples=["2026-03-04T16:20:00Z"])


class EventEndpointSecretDocument(EventEndpointDocument):
    """An endpoint with its secret, which is shown when it is made and when it is rotated."""

    secret: str = Field(
        description="The secret by which requests are signed as Standard Webhooks says. Keep it now.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


class EventEndpointPage(Page[EventEndpointDocument]):
    """Endpoints, newest first."""


class EventDeliveryDocument(Document):
    """A request to an endpoint, and the last answer to it."""

    id: str = Field(description="The id of the delivery.", examples=["1204"])
    message_id: str = Field(description="The `webhook-id` of the request.", examples=["evt_4fP9cWq0T5yXhL2mB7sDzA"])
    types: list[str] = Field(description="The types of its events.", examples=[["recipient.delivered"]])
    event_ids: list[str] = Field(description="The ids of its events.", examples=[["evt_4fP9cWq0T5yXhL2mB7sDzA"]])
    state: str = Field(
        description="pending (waits for its next try, or for an earlier one of the same contact), delivered, failed "
        "(after 24 hours), or discarded (its events are kept no longer).",
        examples=["delivered"],
    )
    tries: int = Field(description="How often it was sent.", examples=[1])
    status: int | None = Field(description="The status of the last answer; null without one.", examples=[200])
    answer: NullIfBlank = Field(description="The beginning of the last answer; null if it was 2xx.", examples=["busy"])
    error: NullIfBlank = Field(description="Why there was no answer.", examples=["timed out"])
    duration_ms: int | None = Field(description="How long the last try took, in milliseconds.", examples=[42])
    created_at: datetime = Field(description="When it was made.", examples=["2026-03-05T08:00:02Z"])
    tried_at: datetime | None = Field(description="When it was last sent.", examples=["2026-03-05T08:00:02Z"])
    due_at: datetime | None = Field(
        description="When it is sent next; null unless it is pending.", examples=["2026-03-05T08:00:32Z"]
    )


class EventDeliveryBodyDocument(EventDeliveryDocument):
    """A request to an endpoint with its body."""

    body: dict[str, Any] | None = Field(
        description="The body of the request, as it would be sent now; null if its events are kept no longer. With "
        "another `format` than `standard`, the event of which the request is made.",
        examples=[{"id": "evt_4fP9cWq0T5yXhL2mB7sDzA", "type": "recipient.delivered"}],
    )


class EventDeliveryPage(Page[EventDeliveryDocument]):
    """Deliveries, newest first."""


class ReplayBody(Body):
    """A period whose events are to be sent again."""

    from_: AwareMoment = Field(
        alias="from", description="From when on. Events are kept for 30 days.", examples=["2026-03-05T08:00:00Z"]
    )
    to: AwareMoment = Field(description="Until before when.", examples=["2026-03-05T12:00:00Z"])
    types: Types = Field(
        default_factory=list,
        description="Only these types. Empty: those of the endpoint.",
        examples=[["recipient.sent"]],
    )


class ReplayDocument(Document):
    """A replay: events of a period that are sent again, behind everything that is new."""

    id: UUID = Field(description="The id of the replay.", examples=[_ID])
    since: datetime = Field(serialization_alias="from", description="From when on.", examples=["2026-03-05T08:00:00Z"])
    before: datetime = Field(serialization_alias="to", description="Until when.", examples=["2026-03-05T12:00:00Z"])
    types: list[str] = Field(description="Only these types. Empty: the endpoint's.", examples=[["recipient.sent"]])


def render_endpoint(endpoint: EventEndpoint) -> dict[str, Any]:
    return EventEndpointDocument.model_validate(_fields(EventEndpointDocument, endpoint)).rendered()


def render_with_secret(endpoint: EventEndpoint) -> dict[str, Any]:
    shown = _fields(EventEndpointDocument, endpoint) | {"secret": endpoint.secrets["current"]}
    return EventEndpointSecretDocument.model_validate(shown).rendered()


def render_delivery(delivery: EventDelivery) -> dict[str, Any]:
    return EventDeliveryDocument.model_validate(delivery_fields(delivery)).rendered()


def delivery_fields(delivery: EventDelivery) -> dict[str, Any]:
    ids = [event_id_of(*reference) for reference in zip(delivery.bundle_ids, delivery.places, strict=True)]
    return _fields(EventDeliveryDocument, delivery) | {"id": str(delivery.pk), "event_ids": ids}


def endpoint_faults(given: dict[str, Any]) -> Iterator[Fault]:
    """Yield the faults of a URL and of headers that the model's types do not show."""
    url, headers = given.get("url"), given.get("headers")
    if isinstance(url, str) and url.strip() and (fault := url_fault(url.strip())) is not None:
        yield Fault("/url", "address_refused", fault)
    if isinstance(headers, dict):
        for name, text in header_faults(headers):
            yield Fault(f"/headers/{name[:64]}".rstrip("/").replace("\0", "\\0"), "invalid_header", text)


def period_faults(given: dict[str, Any]) -> Iterator[Fault]:
    """Yield the fault of a period that ends before it begins. Faults of its moments are the model's."""
    try:
        since, before = (_MOMENT.validate_python(given.get(name)) for name in ("from", "to"))
    except ValidationError:
        return
    if since >= before:
        yield Fault("/to", "out_of_range", "`to` must be later than `from`.")


def _fields(document: type[Document], row: Any) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in document.model_fields if hasattr(row, name)}
    if isinstance(row, EventEndpoint):
        fields["header_names"] = sorted(row.headers)
    return fields
