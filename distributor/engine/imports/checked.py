"""Imports of people whom a call has read and checked already: there is no file to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from contacts.contact_fields import ContactFields
from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.imports.faults import RowFault
from distributor.engine.imports.read import PIECE_ROWS
from distributor.engine.imports.write import write_at_once
from distributor.engine.infrastructure.wakeups import wake_imports_on_commit
from distributor.models import FileImport, ImportFault, ImportPiece
from distributor.models.file_import import ExistingContacts, FaultyRows, ImportKind, UnknownColumns

FORMAT: Final = "json"


@dataclass(frozen=True, slots=True)
class CheckedPeople:
    """People by the number of their row, from 1; which rows opt out; and the cells and faults of rows that have some.

    `columns` are the fields of ContactFields by the names of the cells. `size_bytes` and `sha256` are of the body.
    """

    columns: Mapping[str, str]
    people: Mapping[int, ContactFields]
    opting_out: frozenset[int]
    faulty: Mapping[int, tuple[Sequence[str], Sequence[RowFault]]]
    size_bytes: int
    sha256: str


@transaction.atomic
def import_checked(
    organization: Organization,
    api_key: ApiKey,
    source: str,
    mailing_list: MailingList,
    given: CheckedPeople,
    now: datetime,
) -> FileImport:
    """Put people on a list: at once if they are one piece, otherwise workers do it. Return the import.

    Contacts that exist are updated, rows with faults are left out, and people who opt out are written to no more.
    """
    row = FileImport.objects.create(
        organization=organization,
        api_key=api_key,
        source=source[:63],
        created_at=now,
        due_at=now,
        file_name="",
        size_bytes=given.size_bytes,
        sha256=given.sha256,
        kind=ImportKind.CONTACTS,
        existing=ExistingContacts.UPDATE,
        on_fault=FaultyRows.SKIP,
        unknown_columns=UnknownColumns.IGNORE,
        mapping=dict(given.columns),
        mailing_list=mailing_list,
        is_into_list=True,
        format=FORMAT,
        header=list(given.columns),
        last_row=len(given.people) + len(given.faulty),
        row_count=len(given.people) + len(given.faulty),
        faulty_count=len(given.faulty),
        piece_count=-(-len(given.people) // PIECE_ROWS),
        is_running=True,
        read_at=now,
    )
    ImportFault.objects.bulk_create(
        ImportFault(file_import=row, row=number, cells=list(cells), faults=[fault.as_stored() for fault in faults])
        for number, (cells, faults) in sorted(given.faulty.items())
    )
    rows = [_row(number, person, given.opting_out) for number, person in sorted(given.people.items())]
    ImportPiece.objects.bulk_create(
        ImportPiece(file_import=row, number=number, rows=rows[start : start + PIECE_ROWS])
        for number, start in enumerate(range(0, len(rows), PIECE_ROWS), 1)
    )
    if row.piece_count <= 1:
        write_at_once(row, now)
    else:
        wake_imports_on_commit()
    return row


def find_invalid(row: FileImport, column: str) -> list[str]:
    """Return the cells of a column that made rows faulty, in the order of the rows."""
    place = row.header.index(column)
    stored = ImportFault.objects.filter(file_import=row).order_by("row").values_list("cells", "faults")
    return [cells[place] for cells, faults in stored if any(fault["column"] == column for fault in faults)]


def _row(number: int, person: ContactFields, opting_out: frozenset[int]) -> list[Any]:
    return [number, person, True] if number in opting_out else [number, person]
