"""`distributor import` and `distributor export`."""

import csv
import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contacts.models import Contact, Membership, Organization
from distributor.engine.exports.download import read_file
from distributor.engine.exports.write import write_due_exports
from distributor.engine.imports.run import run_due_imports
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Export, ExportPart, FileImport
from tests.command_line.conftest import Run, WriteFile

pytestmark = pytest.mark.django_db

PEOPLE = "email;first name;Handy;Station\nann@example.com;Ann;+48601100200;B\nnobody;Bob;;C\n"
MAPPED = ("--map", "Handy=phone", "--map", "Station=data:ward")


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch, organization: Organization) -> None:
    """Let a worker work instead of each pause."""

    def work(_seconds: float) -> None:
        run_due_imports(database_now)
        write_due_exports(database_now)

    monkeypatch.setattr("distributor.command_line.commands.import_file.sleep", work)
    monkeypatch.setattr("distributor.command_line.commands.export.sleep", work)


def test_a_file_with_a_faulty_row_is_refused_and_says_why(run: Run, csv_file: WriteFile, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    answer = run("import", csv_file(PEOPLE), *MAPPED, "--errors", str(errors))
    assert answer.code == 1
    assert "Nothing was imported" in answer.text
    assert Contact.objects.count() == 0
    [_header, row] = csv.reader(errors.read_text("utf-8-sig").splitlines())
    assert (row[0], row[4]) == ("nobody", "3")


def test_the_other_rows_are_imported_once_however_often_the_command_runs(run: Run, csv_file: WriteFile) -> None:
    file = csv_file(PEOPLE)
    Organization.objects.get().mailing_lists.create(name="Ward B")
    command = ("import", file, *MAPPED, "--on-fault", "skip", "--list", "Ward B", "--json")
    first, second = run(*command), run(*command)
    assert first.code == second.code == 0
    assert first.document == second.document
    assert {name: first.document[name] for name in ("state", "row", "new", "faulty")} == {
        "state": "done", "row": 2, "new": 1, "faulty": 1,
    }  # fmt: skip
    contact = Contact.objects.get()
    assert (contact.phone, contact.embedded_data) == ("+48601100200", {"ward": "B"})
    assert Membership.objects.get().mailing_list.name == "Ward B"
    assert FileImport.objects.count() == 1
    assert AuditEntry.objects.get(object_type="fileimport").actor_kind == "cli"
    assert run(*command, "--again").document["updated"] == 1


def test_the_order_of_options_does_not_matter(run: Run, csv_file: WriteFile) -> None:
    file = csv_file(PEOPLE)
    first = run("import", file, *MAPPED, "--on-fault", "skip", "--json")
    second = run("import", file, "--on-fault", "skip", *MAPPED[2:], *MAPPED[:2], "--json")
    assert first.document["id"] == second.document["id"]
    assert run("import", file, *MAPPED[:2], "--on-fault", "skip", "--json").document["id"] != first.document["id"]


def test_a_cancelled_import_is_said_and_can_be_made_anew(run: Run, csv_file: WriteFile) -> None:
    command = ("import", csv_file("email\nann@example.com\n"))
    run(*command)
    FileImport.objects.update(cancelled_at=database_now(), finished_at=None)
    answer = run(*command)
    assert (answer.code, answer.faults) == (1, "That import was cancelled. --again imports it anew.\n")
    assert run(*command, "--again").code == 0


def test_a_dry_run_writes_nothing(run: Run, csv_file: WriteFile) -> None:
    answer = run("import", csv_file(PEOPLE), *MAPPED, "--on-fault", "skip", "--dry-run")
    assert (answer.code, Contact.objects.count()) == (0, 0)
    assert answer.text.splitlines()[-1] == "Nothing was written. 2 rows: 1 new, 1 faulty."


def test_wrong_options_are_named_at_once(run: Run, csv_file: WriteFile, tmp_path: Path) -> None:
    answer = run("import", csv_file(PEOPLE), "--map", "Handy=telefon", "--map", "Station")
    assert answer.code == 2
    assert len(answer.faults.splitlines()) == 2
    assert run("import", str(tmp_path / "none.csv")).code == 2


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "ndjson"])
def test_contacts_are_exported_by_the_files_name(
    run: Run, csv_file: Callable[[str], str], tmp_path: Path, suffix: str
) -> None:
    run("import", csv_file(PEOPLE), *MAPPED, "--on-fault", "skip")
    file = tmp_path / f"contacts.{suffix}"
    answer = run("export", "contacts", "--to", str(file), "--json")
    assert (answer.code, answer.document["rows"], answer.document["format"]) == (0, 1, suffix)
    assert (b"ann@example.com" in file.read_bytes()) is (suffix != "xlsx")
    assert not file.with_name(file.name + ".part").exists()


def test_an_export_that_is_refused_says_every_reason(run: Run, tmp_path: Path) -> None:
    answer = run("export", "contacts", "--to", str(tmp_path / "x.csv"), "--column", "nose", "--channel", "fax")
    assert answer.code == 2
    assert [line.partition(":")[0] for line in answer.faults.splitlines()] == [
        "filters/channel", "filters/channel", "columns/0",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["none/x.csv", "."])
def test_a_file_that_cannot_be_written_is_said_before_anything_is_made(
    run: Run, csv_file: WriteFile, tmp_path: Path, place: str
) -> None:
    path = str(tmp_path / place)
    answers = [run("export", "contacts", "--to", path), run("import", csv_file(PEOPLE), *MAPPED, "--errors", path)]
    assert [answer.code for answer in answers] == [2, 2]
    assert all(path.rstrip("/.") in answer.faults for answer in answers)
    assert (Export.objects.count(), FileImport.objects.count()) == (0, 0)


def interrupt(_row: object) -> Iterator[bytes]:
    yield b"ann@example.com"
    raise KeyboardInterrupt


def fill_the_disk(_row: object) -> Iterator[bytes]:
    yield b"ann@example.com"
    raise OSError(errno.ENOSPC, "No space left on device")


def delete_meanwhile(row: Export) -> Iterator[bytes]:
    ExportPart.objects.all().delete()
    yield from read_file(row)


@pytest.mark.parametrize(
    ("read", "fault"),
    [(interrupt, "Aborted"), (fill_the_disk, "No space left on device"), (delete_meanwhile, "Start another one")],
)
def test_nothing_stays_of_a_file_that_was_written_in_part(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[Export], Iterator[bytes]],
    fault: str,
) -> None:
    monkeypatch.setattr("distributor.command_line.commands.export.read_file", read)
    answer = run("export", "contacts", "--to", str(tmp_path / "contacts.csv"))
    assert (answer.code, fault in answer.faults) == (1, True)
    assert list(tmp_path.iterdir()) == []
