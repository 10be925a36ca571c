"""Start an import, say what its columns mean, run what a dry run has checked, and cancel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from pydantic import TypeAdapter

from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.acceptance.selection import check_selection
from distributor.engine.imports.stored_file import delete_file, store_file
from distributor.engine.infrastructure.audit import Actor, record
from distributor.engine.infrastructure.wakeups import wake_imports_on_commit
from distributor.models import FileImport, ImportPiece
from distributor.models.file_import import ExistingContacts, FaultyRows, ImportKind, ImportState, UnknownColumns
from distributor.rules.requests import DistributionRequest, Selection

_REQUEST: Final = TypeAdapter(DistributionRequest)


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A file as it was uploaded: open for reading, with its size and the SHA-256 of its content."""

    file: BinaryIO
    size_bytes: int
    sha256: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is to become of a file. `mapping` None: somebody says later what the columns mean.

    `mapping` has fields (distributor/engine/imports/columns.py) by the names of columns; columns that are not in it go
    by their names. `list_id`: the people are put on this list. `request`, which names no contacts: the rows are its
    recipients.
    """

    mapping: Mapping[str, str | None] | None = field(default_factory=dict)
    existing: ExistingContacts = ExistingContacts.UPDATE
    on_fault: FaultyRows = FaultyRows.SKIP
    unknown_columns: UnknownColumns = UnknownColumns.DATA
    is_dry_run: bool = False
    list_id: UUID | None = None
    request: DistributionRequest | None = None


class ImportNotInStateError(Exception):
    """What was asked for is not possible in the import's state."""

    def __init__(self, state: ImportState) -> None:
        super().__init__(f"the import is {state.value}")
        self.state = state


@transaction.atomic
def start_import(
    organization: Organization,
    api_key: ApiKey | None,
    source: str,
    upload: StoredUpload,
    options: ImportOptions,
    now: datetime,
    import_id: UUID | None = None,
) -> FileImport:
    """Store a file and let workers import it, as the import `import_id` if that is given.

    For recipients a list is made, which the send goes to when all rows are on it. Raises MailingList.DoesNotExist and,
    before anything is written, UnknownReferencesError for what the send refers to.
    """
    mailing_list = _list_of(organization, options, upload.name)
    row = FileImport(
        **({"id": import_id} if import_id else {}),
        organization=organization,
        api_key=api_key,
        source=source[:63],
        created_at=now,
        due_at=now,
        file_name=upload.name.replace("\0", "")[:255],
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        kind=ImportKind.CONTACTS if options.request is None else ImportKind.RECIPIENTS,
        existing=options.existing,
        on_fault=options.on_fault,
        unknown_columns=options.unknown_columns,
        mapping=None if options.mapping is None else dict(options.mapping),
        is_dry_run=options.is_dry_run,
        mailing_list=mailing_list,
        is_into_list=mailing_list is not None,
        request=None if options.request is None else _REQUEST.dump_python(options.request, mode="json"),
        is_running=options.mapping is not None,
    )
    row.save(force_insert=True)
    store_file(row.pk, upload.file)
    if row.is_running:
        wake_imports_on_commit()
    return row


def start_import_once(
    organization: Organization,
    source: str,
    upload: StoredUpload,
    options: ImportOptions,
    now: datetime,
    import_id: UUID,
    actor: Actor,
) -> tuple[FileImport, bool]:
    """Start the import `import_id` and audit it, unless it was started before. Return it, and whether it is new.

    One that was cancelled was started, too. Raises what start_import raises.
    """
    if found := _find(organization, import_id):
        return found, False
    try:
        with transaction.atomic():
            row = start_import(organization, None, source, upload, options, now, import_id)
            record_import(actor, "created", row)
    except IntegrityError:
        # It was started at the same time: the primary key let this transaction wait for that one.
        if found := _find(organization, import_id):
            return found, False
        raise
    return row, True


def request_of(row: FileImport) -> DistributionRequest | None:
    """Return the send that follows an import; None if none does."""
    return None if row.request is None else _REQUEST.validate_python(row.request)


@transaction.atomic
def map_columns(import_id: UUID, mapping: Mapping[str, str | None], *, is_dry_run: bool, now: datetime) -> FileImport:
    """Say what the columns of an uploaded file mean, and let workers read it. Raises ImportNotInStateError."""
    row = _lock(import_id, ImportState.UPLOADED)
    row.mapping, row.is_dry_run, row.is_running, row.due_at = dict(mapping), is_dry_run, True, now
    row.save(update_fields=["mapping", "is_dry_run", "is_running", "due_at"])
    wake_imports_on_commit()
    return row


@transaction.atomic
def run_after_dry_run(import_id: UUID, now: datetime) -> FileImport:
    """Write what a dry run has checked, without reading the file again. Raises ImportNotInStateError."""
    row = _lock(import_id, ImportState.DONE)
    if not row.is_dry_run or not row.is_content_kept:
        raise ImportNotInStateError(row.state)
    row.is_dry_run, row.is_running, row.finished_at, row.due_at, row.after_id = False, True, None, now, 0
    row.new_count = row.updated_count = row.skipped_count = 0
    row.save(
        update_fields=[
            *("is_dry_run", "is_running", "finished_at", "due_at", "after_id"),
            *("new_count", "updated_count", "skipped_count"),
        ]
    )
    wake_imports_on_commit()
    return row


@transaction.atomic
def cancel_import(import_id: UUID, now: datetime) -> FileImport:
    """Stop an import. What was written stays; of a send, nothing goes out. Raises ImportNotInStateError if it is over.

    Idempotent: cancelling again changes nothing.
    """
    row = FileImport.objects.select_for_update(no_key=True).get(pk=import_id)
    if row.state is ImportState.CANCELLED:
        return row
    if row.is_over:
        raise ImportNotInStateError(row.state)
    row.cancelled_at, row.is_running = now, False
    row.save(update_fields=["cancelled_at", "is_running"])
    forget_content(row)
    return row


def forget_content(row: FileImport) -> None:
    """Delete what an import keeps of its file and its send. The rows with faults stay, for the file of errors."""
    delete_file(row.pk)
    ImportPiece.objects.filter(file_import=row).delete()
    FileImport.objects.filter(pk=row.pk).update(is_content_kept=False, request=None)


def record_import(actor: Actor, action: str, row: FileImport) -> None:
    """Audit what somebody did with an import."""
    record(actor, action, row, organization_id=row.organization_id)


def _find(organization: Organization, import_id: UUID) -> FileImport | None:
    return FileImport.objects.filter(organization=organization, pk=import_id).first()


def _lock(import_id: UUID, state: ImportState) -> FileImport:
    row = FileImport.objects.select_for_update(no_key=True).get(pk=import_id)
    if row.state is not state:
        raise ImportNotInStateError(row.state)
    return row


def _list_of(organization: Organization, options: ImportOptions, file_name: str) -> MailingList | None:
    if options.request is not None:
        name = options.request.name or file_name or "Import"
        made = MailingList.objects.create(organization=organization, name=name[:255], is_automatic=True)
        check_selection(organization, options.request, Selection(list_id=made.pk))
        return made
    if options.list_id is None:
        return None
    return MailingList.objects.get(organization=organization, pk=options.list_id)
