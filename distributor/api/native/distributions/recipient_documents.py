"""Answers that describe recipients with their timelines, and skipped contacts."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from pydantic import Field

from distributor.api.wire import Document, Page
from distributor.engine.reports.timeline import Timeline
from distributor.models import Attempt, Decision


class AttemptDocument(Document):
    """One attempt to send a message."""

    number: int = Field(description="The number of the attempt, from 1.", examples=[1])
    step_kind: str = Field(description="invitation, reminder or thank_you", examples=["invitation"])
    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    provider_id: UUID = Field(
        description="The provider account that was used.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]
    )
    state: str = Field(description="sent, failed or unknown", examples=["sent"])
    progress: str = Field(
        description="The best that the provider reported: none, sent, delivered, opened or clicked",
        examples=["delivered"],
    )
    trouble: str = Field(
        description="The worst that the provider reported: none, delayed, complained, undelivered, bounced or dropped. "
        "With undelivered, bounced or dropped the message has failed.",
        examples=["none"],
    )
    provider_message_id: str = Field(
        description="The provider's id of the message.", examples=["<20260305080001.1.ABC@mail.example.com>"]
    )
    code: str = Field(description="The provider's code, such as an SMTP or error code.", examples=["250"])
    detail: str = Field(description="What the provider answered.", examples=["2.0.0 Ok: queued"])
    begun_at: datetime = Field(description="When the attempt began.", examples=["2026-03-05T08:00:01Z"])
    ended_at: datetime = Field(description="When its outcome was recorded.", examples=["2026-03-05T08:00:02Z"])


class DecisionDocument(Document):
    """A decision about a recipient, and why it was made."""

    kind: str = Field(
        description="skipped, deferred, rerouted, stopped or retried (sent to again on request)", examples=["deferred"]
    )
    reason: str = Field(description="Why. Reasons are stable codes.", examples=["quiet_hours"])
    detail: dict[str, Any] = Field(
        description="The values behind the reason.", examples=[{"zone": "Europe/Warsaw", "start": "21:00"}]
    )
    text: str = Field(
        description="The same as a sentence, with times in the organisation's time zone.",
        examples=["deferred until 2026-03-05 09:00 (Europe/Warsaw): quiet hours"],
    )
    until: datetime | None = Field(
        description="For deferred: until when; otherwise null.", examples=["2026-03-05T08:00:00Z"]
    )
    decided_at: datetime = Field(description="When the decision was made.", examples=["2026-03-04T20:10:00Z"])


class EventDocument(Document):
    """Something that happened to a recipient."""

    at: datetime = Field(description="When it happened.", examples=["2026-03-05T08:00:01Z"])
    event: str = Field(
        description="accepted, deferred, rerouted, stopped, retried, sent, failed, unknown, opened, responded, "
        "routed (another account got a larger share, see `about`) or "
        "visited_by_machine (by a link preview or scanner, which is no open); as reported by providers also delivered, "
        "clicked, delayed, soft_bounced, hard_bounced, failed, dropped, complained or unsubscribed",
        examples=["sent"],
    )
    about: str = Field(description="More about it, such as the channel or the reason.", examples=["email"])
    detail: str = Field(
        "",
        description="What the provider said about it, in its own words. Present only if it said something.",
        exclude_if=lambda text: not text,
        examples=["550 5.1.1 The email account does not exist"],
    )


class RecipientDocument(Document):
    """A recipient with its timeline."""

    code: str = Field(description="The code of the recipient's link.", examples=["Xk3vQ9bTz1Lm"])
    link: str = Field(description="The recipient's link.", examples=["https://dist.example.com/p/Xk3vQ9bTz1Lm"])
    contact_id: UUID = Field(description="The contact.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    email: str | None = Field(description="The contact's e-mail address.", examples=["ann@example.com"])
    email_unicode: str | None = Field(
        description="The e-mail address with its international domain as people write it; null if it has none.",
        examples=["ann@bücher.example"],
    )
    phone: str | None = Field(description="The contact's phone number in E.164.", examples=["+48600000001"])
    state: str = Field(description="registered, waiting, sent, failed, indeterminate or stopped", examples=["waiting"])
    reason: str | None = Field(
        description="Why it stopped or failed; otherwise null. Reasons are stable codes.", examples=["opted_out"]
    )
    step_kind: str = Field(
        description="The kind of step that it waits for, or last waited for: invitation, reminder or thank_you.",
        examples=["reminder"],
    )
    channel: str = Field(description="The channel of that step.", examples=["email"])
    due_at: datetime | None = Field(
        description="When the next message is due; null if none is waiting.", examples=["2026-03-08T08:00:00Z"]
    )
    accepted_at: datetime = Field(description="When it became a recipient.", examples=["2026-03-04T16:20:00Z"])
    attempts: list[AttemptDocument] = Field(description="All attempts to send to it.")
    decisions: list[DecisionDocument] = Field(description="All decisions about it, oldest first.")
    story: list[EventDocument] = Field(description="The timeline: everything that happened, oldest first.")


class SkippedDocument(Document):
    """A contact that was left out of a distribution, and why."""

    contact_id: UUID = Field(description="The contact.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    reason: str = Field(description="Why. Reasons are stable codes.", examples=["frequency_rule"])
    detail: dict[str, Any] = Field(
        description="The values behind the reason.",
        examples=[{"lastContactedAt": "2026-03-02T08:00:00+00:00", "days": 30}],
    )
    text: str = Field(
        description="The same as a sentence, with times in the organisation's time zone.",
        examples=["skipped: contacted 3 days ago, the rule is 30 days"],
    )
    decided_at: datetime = Field(description="When it was left out.", examples=["2026-03-04T16:20:00Z"])


class RecipientPage(Page[RecipientDocument]):
    """Recipients, in the order in which they were accepted."""


class SkippedPage(Page[SkippedDocument]):
    """Skipped contacts, in the order in which they were skipped."""


def render_recipient(timeline: Timeline) -> dict[str, Any]:
    recipient, contact, step = timeline.recipient, timeline.recipient.contact, timeline.batch.step
    return RecipientDocument(
        code=recipient.code,
        link=f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}",
        contact_id=contact.id,
        external_id=contact.external_id,
        email=contact.email or None,
        email_unicode=contact.email_unicode or None,
        phone=contact.phone or None,
        state=timeline.state,
        reason=timeline.reason or None,
        step_kind=step.kind,
        channel=step.channel,
        due_at=timeline.due_at,
        accepted_at=recipient.created_at,
        attempts=[_attempt_document(attempt, timeline.steps[attempt.step_id].kind) for attempt in timeline.attempts],
        decisions=[_decision_document(decision, timeline.zone) for decision in timeline.decisions],
        story=[
            EventDocument(at=event.at, event=event.kind, about=event.detail, detail=event.provider_text)
            for event in timeline.events
        ],
    ).rendered()


def render_skipped(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    return SkippedDocument(
        contact_id=decision.contact_id,
        reason=decision.reason,
        detail=decision.detail,
        text=decision.sentence(zone),
        decided_at=decision.decided_at,
    ).rendered()


def _attempt_document(attempt: Attempt, step_kind: str) -> AttemptDocument:
    return AttemptDocument(
        number=attempt.number,
        step_kind=step_kind,
        channel=attempt.channel,
        provider_id=attempt.provider_account_id,
        state=attempt.state,
        progress=attempt.get_progress_display(),
        trouble=attempt.get_trouble_display(),
        provider_message_id=attempt.provider_message_id,
        code=attempt.code,
        detail=attempt.detail,
        begun_at=attempt.begun_at,
        ended_at=attempt.ended_at,
    )


def _decision_document(decision: Decision, zone: ZoneInfo) -> DecisionDocument:
    return DecisionDocument(
        kind=decision.kind,
        reason=decision.reason,
        detail=decision.detail,
        text=decision.sentence(zone),
        until=decision.until,
        decided_at=decision.decided_at,
    )
