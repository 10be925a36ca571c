"""Bodies and answers of the list calls."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from distributor.api.bodies.fields import NULL_IS_DEFAULT, Name, NullIfBlank
from distributor.api.wire import Body, Document, Page
from distributor.rules.requests import StepRequest

MAX_MEMBERS = 1_000
MAX_STEPS = 10
MAX_MINUTES = 525_600  # a year
_MemberIds = Annotated[list[UUID], Field(max_length=MAX_MEMBERS)]


class ListBody(Body):
    """A list to create, or its new name."""

    name: Name = Field(description="The name of the list.", examples=["Ward B"])


class ListDocument(Document):
    """A mailing list."""

    id: UUID = Field(description="The id of the list.", examples=["0194c4f0-4b1e-7d55-b7a1-0c9d8e7f6a5b"])
    name: NullIfBlank = Field(description="The name of the list.", examples=["Ward B"])
    created_at: datetime = Field(description="When the list was created.", examples=["2026-01-20T10:15:00Z"])


class ListPage(Page[ListDocument]):
    """Lists, newest first."""


class MemberChanges(Body):
    """The contacts to add and to remove, by their ids: up to 1,000 each."""

    add: _MemberIds = Field(
        default_factory=list,
        description="Ids of contacts to put on the list.",
        examples=[["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]],
    )
    remove: _MemberIds = Field(
        default_factory=list,
        description="Ids of contacts to take off the list.",
        examples=[["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5d"]],
    )


class MembersChanged(Document):
    """How many contacts were added and removed."""

    added_count: int = Field(description="The contacts that were not on the list before.", examples=[1])
    removed_count: int = Field(description="The contacts that were on the list before.", examples=[0])


class ConnectionStepBody(Body):
    """One way to invite people. The step with the lowest priority number is tried first."""

    channel: Literal["email", "sms", "whatsapp"] = Field(description="The channel.", examples=["sms"])
    provider_id: UUID = Field(
        description="The provider account that sends.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]
    )
    template_id: UUID = Field(
        description="The template of the message.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    priority: Annotated[int, Field(ge=1, le=10), NULL_IS_DEFAULT] = Field(
        1, description="The place of the step in the order, different for each step.", examples=[1]
    )
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None,
        description="In multi mode: without a response for this many minutes, the next step is sent.",
        examples=[1440],
    )

    def to_request(self) -> StepRequest:
        return StepRequest(
            channel=self.channel,
            provider_account_id=self.provider_id,
            template_id=self.template_id,
            priority=self.priority,
            fallback_delay_minutes=self.fallback_delay_minutes,
        )


class ConnectionBody(Body):
    """The survey that people on the list are invited to, and how."""

    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    channel_mode: Annotated[Literal["single", "multi"], NULL_IS_DEFAULT] = Field(
        "single",
        description="single: the first step that reaches the contact. multi: one step after the other.",
        examples=["single"],
    )
    is_active: Annotated[bool, NULL_IS_DEFAULT] = Field(
        True, description="false: people are added to the list and not invited.", examples=[True]
    )
    steps: Annotated[list[ConnectionStepBody], Field(max_length=MAX_STEPS), NULL_IS_DEFAULT] = Field(
        default_factory=list,
        description="How to invite. Without steps: by the organisation's first channel that has a default provider "
        "and a default template.",
    )


class ConnectionStepDocument(Document):
    """One way to invite people."""

    channel: str = Field(description="email, sms or whatsapp", examples=["sms"])
    provider_id: UUID = Field(
        description="The provider account that sends.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]
    )
    template_id: UUID = Field(
        description="The template of the message.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    priority: int = Field(description="The place of the step in the order.", examples=[1])
    fallback_delay_minutes: int | None = Field(
        description="In multi mode: without a response for this many minutes, the next step is sent.", examples=[1440]
    )


class ConnectionDocument(Document):
    """The connection of a list to a survey."""

    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    channel_mode: str = Field(description="single or multi", examples=["single"])
    is_active: bool = Field(description="false: people are added to the list and not invited.", examples=[True])
    steps: list[ConnectionStepDocument] = Field(description="How people are invited, in order.")
    created_at: datetime = Field(description="When the list was connected.", examples=["2026-01-20T10:15:00Z"])
