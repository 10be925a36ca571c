"""Answers that describe the steps of a distribution."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from pydantic import Field

from distributor.api.wire import Document, Page
from distributor.engine.reports.step_counts import StepCounts
from distributor.models import Step

STEPS = Step.objects.select_related("follow_up").prefetch_related("accounts")
# A distribution may have as many reminders to single contacts as it has recipients: they are listed separately.
STEPS_FOR_ALL = Prefetch("steps", STEPS.filter(contact=None))


class StepProgressDocument(Document):
    """How far an added step has been prepared."""

    status: str = Field(
        description="preparing: recipients are still being prepared for the step. prepared: all are.",
        examples=["prepared"],
    )
    people: int = Field(
        description="The recipients who were prepared for the step. Recipients who are invited later follow by "
        "themselves.",
        examples=[812],
    )


class StepDocument(Document):
    """A step as it was requested. Fields that were not given are null."""

    id: UUID = Field(description="The id of the step.", examples=["0194c4f0-a044-7b88-83d4-e5f607182930"])
    kind: str = Field(description="invitation, reminder or thank_you", examples=["invitation"])
    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    priority: int = Field(description="The place among the steps of the same kind.", examples=[1])
    provider_ids: list[UUID] = Field(
        description="The provider accounts that send.", examples=[["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]]
    )
    weights: list[int] | None = Field(
        description="The share of each provider account; null if each stands in for those before it.", examples=[[3, 1]]
    )
    fixed_split: bool = Field(
        description="Whether the accounts share the messages by the weights alone, whatever comes of their messages.",
        examples=[False],
    )
    template_id: UUID = Field(
        description="The template of the message.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    from_email: str | None = Field(
        description="The sender address instead of the account's.", examples=["surveys@example.com"]
    )
    from_name: str | None = Field(description="The sender name instead of the account's.", examples=["ACME"])
    reply_to_email: str | None = Field(
        description="The reply-to address instead of the account's.", examples=["desk@example.com"]
    )
    subject: str | None = Field(description="The subject instead of the template's.", examples=["Your stay"])
    fallback_delay_minutes: int | None = Field(
        description="For invitations: without a response for this many minutes, the next invitation is sent.",
        examples=[1440],
    )
    delay_minutes: int | None = Field(
        description="For reminders: minutes after the last message. For thank-yous: minutes after the response.",
        examples=[4320],
    )
    scheduled_at: datetime | None = Field(
        description="For steps that were added to an existing distribution: when they are sent.",
        examples=["2026-03-08T09:00:00Z"],
    )
    contact_id: UUID | None = Field(
        description="The only recipient of the step; null for all recipients.",
        examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    progress: StepProgressDocument | None = Field(
        description="For steps that were added to an existing distribution: how far they have been prepared."
    )


class StepCountsDocument(Document):
    """Numbers of recipients. sent, failed and unknown count those whom we tried to send to; the others are of these."""

    waiting: int = Field(description="Waiting for this step now.", examples=[12])
    sent: int = Field(description="Sent.", examples=[800])
    failed: int = Field(description="Failed.", examples=[9])
    unknown: int = Field(description="Outcome unknown: the message may have been sent.", examples=[1])
    delivered: int = Field(description="Delivered, as reported by the provider.", examples=[780])
    opened: int = Field(description="Opened, as reported by the provider.", examples=[412])
    clicked: int = Field(description="Clicked, as reported by the provider.", examples=[230])
    bounced: int = Field(description="Bounced, as reported by the provider.", examples=[7])
    complained: int = Field(description="Reported as spam.", examples=[1])


class CountedStepDocument(StepDocument):
    """A step with its counts."""

    counts: StepCountsDocument = Field(description="How many recipients the step reached, and how.")


class StepPage(Page[CountedStepDocument]):
    """Steps, in the order in which they were requested."""


def step_document(step: Step) -> StepDocument:
    """Describe a step of STEPS, which load what it needs."""
    return StepDocument(**_step_fields(step))


def render_counted_step(step: Step, counts: StepCounts) -> dict[str, Any]:
    """Render a step of STEPS with its counts."""
    return CountedStepDocument(**_step_fields(step), counts=StepCountsDocument.model_validate(counts)).rendered()


def _step_fields(step: Step) -> dict[str, Any]:
    accounts = sorted(step.accounts.all(), key=lambda account: account.position)
    return {
        "id": step.id,
        "kind": step.kind,
        "channel": step.channel,
        "priority": step.priority,
        "provider_ids": [account.provider_account_id for account in accounts] or [step.provider_account_id],
        "weights": [account.weight for account in accounts] if any(account.weight for account in accounts) else None,
        "fixed_split": step.has_fixed_split,
        "template_id": step.template_id,
        "from_email": step.from_email or None,
        "from_name": step.from_name or None,
        "reply_to_email": step.reply_to_email or None,
        "subject": step.subject or None,
        "fallback_delay_minutes": step.fallback_delay_minutes,
        "delay_minutes": step.delay_minutes,
        "scheduled_at": step.scheduled_at,
        "contact_id": step.contact_id,
        "progress": _progress(step),
    }


def _progress(step: Step) -> StepProgressDocument | None:
    if step.scheduled_at is None:
        return None
    follow_up = step.follow_up
    return StepProgressDocument(status="prepared" if follow_up.is_done else "preparing", people=follow_up.armed_count)
