"""Imports that are cancelled, started twice, lose their reader or cannot go on."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact, MailingList, Organization
from distributor.engine.imports import read, start, write
from distributor.engine.imports.expiry import delete_old_imports
from distributor.engine.imports.finish import fail_import, faults_of
from distributor.engine.imports.run import run_due_imports
from distributor.engine.imports.start import (
    ImportNotInStateError,
    ImportOptions,
    cancel_import,
    run_after_dry_run,
    start_import_once,
)
from distributor.engine.infrastructure.audit import Actor
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    AuditEntry,
    FileImport,
    ImportFault,
    ImportFileChunk,
    ImportPiece,
)
from distributor.models.audit_entry import ActorKind
from distributor.models.file_import import MAX_FAILURES, ImportState
from tests.support.engine.imports import begin_import, counts_of, import_now, run_imports, upload_of

pytestmark = pytest.mark.django_db

FILE = "\ufeffE-mail;Imię;Telefon;Oddział\nann@example.com;Ann;600 000 001;B\nbob@example.com;Bob;;\n".encode()


def faults_in(row: FileImport) -> list[tuple[int, str, str]]:
    """Row, column and code of each fault."""
    return [
        (stored.row, fault["column"], fault["code"])
        for stored in ImportFault.objects.filter(file_import=row).order_by("row")
        for fault in stored.faults
    ]


def test_a_list_that_is_deleted_meanwhile_fails_the_import(organization: Organization) -> None:
    mailing_list = MailingList.objects.create(organization=organization, name="Guests")
    row = begin_import(organization, FILE, list_id=mailing_list.pk)
    mailing_list.delete()
    run_imports()
    row.refresh_from_db()
    assert [fault.code for fault in faults_of(row)] == ["list_deleted"]
    assert not Contact.objects.exists()


def test_cancelling_ends_an_import(organization: Organization) -> None:
    row = begin_import(organization, FILE)
    assert cancel_import(row.pk, database_now()).state is ImportState.CANCELLED
    assert cancel_import(row.pk, database_now()).state is ImportState.CANCELLED
    run_imports()
    assert not Contact.objects.exists()
    assert not ImportFileChunk.objects.exists()
    done = import_now(organization, FILE)
    with pytest.raises(ImportNotInStateError):
        cancel_import(done.pk, database_now())


def test_a_reader_that_dies_is_followed_by_another_behind_the_last_piece(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PIECE_ROWS", 2)
    row = begin_import(organization, b"email\n" + b"".join(b"p%d@b.pl\n" % number for number in range(5)))
    first = read._claim(database_now())
    assert first is not None
    pieces: list[int] = []
    store = read._store

    def store_one_and_die(*arguments: Any) -> None:
        store(*arguments)
        pieces.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(read, "_store", store_one_and_die)
    with pytest.raises(KeyboardInterrupt):
        read._read(first, database_now)
    monkeypatch.setattr(read, "_store", store)
    assert not read.read_next(database_now), "the lease of the dead reader has not ended"
    FileImport.objects.update(due_at=database_now())
    run_imports()
    row.refresh_from_db()
    assert counts_of(row) == {"row": 5, "new": 5}
    first.row_count = 4
    with pytest.raises(read.LeaseLostError):  # the first reader comes back to life
        read._update(first, due_at=database_now())


def test_what_imports_keep_goes_after_a_week_and_a_month(organization: Organization) -> None:
    uploaded = begin_import(organization, FILE, mapping=None)
    checked = import_now(organization, FILE, is_dry_run=True)
    done = import_now(organization, FILE + b"nobody;;;\n")
    now = database_now()
    assert not delete_old_imports(now)
    while delete_old_imports(now + timedelta(days=8)):
        pass
    assert FileImport.objects.get(pk=uploaded.pk).state is ImportState.CANCELLED
    assert not ImportFileChunk.objects.exists()
    assert not ImportPiece.objects.exists()
    with pytest.raises(ImportNotInStateError):
        run_after_dry_run(checked.pk, now)
    assert [row for row, _column, _code in faults_in(done)] == [4]
    while delete_old_imports(now + timedelta(days=31)):
        pass
    assert not FileImport.objects.exists()
    assert not ImportFault.objects.exists()


def test_a_file_that_kills_every_reader_fails_at_last(organization: Organization) -> None:
    row = begin_import(organization, FILE)
    FileImport.objects.filter(pk=row.pk).update(failures=MAX_FAILURES)
    run_imports()
    row.refresh_from_db()
    assert [fault.code for fault in faults_of(row)] == ["failed_again_and_again"]
    assert not row.is_content_kept


def test_a_piece_that_always_fails_fails_the_import_at_last(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("always")

    monkeypatch.setattr(write, "find_known", fail)
    row, now = begin_import(organization, FILE), database_now()
    for _ in range(MAX_FAILURES + 5):
        now += timedelta(minutes=6)
        run_due_imports(lambda at=now: at)  # type: ignore[misc]
    row.refresh_from_db()
    assert [fault.code for fault in faults_of(row)] == ["failed_again_and_again"]


def test_a_reader_that_lost_its_lease_deletes_nothing(organization: Organization) -> None:
    row = begin_import(organization, FILE)
    stale = FileImport.objects.get(pk=row.pk)
    FileImport.objects.filter(pk=row.pk).update(fence=stale.fence + 1)
    fail_import(stale, [], database_now())
    row.refresh_from_db()
    assert (row.is_content_kept, row.is_running) == (True, True)


def start_once(organization: Organization) -> tuple[FileImport, bool]:
    actor = Actor(ActorKind.COMMAND_LINE, name="ann")
    upload = upload_of(b"email\nann@example.com\n")
    return start_import_once(organization, "test", upload, ImportOptions(), database_now(), organization.pk, actor)


def test_an_import_with_an_id_of_its_own_is_started_once(organization: Organization) -> None:
    row, is_new = start_once(organization)
    cancel_import(row.pk, database_now())
    assert (is_new, start_once(organization)[1]) == (True, False)
    assert AuditEntry.objects.get(object_type="fileimport").object_id == str(row.pk)


def test_of_two_that_start_it_at_the_same_time_one_does(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_once(organization)
    answers = iter([None, FileImport.objects.get()])
    monkeypatch.setattr(start, "_find", lambda *_arguments: next(answers))
    assert not start_once(organization)[1]
    assert (FileImport.objects.count(), AuditEntry.objects.filter(object_type="fileimport").count()) == (1, 1)


def test_an_import_that_cannot_be_audited_is_not_started(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(start, "record_import", fail)
    with pytest.raises(RuntimeError):
        start_once(organization)
    assert not FileImport.objects.exists()
