"""The documents of outgoing events: the same in the stream and in requests to endpoints."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from distributor.api.wire import Document
from distributor.rules.event_types import DESCRIPTIONS, SCHEMA_VERSION, EventType

_TYPES = " ".join(f"`{kind.value}`: {DESCRIPTIONS[kind]}" for kind in EventType)
_ID = "0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"


class EventData(Document):
    """What an event is about. Fields that say nothing are left out."""

    mode: Literal["live", "team", "test"] | None = Field(
        None, description="The kind of key that made the distribution.", examples=["live"]
    )
    distribution_id: UUID | None = Field(None, description="The distribution.", examples=[_ID])
    survey_id: UUID | None = Field(None, description="The survey.", examples=[_ID])
    recipient_id: str | None = Field(
        None,
        description="The recipient: one contact in one distribution. The same in all its events.",
        examples=["rcp_3nX0bT5uQbG9n1R2vYw7kA"],
    )
    contact_id: UUID | None = Field(None, description="The contact.", examples=[_ID])
    external_id: str | None = Field(
        None, description="The contact's id in your system; null after the contact was erased.", examples=["PAT-1"]
    )
    channel: str | None = Field(None, description="email, sms or whatsapp", examples=["email"])
    attempt: int | None = Field(None, description="The number of the recipient's message, from 1.", examples=[1])
    provider_id: UUID | None = Field(None, description="The provider account.", examples=[_ID])
    provider_message_id: str | None = Field(
        None, description="The provider's id of the message.", examples=["<20260305080001.1.ABC@mail.example.com>"]
    )
    reason: str | None = Field(None, description="Why. Reasons are stable codes.", examples=["frequency_rule"])
    code: str | None = Field(None, description="The provider's code.", examples=["550"])
    detail: str | None = Field(
        None, description="What the provider said, in its own words.", examples=["5.1.1 The account does not exist"]
    )
    signal: str | None = Field(None, description="How the person said no.", examples=["page_unsubscribe"])
    response_id: UUID | None = Field(None, description="The response.", examples=[_ID])
    import_id: UUID | None = Field(None, description="The import.", examples=[_ID])
    state: Literal["done", "failed"] | None = Field(None, description="How the import ended.", examples=["done"])
    rows: int | None = Field(None, description="The rows of the file.", examples=[1200])
    faulty_rows: int | None = Field(None, description="The rows that were left out because of faults.", examples=[3])
    ordinal: int | None = Field(None, description="The number of the recipient's response, from 1.", examples=[1])


class OutgoingEventDocument(Document):
    """One event. It may be read or delivered more than once, always with the same id."""

    id: str = Field(
        description="The id of the event. Use it to recognise an event that you have seen.",
        examples=["evt_4fP9cWq0T5yXhL2mB7sDzA"],
    )
    type: EventType = Field(description=f"What happened. {_TYPES}", examples=["recipient.delivered"])
    version: int = Field(
        description="The version of this schema. New fields and new types do not change it.", examples=[SCHEMA_VERSION]
    )
    occurred_at: datetime = Field(description="When it was recorded.", examples=["2026-03-05T08:00:02Z"])
    data: EventData = Field(description="What it is about.")


class EventStreamPage(Document):
    """Events in the order in which they were recorded."""

    items: list[OutgoingEventDocument] = Field(description="The events, oldest first.")
    next: str = Field(
        description="Pass it as `?after=` to read on. Keep it: it stays valid, also if nothing was new.",
        examples=["MTIwNC4w"],
    )
    has_more: bool = Field(description="Whether more may be read at once.", examples=[False])
