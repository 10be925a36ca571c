"""An import, rendered from its row."""

from typing import Any

from pydantic import Field

from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element, Meta
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.imports.checked import find_invalid
from distributor.models import FileImport
from distributor.models.file_import import ImportState

_URL = (
    f"https://surveys.example.com/API/v3/directories/{Kind.DIRECTORY.example}/mailinglists/"
    f"{Kind.MAILING_LIST.example}/transactioncontacts/{Kind.IMPORT.example}"
)
_STATUS = "`in progress`, `complete`, or `failed` (the list was deleted, or an operator cancelled it)."


class ContactCounts(Element):
    """What became of the contacts."""

    added: int = Field(description="How many are new.", examples=[120])
    updated: int = Field(description="How many were known before.", examples=[35])
    failed: int = Field(description="How many have a fault and were not imported.", examples=[1])
    unprocessed: int = Field(description="How many are still to be written.", examples=[0])


class CountedContacts(Element):
    """The contacts of an import."""

    count: ContactCounts = Field(description="What became of them.")


class TransactionCounts(Element):
    """The transactions that were made."""

    created: int = Field(description="Always 0: transactions are not kept here.", examples=[0])


class CountedTransactions(Element):
    """The transactions of an import."""

    count: TransactionCounts = Field(description="How many there are.")


class Tracking(Element):
    """Where to ask how far the import has come."""

    url: str = Field(description="URL of the import.", examples=[_URL])


class ImportStarted(Element):
    """The import that was started. One of up to 1,000 contacts is complete already."""

    id: str = id_field(Kind.IMPORT, "Id of the import.")
    contacts: CountedContacts = Field(description="The contacts.")
    tracking: Tracking = Field(description="Where to ask how far it has come.")
    status: str = Field(description=_STATUS, examples=["complete"])


class ImportProgress(Element):
    """How far an import has come."""

    percent_complete: float = Field(description="From 0 to 100.", examples=[100.0])
    contacts: CountedContacts = Field(description="The contacts.")
    transactions: CountedTransactions = Field(description="The transactions, of which there are none.")
    status: str = Field(description=_STATUS, examples=["complete"])


class ImportSummary(ImportProgress):
    """How far an import has come, and which e-mail addresses are none."""

    invalid_emails: list[str] = Field(description="What was given as e-mail address and is none.", examples=[["ann@"]])


class ImportReport(Element):
    """The summary of an import, also as `results`, which published clients read."""

    results: ImportSummary = Field(description="The summary.")
    result: ImportSummary = Field(description="The same.")
    meta: Meta = Field(description="Status and request id.")


def render_started(row: FileImport, url: str) -> dict[str, Any]:
    return ImportStarted(
        id=public_id(Kind.IMPORT, row.pk), contacts=_contacts(row), tracking=Tracking(url=url), status=_status(row)
    ).render()


def render_progress(row: FileImport) -> dict[str, Any]:
    return ImportProgress(**_progress(row)).render()


def render_summary(row: FileImport) -> dict[str, Any]:
    return ImportSummary(**_progress(row), invalid_emails=find_invalid(row, "email")).render()


def _progress(row: FileImport) -> dict[str, Any]:
    is_over = row.is_over or not row.row_count
    return {
        "percent_complete": 100.0 if is_over else round(100.0 * row.done_count / row.row_count, 1),
        "contacts": _contacts(row),
        "transactions": CountedTransactions(count=TransactionCounts(created=0)),
        "status": _status(row),
    }


def _contacts(row: FileImport) -> CountedContacts:
    return CountedContacts(
        count=ContactCounts(
            added=row.new_count,
            updated=row.updated_count,
            failed=row.faulty_count,
            unprocessed=row.row_count - row.done_count,
        )
    )


def _status(row: FileImport) -> str:
    if not row.is_over:
        return "in progress"
    return "complete" if row.state is ImportState.DONE else "failed"
