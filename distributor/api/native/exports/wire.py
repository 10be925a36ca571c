"""Bodies and answers of the export calls."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from distributor.api.bodies.fields import NO_NUL, NULL_IS_DEFAULT, AwareMoment
from distributor.api.wire import Body, Document, Page
from distributor.engine.exports.columns import MAX_COLUMNS
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.recipients import STATES
from distributor.models import Export
from distributor.models.export import ExportFormat, ExportKind
from distributor.rules.exports import ExportState

BASE: Final = "/api/v1/exports"
_PLAIN: Final = AfterValidator(lambda text: str(text))  # choices are subclasses of str
ColumnName = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL)]


def _columns_text() -> str:
    """Describe the columns of each kind, with their meaning, as a list in Markdown."""
    lines = []
    for name, kind in KINDS.items():
        lines.append(f"\n\n**{name}**: {kind.meaning}\n")
        for column in kind.columns:
            shown = f"`{column.name}`, `{column.name}.{{key}}`" if column.is_data else f"`{column.name}`"
            lines.append(f"- {shown}: {column.meaning}")
    return "\n".join(lines)


COLUMNS_TEXT: Final = _columns_text()


class ExportFiltersBody(Body):
    """Which rows. Filters that are not given leave everything in."""

    distribution_id: UUID | None = Field(
        None,
        strict=False,
        description="Only rows of this distribution. For recipients, responses and links.",
        examples=["0194c4f0-7a11-7b2c-8d3e-4f5a6b7c8d9e"],
    )
    survey_id: UUID | None = Field(
        None,
        strict=False,
        description="Only rows of this survey. For recipients, responses and links.",
        examples=["0194c4f0-1d2e-7f3a-9b4c-5d6e7f8a9b0c"],
    )
    list_id: UUID | None = Field(
        None,
        strict=False,
        description="Only contacts on this list; for recipients and links, only what was sent to it.",
        examples=["0194c4f0-2e3f-7a4b-8c5d-6e7f8a9b0c1d"],
    )
    channel: Annotated[str, StringConstraints(max_length=10)] | None = Field(
        None, description="Only suppressions on this channel: email, sms or whatsapp.", examples=["email"]
    )
    states: Annotated[list[Annotated[str, StringConstraints(max_length=20)]], NULL_IS_DEFAULT] = Field(
        [], max_length=20, description=f"Only recipients in these states: {', '.join(STATES)}.", examples=[["failed"]]
    )
    since: AwareMoment | None = Field(
        None,
        description="Only rows from this time on. For recipients and links, when the distribution was accepted.",
        examples=["2026-03-01T00:00:00Z"],
    )
    before: AwareMoment | None = Field(
        None, description="Only rows before this time, as `since`.", examples=["2026-04-01T00:00:00Z"]
    )


class ExportBody(Body):
    """What to export."""

    kind: Annotated[ExportKind, _PLAIN] = Field(strict=False, description="Which rows.", examples=["suppressions"])
    format: Annotated[ExportFormat, _PLAIN] = Field(
        ExportFormat.CSV,
        strict=False,
        description="csv (UTF-8 with a byte order mark, commas), xlsx or ndjson (a JSON object a line).",
        examples=["csv"],
    )
    filters: Annotated[ExportFiltersBody, NULL_IS_DEFAULT] = Field(
        ExportFiltersBody.model_validate({}), description="Which of the rows.", examples=[{"channel": "email"}]
    )
    columns: list[ColumnName] | None = Field(
        None,
        max_length=MAX_COLUMNS,
        description="Which columns, in this order. Left out: all columns, and in csv and xlsx one more for each of the "
        "first 100 keys of answers and embedded data.",
        examples=[["channel", "address", "reason"]],
    )


class ExportStatusDocument(Document):
    """An export and how far it is."""

    id: UUID = Field(description="The id of the export.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"])
    kind: ExportKind = Field(description="Which rows.", examples=["suppressions"])
    format: ExportFormat = Field(description="csv, xlsx or ndjson", examples=["csv"])
    filters: dict[str, Any] = Field(description="The filters that were given.", examples=[{"channel": "email"}])
    columns: list[str] = Field(description="The columns in their order.", examples=[["channel", "address", "reason"]])
    state: ExportState = Field(
        description="queued, running, ready, failed, withdrawn (a person in it was erased) or expired",
        examples=["ready"],
    )
    progress: float = Field(description="How much is done, from 0 to 1. An estimate.", examples=[1.0])
    rows: int = Field(description="Rows written so far.", examples=[1204])
    size: int | None = Field(description="The size of the file in bytes; null until it is ready.", examples=[86307])
    file: str | None = Field(
        description="The path of the file; null unless the export is ready.",
        examples=["/api/v1/exports/0194c4f0-9f33-7a77-b2c3-d4e5f6071829/file"],
    )
    requested_by: str = Field(description="The API key or the operator who asked for it.", examples=["backend (dk_5f)"])
    created_at: datetime = Field(description="When it was asked for.", examples=["2026-03-05T08:00:00Z"])
    finished_at: datetime | None = Field(
        description="When the file was ready; null before.", examples=["2026-03-05T08:00:02Z"]
    )
    expires_at: datetime = Field(description="When the file is deleted.", examples=["2026-03-12T08:00:00Z"])


class ExportPage(Page[ExportStatusDocument]):
    """Exports, newest first."""


def to_filters(body: ExportFiltersBody) -> ExportFilters:
    return ExportFilters(
        distribution_id=body.distribution_id,
        survey_id=body.survey_id,
        list_id=body.list_id,
        channel=body.channel,
        states=tuple(body.states),
        since=body.since,
        before=body.before,
    )


def render_export(export: Export, now: datetime) -> dict[str, Any]:
    state = export.state_at(now)
    is_ready = state is ExportState.READY
    return ExportStatusDocument(
        id=export.pk,
        kind=ExportKind(export.kind),
        format=ExportFormat(export.format),
        filters=export.filters,
        columns=export.columns,
        state=state,
        progress=export.progress,
        rows=export.row_count,
        size=export.byte_count if is_ready else None,
        file=f"{BASE}/{export.pk}/file" if is_ready else None,
        requested_by=export.requested_by,
        created_at=export.created_at,
        finished_at=export.finished_at,
        expires_at=export.expires_at,
    ).rendered()
