"""What an export contains: plain records, whose field names become camelCase names in JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class ContactRecord:
    id: UUID
    external_id: str | None
    email: str
    phone: str
    first_name: str
    last_name: str
    title: str
    locale: str
    time_zone: str
    embedded_data: Mapping[str, Any]
    opted_out_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FormerAddressRecord:
    channel: str
    address: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    channel: str
    address: str
    what: str
    closes: str
    source: str
    evidence: Mapping[str, Any]
    said_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SuppressionRecord:
    channel: str
    address: str
    reason: str
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListRecord:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    number: int
    channel: str
    state: str
    provider_message_id: str
    code: str
    detail: str
    piped_values: Mapping[str, str] | None
    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    distribution_id: UUID
    kind: str
    reason: str
    detail: Mapping[str, Any]
    text: str
    until: datetime | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderEventRecord:
    kind: str
    address: str
    provider_message_id: str
    code: str
    detail: str
    raw: Mapping[str, Any]
    occurred_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    answers: Any
    attributes: Mapping[str, Any]
    locale: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class SandboxMessageRecord:
    channel: str
    to: str
    to_name: str
    sender: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class JourneyRecord:
    distribution_id: UUID
    distribution_name: str
    survey_name: str
    code: str
    state: str
    outcome: str
    reason: str
    attributes: Mapping[str, Any]
    locale: str
    wording: Mapping[str, Any] | None
    created_at: datetime
    first_sent_at: datetime | None
    first_opened_at: datetime | None
    responded_at: datetime | None
    machine_visits: int
    attempts: Sequence[AttemptRecord]
    decisions: Sequence[DecisionRecord]
    provider_events: Sequence[ProviderEventRecord]
    responses: Sequence[ResponseRecord]
    sandbox_messages: Sequence[SandboxMessageRecord]


@dataclass(frozen=True, slots=True)
class StoredAnswerRecord:
    """Only the parts of an answer that name the person: a call may have been about others, too."""

    parts: Sequence[Mapping[str, Any]]
    created_at: datetime
    expires_at: datetime


def record_of(kind: type[RecordT], row: object, **computed: Any) -> RecordT:
    """Return a record with the row's values, and those that are computed."""
    names = [field.name for field in fields(kind) if field.name not in computed]  # type: ignore[arg-type]
    return kind(**{name: getattr(row, name) for name in names}, **computed)


def records_of(kind: type[RecordT], rows: Iterable[object]) -> Iterator[RecordT]:
    for row in rows:
        yield record_of(kind, row)
