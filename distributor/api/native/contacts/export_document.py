"""The whole answer of an export."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from distributor.api.native.contacts.export_documents import (
    AT,
    DISTRIBUTION,
    ConsentEventDocument,
    ExportedAttemptDocument,
    ExportedContactDocument,
    ExportedDecisionDocument,
    ExportedListDocument,
    ExportedMessageDocument,
    ExportedProviderEventDocument,
    ExportedResponseDocument,
    ExportedSuppressionDocument,
    FormerAddressDocument,
)
from distributor.api.wire import Document


class ExportedJourneyDocument(Document):
    """A distribution to the contact, and everything that happened in it."""

    distribution_id: UUID = Field(description="The distribution.", examples=[DISTRIBUTION])
    distribution_name: str = Field(description="The distribution's name; may be empty.", examples=["Spring visits"])
    survey_name: str = Field(description="The survey's name.", examples=["Your stay"])
    code: str = Field(description="The code of the personal link.", examples=["Xk3vQ9bTz1Lm"])
    state: str = Field(description="registered, waiting, finished or stopped", examples=["finished"])
    outcome: str = Field(description="For finished: sent, failed or indeterminate.", examples=["sent"])
    reason: str = Field(description="Why it stopped or failed; empty if it did not.", examples=["opted_out"])
    attributes: dict[str, Any] = Field(description="Data that the call gave.", examples=[{"ward": "B"}])
    locale: str = Field(description="The language that the call gave.", examples=["pl"])
    wording: dict[str, Any] | None = Field(description="Texts that the call gave.", examples=[{"subject": "Hello"}])
    created_at: datetime = Field(description="When the contact became a recipient.", examples=[AT])
    first_sent_at: datetime | None = Field(description="When the first message left.", examples=[AT])
    first_opened_at: datetime | None = Field(description="When one was first opened.", examples=[AT])
    responded_at: datetime | None = Field(description="When they first responded.", examples=[AT])
    machine_visits: int = Field(description="Visits of machines to the link.", examples=[0])
    attempts: list[ExportedAttemptDocument] = Field(description="All attempts to send, oldest first.")
    decisions: list[ExportedDecisionDocument] = Field(description="All decisions, oldest first.")
    provider_events: list[ExportedProviderEventDocument] = Field(description="What providers reported, oldest first.")
    responses: list[ExportedResponseDocument] = Field(description="The responses, oldest first.")
    sandbox_messages: list[ExportedMessageDocument] = Field(description="Messages that a sandbox account keeps.")


class StoredAnswerDocument(Document):
    """A stored answer of a call with an `Idempotency-Key`: the parts that name the contact."""

    parts: list[dict[str, Any]] = Field(
        description="Only the parts that name the contact.", examples=[[{"email": "ann@example.com"}]]
    )
    created_at: datetime = Field(description="When the call was answered.", examples=[AT])
    expires_at: datetime = Field(description="Until when the answer is stored.", examples=[AT])


class ExportDocument(Document):
    """Everything known of a contact."""

    exported_at: datetime = Field(description="When the export was made.", examples=[AT])
    contact: ExportedContactDocument = Field(description="The contact's own fields.")
    former_addresses: list[FormerAddressDocument] = Field(description="Addresses that the contact had before.")
    consent_events: list[ConsentEventDocument] = Field(description="What was said about writing to the contact.")
    suppressions: list[ExportedSuppressionDocument] = Field(description="Suppressions of the contact's addresses.")
    lists: list[ExportedListDocument] = Field(description="The lists that the contact is on.")
    journeys: list[ExportedJourneyDocument] = Field(description="The distributions to the contact, oldest first.")
    skipped: list[ExportedDecisionDocument] = Field(description="Distributions that left the contact out, and why.")
    texts: list[ExportedProviderEventDocument] = Field(
        description="What was reported of the addresses and not of a message, such as texts from a phone number."
    )
    stored_answers: list[StoredAnswerDocument] = Field(description="Answers of calls that are kept for repeats.")
