"""Options and answers of the calls about imports."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from pydantic import AfterValidator, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from distributor.api.bodies.fields import NO_NUL, NULL_IS_DEFAULT, Line255, NullIfBlank
from distributor.api.native.distributions.bodies import SurveySendBody
from distributor.api.wire import Body, Document, Page
from distributor.engine.imports.columns import DATA, FIELDS
from distributor.engine.imports.finish import faults_of
from distributor.models import FileImport

_DATA_ON_WIRE: Final = "embeddedData."
_FIELD_OF_NAME: Final = {to_camel(field): field for field in FIELDS}
MAX_MAPPED: Final = 300


def to_field(name: str | None) -> str:
    """Return the field that a mapping names: `firstName`, `embeddedData.ward`, or null to leave the column out."""
    if name is None or name == "":
        return ""
    if name.startswith(_DATA_ON_WIRE) and len(name) > len(_DATA_ON_WIRE):
        return DATA + name.removeprefix(_DATA_ON_WIRE)
    if name in _FIELD_OF_NAME:
        return _FIELD_OF_NAME[name]
    known = ", ".join([*_FIELD_OF_NAME, f"{_DATA_ON_WIRE}…"])
    raise PydanticCustomError("unknown_field", "There is no such field. Use {known} or null.", {"known": known})


def from_field(field: str) -> str | None:
    """Return how a field is named on the wire; None for a column that is left out."""
    if not field:
        return None
    return _DATA_ON_WIRE + field.removeprefix(DATA) if field.startswith(DATA) else to_camel(field)


Field_ = Annotated[Annotated[str, StringConstraints(max_length=268, pattern=NO_NUL)] | None, AfterValidator(to_field)]


class MappingOptions(Body):
    """How the columns of a file are read."""

    mapping: Annotated[dict[Line255, Field_], NULL_IS_DEFAULT] = Field(
        {},
        max_length=MAX_MAPPED,
        description="The fields of columns, by the columns' names: externalId, email, phone, firstName, lastName, name "
        "(first and last name in one), title, locale, timeZone, or embeddedData.key. null leaves a column out. Columns "
        "that are not given here go by their names, in English or Polish.",
        examples=[{"E-mail": "email", "Ward": "embeddedData.ward", "Notes": None}],
    )
    unknown_columns: Annotated[Literal["data", "ignore"], NULL_IS_DEFAULT] = Field(
        "data",
        description="What becomes of columns whose names we do not know. data: embedded data. ignore: left out.",
        examples=["data"],
    )


class ImportOptions(MappingOptions):
    """What is to become of the file."""

    file_name: Line255 | None = Field(
        None, description="The file's name, to recognise the import by. A form's file has its own.", examples=["a.csv"]
    )
    existing: Annotated[Literal["update", "skip"], NULL_IS_DEFAULT] = Field(
        "update",
        description="What becomes of contacts that exist already. update: values of the file replace stored ones. "
        "skip: they stay as they are.",
        examples=["update"],
    )
    on_fault: Literal["refuse", "skip"] | None = Field(
        None,
        description="What happens if rows have faults. skip: the other rows are imported. refuse: nothing is. Omit it "
        "for skip without a send, and refuse with one.",
        examples=["skip"],
    )
    list_id: UUID | None = Field(
        None,
        description="Add all contacts of the file to this list, unchanged ones too. No invitations are sent.",
        examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    dry_run: Annotated[bool, NULL_IS_DEFAULT] = Field(
        False,
        description="true: read and check the file and count what would happen. `POST /api/v1/imports/{id}/run` then "
        "does it.",
        examples=[False],
    )
    send: SurveySendBody | None = Field(
        None,
        description="Send a survey to everybody in the file, as soon as all rows are contacts. Needs the scope `send`.",
    )


class ImportFormBody(Body):
    """A form with the file and what is to become of it."""

    file: bytes = Field(
        description="The CSV or XLSX file, at most 50 MB and 250,000 rows.",
        examples=["email,first name\nann@example.com,Ann\n"],
    )
    options: ImportOptions | None = Field(None, description="What is to become of the file, as JSON.")


class PreviewFormBody(Body):
    """A form with the file and how its columns are read."""

    file: bytes = Field(description="The CSV or XLSX file.", examples=["email,first name\nann@example.com,Ann\n"])
    options: MappingOptions | None = Field(None, description="How the columns are read, as JSON.")


class FileFaultDocument(Document):
    """Why a file is not imported."""

    code: str = Field(description="The kind of fault. Codes are stable.", examples=["no_key_column"])
    detail: str = Field(
        description="The fault in a sentence for people.",
        examples=["No column is an e-mail address, a phone number or an external id."],
    )


class RowFaultDocument(Document):
    """What is wrong with a cell or a row."""

    column: NullIfBlank = Field(description="The column's name; null for the whole row.", examples=["phone"])
    code: str = Field(description="The kind of fault. Codes are stable.", examples=["digits_lost"])
    value: NullIfBlank = Field(description="The start of the cell's value.", examples=["4.86E+10"])
    detail: str = Field(
        description="The fault in a sentence for people.",
        examples=["“4.86E+10” is a rounded number: digits are lost. Format the column as text and enter it again."],
    )


class FaultyRowDocument(Document):
    """A row that is not imported."""

    row: int = Field(description="The row's number in the file, from 1.", examples=[17])
    faults: list[RowFaultDocument] = Field(description="All faults of the row.")


class FaultyRowPage(Page[FaultyRowDocument]):
    """Rows with faults, in the order of the file."""


class ImportLinks(Document):
    """Where more is told of an import."""

    self: str = Field(
        description="The import.",
        examples=["https://surveys.example.com/api/v1/imports/0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    errors: str = Field(
        description="The rows with faults. With `?format=csv` as a file.",
        examples=["https://surveys.example.com/api/v1/imports/0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c/errors"],
    )


class ImportDocument(Document):
    """An import and how far it has come."""

    id: UUID = Field(description="The import's id.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    state: Literal["uploaded", "reading", "writing", "done", "failed", "cancelled"] = Field(
        description="uploaded: an operator has yet to say what the columns mean. reading: the file is read and "
        "checked. writing: its rows become contacts. failed: see `faults`.",
        examples=["writing"],
    )
    kind: Literal["contacts", "recipients"] = Field(
        description="recipients: a send follows, whose recipients they are.", examples=["contacts"]
    )
    dry_run: bool = Field(description="Whether nothing is written.", examples=[False])
    file_name: NullIfBlank = Field(description="The file's name.", examples=["guests.xlsx"])
    size_bytes: int = Field(description="The file's size.", examples=[48213])
    format: NullIfBlank = Field(
        description="csv or xlsx; null before it is read. json: contacts of a call, without a file.", examples=["xlsx"]
    )
    sheet: NullIfBlank = Field(description="The sheet that was read, of a workbook.", examples=["Guests"])
    existing: Literal["update", "skip"] = Field(
        description="What becomes of contacts that exist already.", examples=["update"]
    )
    on_fault: Literal["refuse", "skip"] = Field(description="What happens if rows have faults.", examples=["skip"])
    list_id: UUID | None = Field(
        description="The list that everybody is put on. A send makes one.",
        examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    distribution_id: UUID | None = Field(
        description="The send, once it has started.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]
    )
    rows_read: int = Field(description="How many rows were read so far.", examples=[1200])
    created: int = Field(description="How many contacts were created.", examples=[980])
    updated: int = Field(description="How many contacts were updated.", examples=[200])
    skipped: int = Field(description="How many existing contacts stayed as they were.", examples=[0])
    faulty: int = Field(description="How many rows have faults. See `links.errors`.", examples=[3])
    faults: list[FileFaultDocument] = Field(description="Why the import failed; empty if it did not.")
    created_at: datetime = Field(description="When the file was uploaded.", examples=["2026-03-05T08:00:00Z"])
    finished_at: datetime | None = Field(
        description="When the import ended; null before.", examples=["2026-03-05T08:00:09Z"]
    )
    links: ImportLinks = Field(description="Where more is told of the import.")


class ImportPage(Page[ImportDocument]):
    """Imports, newest first."""


class ColumnDocument(Document):
    """A column, and what becomes of it."""

    name: str = Field(description="The column's name in the file.", examples=["Ward"])
    field: str | None = Field(description="The field; null if it is left out.", examples=["embeddedData.ward"])


class PreviewRowDocument(Document):
    """One of the first rows."""

    row: int = Field(description="The row's number in the file, from 1.", examples=[2])
    contact: dict[str, Any] = Field(
        description="What the row becomes.", examples=[{"email": "ann@example.com", "embeddedData": {"ward": "B"}}]
    )
    faults: list[RowFaultDocument] = Field(description="What is wrong with the row.")


class PreviewDocument(Document):
    """How a file would be read."""

    format: str = Field(description="csv or xlsx.", examples=["csv"])
    encoding: NullIfBlank = Field(description="The encoding of a CSV file.", examples=["cp1250"])
    separator: NullIfBlank = Field(description="The separator of a CSV file.", examples=[";"])
    sheet: NullIfBlank = Field(description="The sheet of a workbook.", examples=["Guests"])
    columns: list[ColumnDocument] = Field(description="The columns, in the order of the file.")
    rows: list[PreviewRowDocument] = Field(description="The first rows.")
    faults: list[FileFaultDocument] = Field(description="What is wrong with the columns; empty if nothing is.")


def option_parameter(options: type[MappingOptions], name: str, **shape: Any) -> OpenApiParameter:
    """Return the query parameter that gives an option of a file as the body. It means what it does in the form."""
    [field] = (field for field in options.model_fields.values() if field.alias == name)
    return OpenApiParameter(name, description=f"If the file is the body. {field.description}", **shape)


def render_import(row: FileImport) -> dict[str, Any]:
    path = f"{settings.PUBLIC_BASE_URL}/api/v1/imports/{row.pk}"
    stored: Any = row  # its choices are texts
    return ImportDocument(
        id=row.pk,
        state=row.state.value,
        kind=stored.kind,
        dry_run=row.is_dry_run,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        format=row.format,
        sheet=row.details.get("sheet", ""),
        existing=stored.existing,
        on_fault=stored.on_fault,
        list_id=row.mailing_list_id,
        distribution_id=row.distribution_id,
        rows_read=row.row_count,
        created=row.new_count,
        updated=row.updated_count,
        skipped=row.skipped_count,
        faulty=row.faulty_count,
        faults=[FileFaultDocument(code=fault.code, detail=str(fault)) for fault in faults_of(row)],
        created_at=row.created_at,
        finished_at=row.finished_at or row.cancelled_at,
        links=ImportLinks(self=path, errors=f"{path}/errors"),
    ).rendered()
