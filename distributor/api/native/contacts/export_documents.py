"""The answer of an export. It is written in pieces (engine/privacy/json_export.py); tests compare it with this."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from distributor.api.wire import Document

AT = "2026-03-05T08:00:01Z"
DISTRIBUTION = "0194c4f0-7d11-7a55-8f0e-1b2c3d4e5f60"


class ExportedContactDocument(Document):
    """A contact, with its empty fields as empty texts."""

    id: UUID = Field(description="The contact's id.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    email: str = Field(description="E-mail address.", examples=["ann@example.com"])
    phone: str = Field(description="Phone number in E.164.", examples=["+48600000001"])
    first_name: str = Field(description="First name.", examples=["Ann"])
    last_name: str = Field(description="Last name.", examples=["Ono"])
    title: str = Field(description="Title.", examples=["Dr"])
    locale: str = Field(description="Language, in BCP 47.", examples=["pl-PL"])
    time_zone: str = Field(description="Time zone, by its IANA name.", examples=["Europe/Warsaw"])
    embedded_data: dict[str, Any] = Field(description="Your own data about the contact.", examples=[{"ward": "B"}])
    opted_out_at: datetime | None = Field(description="When they opted out; null if they did not.", examples=[AT])
    created_at: datetime = Field(description="When the contact was created.", examples=[AT])
    updated_at: datetime = Field(description="When the contact was last changed.", examples=[AT])


class FormerAddressDocument(Document):
    """An address that the contact had before."""

    channel: str = Field(description="email, or sms for a phone number", examples=["email"])
    address: str = Field(description="The address.", examples=["ann.old@example.com"])
    replaced_at: datetime = Field(description="Until when the contact had it.", examples=[AT])


class ConsentEventDocument(Document):
    """Something the person said about being written to, or somebody reported."""

    channel: str = Field(description="Where it was said; empty if not on a channel.", examples=["sms"])
    address: str = Field(description="The address that was written to, if known.", examples=["+48600000001"])
    what: str = Field(description="What was said, such as stop, page_unsubscribe or opt_in.", examples=["stop"])
    closes: str = Field(description="channel or everything; empty if it lifts.", examples=["everything"])
    source: str = Field(description="The key, operator or provider that reported it.", examples=["API key Ab3dE6gH"])
    evidence: dict[str, Any] = Field(description="What proves it.", examples=[{"event": "SM1f:stopped"}])
    said_at: datetime = Field(description="When it was said.", examples=[AT])
    recorded_at: datetime = Field(description="When it was recorded.", examples=[AT])


class ExportedSuppressionDocument(Document):
    """A suppression of one of the contact's addresses."""

    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    address: str = Field(description="The address.", examples=["ann@example.com"])
    reason: str = Field(description="Why the address is suppressed.", examples=["complaint"])
    source: str = Field(description="Where the suppression comes from.", examples=["A letter of 5 March"])
    created_at: datetime = Field(description="When the address was suppressed.", examples=[AT])


class ExportedListDocument(Document):
    """A list that the contact is on."""

    id: UUID = Field(description="The list's id.", examples=["0194c4f0-9b31-7c88-b2c3-d4e5f6071829"])
    name: str = Field(description="The list's name; may be empty.", examples=["Ward B"])


class ExportedAttemptDocument(Document):
    """One attempt to send a message to the contact."""

    number: int = Field(description="The number of the attempt, from 1.", examples=[1])
    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    state: str = Field(description="sent, failed or unknown", examples=["sent"])
    provider_message_id: str = Field(description="The provider's id of the message.", examples=["<1.AB@mail.example>"])
    code: str = Field(description="The provider's code.", examples=["250"])
    detail: str = Field(description="What the provider answered.", examples=["2.0.0 Ok: queued"])
    piped_values: dict[str, str] | None = Field(
        description="The values that filled the message's placeholders; null if there were none.",
        examples=[{"contact:firstName": "Ann"}],
    )
    begun_at: datetime = Field(description="When the attempt began.", examples=[AT])
    ended_at: datetime = Field(description="When its outcome was recorded.", examples=[AT])


class ExportedDecisionDocument(Document):
    """A decision about the contact, and why it was made."""

    distribution_id: UUID = Field(description="The distribution.", examples=[DISTRIBUTION])
    kind: str = Field(description="skipped, deferred, rerouted, stopped or retried", examples=["skipped"])
    reason: str = Field(description="Why. Reasons are stable codes.", examples=["recently_contacted"])
    detail: dict[str, Any] = Field(description="The values behind the reason.", examples=[{"days": 30}])
    text: str = Field(description="The same as a sentence.", examples=["skipped: contacted 3 days ago"])
    until: datetime | None = Field(description="For deferred: until when; otherwise null.", examples=[AT])
    decided_at: datetime = Field(description="When the decision was made.", examples=[AT])


class ExportedProviderEventDocument(Document):
    """Something that a provider reported about a message or an address."""

    kind: str = Field(description="What happened, such as delivered, opened, stopped or replied.", examples=["opened"])
    address: str = Field(description="The address it is about.", examples=["ann@example.com"])
    provider_message_id: str = Field(description="The provider's id of the message.", examples=["<1.AB@mail.example>"])
    code: str = Field(description="The provider's code.", examples=["250"])
    detail: str = Field(description="The provider's words, or the text that the person wrote.", examples=["OK"])
    raw: dict[str, Any] = Field(description="What is kept of the provider's report.", examples=[{"event": "open"}])
    occurred_at: datetime = Field(description="When it happened.", examples=[AT])
    received_at: datetime = Field(description="When it was reported to us.", examples=[AT])


class ExportedResponseDocument(Document):
    """A response of the contact. Responses through anonymous links belong to nobody and are not included."""

    answers: Any = Field(description="The answers.", examples=[{"score": 9}])
    attributes: dict[str, Any] = Field(description="The recipient's data at that time.", examples=[{"ward": "B"}])
    locale: str = Field(description="The language it was given in.", examples=["pl"])
    submitted_at: datetime = Field(description="When it was given.", examples=[AT])


class ExportedMessageDocument(Document):
    """A message to the contact that a sandbox account keeps."""

    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    to: str = Field(description="The address.", examples=["ann@example.com"])
    to_name: str = Field(description="The name in the address line.", examples=["Ann Ono"])
    sender: str = Field(description="The sender.", examples=["ACME <surveys@acme.example>"])
    subject: str = Field(description="The subject.", examples=["How was your visit?"])
    html: str = Field(description="The HTML part.", examples=["<p>Hello Ann</p>"])
    text: str = Field(description="The text.", examples=["Hello Ann"])
    headers: dict[str, Any] = Field(description="Further headers.", examples=[{"X-Entity-Ref-ID": "2f-1"}])
    received_at: datetime = Field(description="When the sandbox received it.", examples=[AT])
