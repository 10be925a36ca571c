"""What the native API answers, as documented in the OpenAPI schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from distributor.api.fields import AwareMoment


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class TotalsDocument(_Wire):
    """accepted = skipped + registered + waiting + sent + failed + indeterminate + stopped, at every moment."""

    accepted: int
    skipped: int
    registered: int = Field(description="With a link; whoever called sends it.")
    waiting: int = Field(description="Those included who were sent to and wait for a fallback, reminder or thank-you.")
    sent: int
    failed: int
    indeterminate: int
    stopped: int
    recipients: int = Field(description="Accepted and not skipped.")
    reached: int = Field(description="With a message that counts as sent, whatever they wait for now.")
    opened: int
    responded: int
    duplicate_risk: int = Field(description="Sent again after a try of unknown outcome: at most so many got two.")


class StepDocument(_Wire):
    """As it was asked for; what is null was not said."""

    id: UUID
    kind: str = Field(description="invitation, reminder or thank_you")
    channel: str
    priority: int
    provider_ids: list[UUID]
    weights: list[int] | None
    template_id: UUID
    from_email: str | None
    from_name: str | None
    reply_to_email: str | None
    subject: str | None
    fallback_delay_minutes: int | None
    delay_minutes: int | None


class DistributionDocument(_Wire):
    id: UUID
    survey_id: UUID
    mailing_list_id: UUID | None
    name: str
    source: str
    channel_mode: str
    stops_on: str = Field(description="What ends the fallbacks: response, or opened or delivered as well")
    status: str = Field(
        description="preparing (its audience is still being read), scheduled, sending, paused, completed or cancelled"
    )
    scheduled_at: datetime | None
    not_after: datetime | None
    expires_at: datetime | None
    paused_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime
    steps: list[StepDocument] = Field(description="Invitations, reminders, thank-yous, each by priority.")
    totals: TotalsDocument


class ScheduleBody(_Wire):
    """When to begin; null or a moment that has passed: now."""

    model_config = ConfigDict(strict=True, extra="forbid")

    scheduled_at: AwareMoment | None


class AttemptDocument(_Wire):
    number: int
    step_kind: str = Field(description="invitation, reminder or thank_you")
    channel: str
    provider_id: UUID
    state: str = Field(description="sent, failed or unknown")
    progress: str = Field(description="As the provider tells: none, sent, delivered, opened or clicked")
    trouble: str = Field(
        description="As the provider tells: none, delayed, complained, undelivered, bounced or dropped; "
        "from undelivered on the message has failed"
    )
    provider_message_id: str
    code: str
    detail: str
    begun_at: datetime
    ended_at: datetime


class DecisionDocument(_Wire):
    kind: str = Field(description="skipped, deferred, rerouted or stopped")
    reason: str
    detail: dict[str, Any]
    text: str = Field(description="The same as a sentence, with the times of the organisation's zone.")
    until: datetime | None
    decided_at: datetime


class EventDocument(_Wire):
    at: datetime
    event: str = Field(
        description="accepted, deferred, rerouted, stopped, sent, failed, unknown, opened, responded; of what "
        "providers tell delivered, clicked, delayed, soft_bounced, hard_bounced, failed, dropped, complained and "
        "unsubscribed"
    )
    about: str


class RecipientDocument(_Wire):
    code: str
    link: str
    contact_id: UUID
    external_id: str | None
    email: str | None
    phone: str | None
    state: str = Field(description="registered, waiting, sent, failed, indeterminate or stopped")
    reason: str | None
    step_kind: str = Field(description="Of the step that it waits for, or last waited for, as in attempts.")
    channel: str = Field(description="Of the same step.")
    due_at: datetime | None
    accepted_at: datetime
    attempts: list[AttemptDocument]
    decisions: list[DecisionDocument]
    story: list[EventDocument]


class SkippedDocument(_Wire):
    contact_id: UUID
    reason: str
    detail: dict[str, Any]
    text: str = Field(description="The same as a sentence, with the times of the organisation's zone.")
    decided_at: datetime


class DistributionPage(_Wire):
    items: list[DistributionDocument]
    next_cursor: str | None


class RecipientPage(_Wire):
    items: list[RecipientDocument]
    next_cursor: str | None


class SkippedPage(_Wire):
    items: list[SkippedDocument]
    next_cursor: str | None
