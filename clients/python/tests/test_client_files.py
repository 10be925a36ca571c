"""Imports and exports, on a real server. A worker works each time a client asks how far it is."""

from pathlib import Path
from typing import Any

import pytest
from conftest import in_a_thread

from contacts.models import Contact
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export
from distributor_client import ExportFailedError, ImportFailedError, WaitTimeoutError
from tests.support.engine.imports import run_imports

CSV = "email,first name,ward\nann@example.com,Ann,B\nno address,Bob,C\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(CSV)
    return path


def import_some(_: object) -> None:
    in_a_thread(run_imports)


def export_some(_: object) -> None:
    in_a_thread(lambda: write_next(database_now()))


def test_a_file_is_imported_with_progress(distributor: Any, people: Path) -> None:
    seen: list[Any] = []
    preview = distributor.imports.preview(people, mapping={"ward": "embeddedData.unit"})
    assert [column.name for column in preview.columns] == ["email", "first name", "ward"]

    def progress(document: Any) -> None:
        seen.append(document.state)
        import_some(document)

    done = distributor.imports.run(
        people, mapping={"ward": "embeddedData.unit"}, on_progress=progress, poll_seconds=0.01
    )
    assert (done.created, done.faulty, done.file_name) == (1, 1, "people.csv")
    assert (seen[0], seen[-1]) == ("reading", "done")
    assert Contact.objects.get().embedded_data == {"unit": "B"}
    [row] = distributor.imports.errors(done.id)
    assert [fault.code for fault in row.faults]
    assert [each.id for each in distributor.imports.list()] == [done.id]


def test_a_dry_run_is_run_afterwards(distributor: Any, people: Path) -> None:
    counted = distributor.imports.run(people, dry_run=True, on_progress=import_some, poll_seconds=0.01)
    assert (counted.created, Contact.objects.count()) == (1, 0)
    distributor.imports.run_after_dry_run(counted.id)
    distributor.imports.wait(counted.id, on_progress=import_some, poll_seconds=0.01)
    assert Contact.objects.count() == 1


def test_a_file_that_is_refused_says_why(distributor: Any, tmp_path: Path) -> None:
    nobody = tmp_path / "nobody.csv"
    nobody.write_text("colour\nred\n")
    with pytest.raises(ImportFailedError) as caught:
        distributor.imports.run(nobody, on_progress=import_some, poll_seconds=0.01)
    assert caught.value.document.faults[0].detail in str(caught.value)
    started = distributor.imports.start(nobody)
    with pytest.raises(WaitTimeoutError):
        distributor.imports.wait(started.id, timeout_seconds=0)
    assert distributor.imports.cancel(started.id).state == "cancelled"


def test_rows_are_exported_to_a_file(distributor: Any, tmp_path: Path) -> None:
    ward = distributor.lists.create("Ward B")
    ann = distributor.contacts.save(external_id="PAT-1", email="ann@example.com")
    distributor.contacts.save(external_id="PAT-2")
    distributor.lists.change_members(ward.id, add=[ann.id])
    target = tmp_path / "contacts.csv"
    done = distributor.exports.to_file(
        target,
        kind="contacts",
        columns=["externalId", "email"],
        filters={"list_id": ward.id},
        on_progress=export_some,
        poll_seconds=0.01,
    )
    assert target.read_text("utf-8-sig").splitlines() == ["externalId,email", "PAT-1,ann@example.com"]
    assert done.rows == 1
    started = distributor.exports.start(kind="suppressions")
    assert [each.id for each in distributor.exports.list()] == [started.id, done.id]
    Export.objects.filter(pk=done.id).update(expires_at=database_now())
    with pytest.raises(ExportFailedError):
        distributor.exports.wait(done.id)
    distributor.exports.delete(done.id)
    assert [path.name for path in tmp_path.iterdir()] == ["contacts.csv"]
