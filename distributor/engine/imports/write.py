"""Write the checked rows of an import, a piece of up to 1,000 per transaction.

The piece, the counts and the position are one transaction: if the worker dies, the whole piece is rolled back. The last
piece of a send's recipients also accepts the send, so that it goes to everybody or nobody.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from contacts.contact_fields import MAX_DATA_KEYS, ContactFields
from contacts.identity import TooManyDataKeysError, resolve_contacts
from contacts.known import find_known, key_of
from contacts.list_members import add_members, put_on_list
from contacts.models import MailingList, Organization
from distributor.engine.acceptance.references import SenderNotAllowedError, UnknownReferencesError
from distributor.engine.audience.expand import accept_selection
from distributor.engine.consent.opt_out import opt_out_many
from distributor.engine.imports.columns import DATA, resolve_targets
from distributor.engine.imports.faults import FileFault, RowFault
from distributor.engine.imports.finish import fail_import, tell_finished
from distributor.engine.imports.start import forget_content, request_of
from distributor.engine.infrastructure.audit import Actor, actor_of_key, record
from distributor.engine.infrastructure.chunked_job import record_progress, run_chunk
from distributor.engine.infrastructure.quotas import QuotaUsedUpError
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.models import FileImport, ImportFault, ImportPiece
from distributor.models.audit_entry import ActorKind
from distributor.models.file_import import MAX_FAILURES, ExistingContacts, FaultyRows, ImportState
from distributor.rules.requests import Selection

NumberedPeople = Sequence[tuple[int, ContactFields]]


class _FailedError(Exception):
    """The import cannot go on. The transaction is rolled back."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def write_next(now: datetime) -> bool:
    """Write the next piece of the import that has waited longest. Return whether there was one."""

    def process(row: FileImport) -> None:
        try:
            with transaction.atomic():
                _write_piece(row, now)
        except _FailedError as error:
            fail_import(row, [error.fault], now)

    return run_chunk(lambda: _lock_next(now), process, now)


def write_at_once(row: FileImport, now: datetime) -> None:
    """Write all pieces of an import in the caller's transaction, which has made it. For imports of one piece."""
    try:
        while row.is_running:
            with transaction.atomic():
                _write_piece(row, now)
    except _FailedError as error:
        fail_import(row, [error.fault], now)
        row.refresh_from_db()


