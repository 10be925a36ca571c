"""Exports in pages: resumed after a crash, tried again, withdrawn with an erasure, deleted after a week."""

import gzip
from datetime import timedelta

import pytest

from contacts.models import Contact, Organization
from distributor.engine.consent.erase import erase_contact
from distributor.engine.exports import workbook, write
from distributor.engine.exports.download import FileGoneError, read_file, read_gzip_file
from distributor.engine.exports.expiry import delete_expired_exports
from distributor.engine.exports.start import MAX_UNFINISHED, TooManyExportsError
from distributor.engine.exports.write import has_due_exports, write_here, write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Export, ExportPart
from distributor.rules.exports import MAX_FAILURES, ExportState
from tests.engine.conftest import Send
from tests.engine.exports.conftest import Start, finish, read_rows


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "PAGE", 2)
    monkeypatch.setattr(workbook, "_RENEWED_EVERY", 1)


@pytest.fixture
def people(send: Send) -> list[str]:
    """Seven recipients, in one distribution of four, one of two and one of one."""
    for names in (range(4), range(4, 6), range(6, 7)):
        send([{"external_id": f"P-{name}", "email": f"p{name}@example.com"} for name in names])
    return [f"P-{name}" for name in range(7)]


@pytest.mark.parametrize("file_format", ["csv", "ndjson", "xlsx"])
@pytest.mark.parametrize("kind", ["recipients", "contacts"])
def test_pages_are_written_one_by_one(
    start: Start, people: list[str], small_pages: None, kind: str, file_format: str
) -> None:
    export = start(kind, file_format)
    assert [write_next(database_now()) for _ in range(2)] == [True, True]
    export.refresh_from_db()
    assert (export.part_count, export.row_count, export.state_at(database_now())) == (2, 4, ExportState.RUNNING)
    assert 0 < export.progress < 1
    assert sorted(row["externalId"] for row in read_rows(export)) == people
    assert (export.scanned_count, export.total_count) == (7, 7)


def test_a_page_that_fails_half_way_is_read_again(
    start: Start, people: list[str], small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = start("recipients")
    write_next(database_now())
    with monkeypatch.context() as patch:
        # After the part was written and before the transaction ends.
        patch.setattr(write, "record_progress", lambda *_: (_ for _ in ()).throw(ConnectionError("gone")))
        write_next(database_now())
    export.refresh_from_db()
    assert (export.part_count, export.failures, ExportPart.objects.count()) == (1, 1, 1)
    assert not write_next(database_now())  # it waits a moment
    Export.objects.update(due_at=database_now())
    assert [row["externalId"] for row in read_rows(export)] == people
    assert export.failures == 0


def test_an_export_that_always_fails_is_given_up(start: Start, people: list[str]) -> None:
    export = start("recipients")
    Export.objects.update(failures=MAX_FAILURES)
    export.refresh_from_db()
    assert export.state_at(database_now()) is ExportState.FAILED
    assert not has_due_exports(database_now())


def test_a_workbook_is_made_again_by_another_worker(
    start: Start, people: list[str], small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = start("recipients", "xlsx")
    while not Export.objects.filter(is_read=True).exists():
        write_next(database_now())
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise KeyboardInterrupt  # as the process ends, nothing of ours runs

        patch.setattr(workbook, "_store", die)
        with pytest.raises(KeyboardInterrupt):
            write_next(database_now())
    assert not write_next(database_now())  # claimed
    Export.objects.update(due_at=database_now())  # the claim is over
    assert [row["externalId"] for row in read_rows(export)] == people


def test_the_file_is_gzip_without_compressing_again(start: Start, people: list[str], small_pages: None) -> None:
    export = finish(start("contacts"))
    assert gzip.decompress(b"".join(read_gzip_file(export))) == b"".join(read_file(export))


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_erasure_withdraws_the_files_that_hold_the_person(
    start: Start, people: list[str], organization: Organization, file_format: str
) -> None:
    held, addresses = finish(start("contacts", file_format)), finish(start("suppressions"))
    without, other = finish(start("recipients", states=("failed",))), start("audit")
    erase_contact(Contact.objects.get(external_id="P-1").pk, database_now())
    states = {}
    for export in (held, other, without, addresses):
        export.refresh_from_db()
        states[export.kind] = export.state_at(database_now())
    assert states == {
        "contacts": ExportState.WITHDRAWN,
        "audit": ExportState.QUEUED,
        "recipients": ExportState.READY,
        "suppressions": ExportState.WITHDRAWN,
    }
    with pytest.raises(FileGoneError):
        list(read_file(held))


@pytest.mark.parametrize("pages", [2, 4])
def test_an_erasure_lets_an_unfinished_export_begin_anew(
    start: Start, people: list[str], small_pages: None, pages: int
) -> None:
    export = start("contacts", "xlsx")
    for _ in range(pages):
        write_next(database_now())
    erase_contact(Contact.objects.get(external_id="P-1").pk, database_now())
    assert "P-1" not in {row["externalId"] for row in read_rows(export)}
    assert export.row_count == 6


def test_a_small_export_is_written_where_it_is_asked_for(start: Start, distribution: Distribution) -> None:
    for file_format in ("csv", "xlsx"):
        export = start("recipients", file_format)
        write_here(export.pk, 20, database_now)
        export.refresh_from_db()
        assert export.state_at(database_now()) is ExportState.READY


def test_an_export_is_deleted_after_a_week(start: Start, people: list[str]) -> None:
    export = finish(start("contacts"))
    assert delete_expired_exports(export.expires_at - timedelta(seconds=1)) == 0
    assert export.state_at(export.expires_at) is ExportState.EXPIRED
    assert delete_expired_exports(export.expires_at) == 1
    assert (Export.objects.count(), ExportPart.objects.count()) == (0, 0)


def test_an_organisation_has_so_many_exports_at_a_time(start: Start) -> None:
    for _ in range(MAX_UNFINISHED):
        export = start("suppressions")
    with pytest.raises(TooManyExportsError):
        start("suppressions")
    finish(export)
    start("suppressions")
