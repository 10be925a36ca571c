"""What is kept of an import and of an export: it is erased with its people, and can be imported again."""

from dataclasses import replace

import pytest

from contacts.models import Contact, Organization
from distributor.engine.consent.erase import erase_contact
from distributor.engine.exports.download import read_file
from distributor.engine.exports.start import ExportRequest, start_export
from distributor.engine.exports.write import write_due_exports
from distributor.engine.imports.error_file import error_file
from distributor.engine.imports.start import (
    run_after_dry_run,
)
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    Distribution,
    FileImport,
    ImportFault,
)
from distributor.models.file_import import ImportState
from tests.engine.conftest import Ask
from tests.support.engine.imports import counts_of, import_now, run_imports
from tests.support.engine.traces import traces

pytestmark = pytest.mark.django_db

FILE = "\ufeffE-mail;Imię;Telefon;Oddział\nann@example.com;Ann;600 000 001;B\nbob@example.com;Bob;;\n".encode()


def faults_in(row: FileImport) -> list[tuple[int, str, str]]:
    """Row, column and code of each fault."""
    return [
        (stored.row, fault["column"], fault["code"])
        for stored in ImportFault.objects.filter(file_import=row).order_by("row")
        for fault in stored.faults
    ]


def test_whoever_is_erased_is_erased_from_what_an_import_keeps(organization: Organization) -> None:
    contact = Contact.objects.create(organization=organization, email="ann@example.com", first_name="Ann")
    row = import_now(organization, FILE.replace(b"600 000 001", b"4.86E+10"), is_dry_run=True)
    assert faults_in(row) == [(2, "Telefon", "digits_lost")]
    again = import_now(organization, FILE, is_dry_run=True)
    erase_contact(contact.pk, database_now())
    assert not ImportFault.objects.filter(cells__contains=["ann@example.com"]).exists()
    run_after_dry_run(again.pk, database_now())
    run_imports()
    assert not Contact.objects.filter(email="ann@example.com").exists()
    assert Contact.objects.filter(email="bob@example.com").exists()


def test_names_in_a_files_name_and_in_its_send_are_erased(organization: Organization, ask: Ask) -> None:
    contact = Contact.objects.create(organization=organization, email="ann@example.com")
    named = {"name": "For ann@example.com", "subject": "Of ann@example.com", "attributes": {"of": "ann@example.com"}}
    send = replace(ask(1, **named), contacts=())
    waiting = import_now(organization, FILE, "of ann@example.com.csv", request=send, is_dry_run=True)
    erase_contact(contact.pk, database_now())
    run_after_dry_run(waiting.pk, database_now())
    run_imports()
    assert traces("ann@") == {}
    assert Distribution.objects.get().attributes == {"of": "[erased]"}


def test_an_import_keeps_no_copy_of_its_send_when_it_is_over(organization: Organization, ask: Ask) -> None:
    done = import_now(organization, FILE, request=replace(ask(1), contacts=()))
    assert (done.state, done.request) == (ImportState.DONE, None)
    waiting = import_now(organization, FILE, request=replace(ask(1), contacts=()), is_dry_run=True)
    assert waiting.request is not None


def test_the_file_of_errors_is_corrected_and_imported_again(organization: Organization) -> None:
    row = import_now(organization, b"email,note,ward\nnobody,=1+1,-5\n")
    corrected = b"".join(error_file(row)).replace(b"nobody", b"ann@example.com")
    assert b"'=1+1" in corrected
    again = import_now(organization, corrected)
    assert again.state is ImportState.DONE
    assert Contact.objects.get().embedded_data == {"note": "=1+1", "ward": "-5"}


def test_an_export_of_contacts_is_imported_again_as_it_was(organization: Organization) -> None:
    import_now(organization, b"email,external id,ward\nann@example.com,P-1,B\n")
    before = Contact.objects.values().get()
    request = ExportRequest("contacts", "csv")
    export = start_export(organization, request, SYSTEM, "test", database_now())
    while write_due_exports(database_now):
        pass
    export.refresh_from_db()
    row = import_now(organization, b"".join(read_file(export)))
    assert (row.state, counts_of(row)) == (ImportState.DONE, {"row": 1, "updated": 1})
    assert Contact.objects.values().get() == before


def test_a_number_is_erased_from_faulty_rows_however_it_was_written(organization: Organization) -> None:
    import_now(organization, b"phone\n+48 600 000 001\n")
    contact = Contact.objects.get()
    written = b"phone;locale\n600-000 001;x\n+48 (600) 000001;x\n600000002;x\n"
    row = import_now(organization, written)
    assert row.faulty_count == 3
    erase_contact(contact.pk, database_now())
    assert [fault.cells[0] for fault in ImportFault.objects.all()] == ["600000002"]