def _lock_next(now: datetime) -> FileImport | None:
    waiting = FileImport.objects.filter(is_running=True, read_at__isnull=False, due_at__lte=now)
    unlocked = waiting.order_by("due_at", "pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return unlocked.select_related("organization", "api_key").first()


def _write_piece(row: FileImport, now: datetime) -> None:
    if row.failures >= MAX_FAILURES:
        raise _FailedError(FileFault("failed_again_and_again", {}))
    if row.faulty_count and row.on_fault == FaultyRows.REFUSE and not row.is_dry_run:
        raise _FailedError(FileFault("rows_have_faults", {}))  # of a dry run that somebody runs all the same
    piece = ImportPiece.objects.filter(file_import=row, number__gt=row.after_id).order_by("number").first()
    if piece is None and row.after_id < row.piece_count:
        raise RuntimeError(f"piece {row.after_id + 1} of {row.piece_count} is missing")
    if piece is not None:
        people = [(number, person) for number, person, *_opts_out in piece.rows]
        opting_out = {number for number, _person, *opts_out in piece.rows if any(opts_out)}
        if row.is_dry_run:
            _count(row, people, find_known(row.organization_id, [person for _, person in people]))
        else:
            counts = (row.new_count, row.updated_count, row.skipped_count, row.faulty_count)
            _import(row.organization, row, people, counts, opting_out, now)
            piece.delete()
        row.after_id = piece.number
    if row.after_id >= row.piece_count:
        _finish(row, now)
    record_progress(
        row,
        now,
        *("after_id", "new_count", "updated_count", "skipped_count", "faulty_count"),
        *("is_running", "finished_at", "distribution"),
    )


@retry_contact_collisions
def _import(
    organization: Organization,
    row: FileImport,
    people: NumberedPeople,
    counts: tuple[int, int, int, int],
    opting_out: Collection[int],
    now: datetime,
) -> None:
    """Write people, and opt out those of the rows `opting_out`.

    `counts` are those before: what is repeated after a collision is counted once.
    """
    row.new_count, row.updated_count, row.skipped_count, row.faulty_count = counts
    mailing_list = _lock_list(row)
    known = find_known(organization.pk, [person for _, person in people])
    while True:
        try:
            with transaction.atomic():
                contact_ids = _resolve(row, [person for _, person in people], known, now)
            break
        except TooManyDataKeysError as error:
            refused = {key.lower() for key in error.keys}
            over = [key_of(person)[1].lower() in refused for _, person in people]
            _store_faults(row, [each for each, is_over in zip(people, over, strict=True) if is_over])
            known = [each for each, is_over in zip(known, over, strict=True) if not is_over]
            people = [each for each, is_over in zip(people, over, strict=True) if not is_over]
    _count(row, people, known)
    if mailing_list is not None:
        # The list that a send makes for itself stays out of pickers.
        add = put_on_list if row.request is None else add_members
        add(mailing_list, contact_ids)
    if saying_no := [person for number, person in people if number in opting_out]:
        # They are all known by now.
        ids = {contact_id for contact_id in find_known(organization.pk, saying_no) if contact_id}
        opt_out_many(organization.pk, ids, now, source=row.source)


def _resolve(
    row: FileImport, people: Sequence[ContactFields], known: Sequence[UUID | None], now: datetime
) -> set[UUID]:
    if row.existing == ExistingContacts.UPDATE:
        return {contact.id for contact in resolve_contacts(row.organization_id, people, now)}
    new = [person for person, is_new in zip(people, _firsts(people, known), strict=True) if is_new]
    made = resolve_contacts(row.organization_id, new, now) if new else ()
    return {contact_id for contact_id in known if contact_id} | {contact.id for contact in made}


def _count(row: FileImport, people: NumberedPeople, known: Sequence[UUID | None]) -> None:
    new_count = sum(_firsts([person for _, person in people], known))
    row.new_count += new_count
    if row.existing == ExistingContacts.UPDATE:
        row.updated_count += len(people) - new_count
    else:
        row.skipped_count += len(people) - new_count


def _firsts(people: Iterable[ContactFields], known: Iterable[UUID | None]) -> list[bool]:
    """Return who makes a new contact: of a person who is in the piece twice, the first row."""
    seen: set[tuple[str, str]] = set()
    firsts = []
    for person, contact_id in zip(people, known, strict=True):
        key = key_of(person)
        firsts.append(contact_id is None and key not in seen)
        seen.add(key)
    return firsts


def _lock_list(row: FileImport) -> MailingList | None:
    if not row.is_into_list:
        return None
    lists = MailingList.objects.select_for_update(no_key=True)
    found = None if row.mailing_list_id is None else lists.filter(pk=row.mailing_list_id).first()
    if found is None:
        raise _FailedError(FileFault("list_deleted", {}))
    return found


def _store_faults(row: FileImport, people: NumberedPeople) -> None:
    """Store rows that stored contacts make faulty. A file that is refused for faults is refused for these too."""
    if row.on_fault == FaultyRows.REFUSE:
        raise _FailedError(FileFault("later_rows_have_faults", {}))
    targets = resolve_targets(row.header, row.mapping or {}, row.unknown_columns)
    fault = RowFault("", "too_many_keys", values={"limit": MAX_DATA_KEYS}).as_stored()
    ImportFault.objects.bulk_create(
        ImportFault(file_import=row, row=number, cells=_cells_of(person, targets), faults=[fault])
        for number, person in people
    )
    row.faulty_count += len(people)


def _cells_of(person: ContactFields, targets: Sequence[str]) -> list[str]:
    fields: dict[str, Any] = {**person, "name": f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()}
    data = person.get("embedded_data") or {}
    return [
        str(data.get(target.removeprefix(DATA), "") if target.startswith(DATA) else fields.get(target) or "")
        for target in targets
    ]


def _finish(row: FileImport, now: datetime) -> None:
    """Everything was written. A send starts now; a dry run keeps its pieces, so that it can be run."""
    row.is_running, row.finished_at = False, now
    if row.is_dry_run:
        return
    request = request_of(row)
    if request is not None:
        _lock_list(row)
        try:
            selection = Selection(list_id=row.mailing_list_id)
            with transaction.atomic():
                row.distribution = accept_selection(row.organization, row.api_key, request, selection, now)
        except (UnknownReferencesError, SenderNotAllowedError, QuotaUsedUpError) as refusal:
            raise _FailedError(FileFault("send_refused", {"reasons": str(refusal)})) from None
        record(_actor(row), "created", row.distribution)
    tell_finished(row, ImportState.DONE)
    forget_content(row)


def _actor(row: FileImport) -> Actor:
    return Actor(ActorKind.SYSTEM, name=row.source) if row.api_key is None else actor_of_key(row.api_key)
