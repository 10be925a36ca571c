"""A file becomes contacts, members of a list or the recipients of a send; rows with faults are told one by one."""

from typing import Any

import pytest

from contacts.contact_fields import MAX_DATA_KEYS
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.imports.finish import faults_of
from distributor.engine.imports.start import (
    ImportNotInStateError,
    map_columns,
    run_after_dry_run,
)
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    Distribution,
    EventBundle,
    FileImport,
    ImportFault,
    ImportFileChunk,
    ImportPiece,
    Recipient,
)
from distributor.models.file_import import ExistingContacts, FaultyRows, ImportState, UnknownColumns
from tests.engine.conftest import Ask
from tests.support.engine.imports import begin_import, counts_of, import_now, run_imports
from tests.support.workbooks import workbook

pytestmark = pytest.mark.django_db

FILE = "\ufeffE-mail;Imię;Telefon;Oddział\nann@example.com;Ann;600 000 001;B\nbob@example.com;Bob;;\n".encode()


def faults_in(row: FileImport) -> list[tuple[int, str, str]]:
    """Row, column and code of each fault."""
    return [
        (stored.row, fault["column"], fault["code"])
        for stored in ImportFault.objects.filter(file_import=row).order_by("row")
        for fault in stored.faults
    ]


def test_a_file_becomes_contacts(organization: Organization) -> None:
    row = import_now(organization, FILE)
    assert (row.state, counts_of(row)) == (ImportState.DONE, {"row": 2, "new": 2})
    ann = Contact.objects.get(email="ann@example.com")
    assert (ann.first_name, ann.phone, ann.embedded_data) == ("Ann", "+48600000001", {"Oddział": "B"})
    assert row.details == {"encoding": "utf-8-sig", "separator": ";", "sheet": ""}
    assert not ImportFileChunk.objects.exists()
    assert not ImportPiece.objects.exists()


def test_a_workbook_becomes_contacts(organization: Organization) -> None:
    row = import_now(organization, workbook([["Numer telefonu", "id"], [48600123456.0, "007"]]))
    assert (row.state, row.format, counts_of(row)) == (ImportState.DONE, "xlsx", {"row": 1, "new": 1})
    assert Contact.objects.get(external_id="007").phone == "+48600123456"


def test_known_people_are_updated_or_left_as_they_are(organization: Organization) -> None:
    Contact.objects.create(organization=organization, email="ANN@example.com", first_name="Anna")
    row = import_now(organization, FILE, existing=ExistingContacts.SKIP)
    assert counts_of(row) == {"row": 2, "new": 1, "skipped": 1}
    assert Contact.objects.get(email="ANN@example.com").first_name == "Anna"
    row = import_now(organization, FILE)
    assert counts_of(row) == {"row": 2, "updated": 2}
    assert Contact.objects.get(first_name="Ann").email == "ann@example.com"


def test_who_is_there_twice_is_one_contact(organization: Organization) -> None:
    row = import_now(organization, b"email,name\na@b.pl,Ann\nA@B.PL,Anna\n", existing=ExistingContacts.SKIP)
    assert counts_of(row) == {"row": 2, "new": 1, "skipped": 1}
    assert Contact.objects.get().first_name == "Ann"


def test_rows_with_faults_are_told_and_the_others_imported(organization: Organization) -> None:
    content = (
        b"email,phone,id,name\n"
        b"a@b.pl,06641234567.0,1,Ann\n"
        b"b@b.pl,4.86E+10,2,Bo\n"
        b"nobody,,,\n"
        b",,,Cy\n"
        b"d@b.pl,,,\"D\ny\",more\n"
        b"e@b.pl,,,Ed\n"
    )  # fmt: skip
    row = import_now(organization, content)
    assert (row.state, counts_of(row)) == (ImportState.DONE, {"row": 6, "new": 1, "faulty": 5})
    assert faults_in(row) == [
        (2, "phone", "decimal_tail"),
        (3, "phone", "digits_lost"),
        (4, "email", "invalid_email"),
        (5, "", "no_key"),
        (6, "", "row_too_long"),
        (6, "name", "line_break"),
    ]
    assert [contact.email for contact in Contact.objects.all()] == ["e@b.pl"]


def test_nothing_is_imported_of_a_file_that_is_refused_for_a_fault(organization: Organization) -> None:
    row = import_now(organization, b"email\na@b.pl\nnobody\n", on_fault=FaultyRows.REFUSE)
    assert (row.state, [fault.code for fault in faults_of(row)]) == (ImportState.FAILED, ["rows_have_faults"])
    assert not Contact.objects.exists()
    assert faults_in(row) == [(3, "email", "invalid_email")]


@pytest.mark.parametrize(
    ("content", "mapping", "codes"),
    [
        (b"a@b.pl,Ann\nb@b.pl,Bo\n", {}, ["no_header"]),
        (b"name,ward\nAnn,B\n", {}, ["no_key_column"]),
        (b"email,email\na@b.pl,b@b.pl\n", {}, ["column_twice"]),
        (b"email,mail\na@b.pl,b@b.pl\n", {}, ["field_twice"]),
        (b"email\na@b.pl\n", {"e-mail": "email", "x": "phone"}, ["column_not_found", "column_not_found"]),
        (b"email," + b",".join(b"c%d" % n for n in range(201)) + b"\na@b.pl\n", {}, ["too_many_data_columns"]),
        (b"", {}, ["empty_file"]),
    ],
)
def test_columns_that_make_no_people_are_told_all_at_once(
    organization: Organization, content: bytes, mapping: Any, codes: list[str]
) -> None:
    row = import_now(organization, content, mapping=mapping)
    assert (row.state, [fault.code for fault in faults_of(row)]) == (ImportState.FAILED, codes)
    assert all(str(fault).endswith(".") for fault in faults_of(row))
    assert not Contact.objects.exists()


def test_callers_are_told_how_it_ended_and_not_of_dry_runs(organization: Organization) -> None:
    done = import_now(organization, b"email\nann@example.com\nbob\n")
    failed = import_now(organization, b"email\nann@example.com\nbob\n", on_fault=FaultyRows.REFUSE)
    import_now(organization, b"email\nann@example.com\n", is_dry_run=True)
    assert [bundle.details for bundle in EventBundle.objects.filter(type="import.finished").order_by("pk")] == [
        {"importId": str(row.pk), "state": state, "rows": 2, "faultyRows": 1}
        for row, state in ((done, "done"), (failed, "failed"))
    ]


def test_a_mapping_and_what_becomes_of_other_columns(organization: Organization) -> None:
    content = b"Adres,x,Ward\na@b.pl,1,B\n"
    import_now(organization, content, mapping={"Adres": "email", "x": None})
    assert Contact.objects.get().embedded_data == {"Ward": "B"}
    import_now(organization, content, mapping={"Adres": "external_id"}, unknown_columns=UnknownColumns.IGNORE)
    assert Contact.objects.get(external_id="a@b.pl").embedded_data == {}


def test_a_dry_run_writes_nothing_and_can_be_run(organization: Organization) -> None:
    Contact.objects.create(organization=organization, email="ann@example.com", first_name="Anna")
    row = import_now(organization, FILE + b"nobody;;;\n", is_dry_run=True)
    assert (row.state, counts_of(row)) == (ImportState.DONE, {"row": 3, "new": 1, "updated": 1, "faulty": 1})
    assert Contact.objects.get().first_name == "Anna"
    run_after_dry_run(row.pk, database_now())
    run_imports()
    row.refresh_from_db()
    assert (row.state, counts_of(row)) == (ImportState.DONE, {"row": 3, "new": 1, "updated": 1, "faulty": 1})
    assert Contact.objects.get(email="ann@example.com").first_name == "Ann"
    with pytest.raises(ImportNotInStateError):
        run_after_dry_run(row.pk, database_now())


def test_an_uploaded_file_waits_until_its_columns_are_explained(organization: Organization) -> None:
    row = import_now(organization, FILE, mapping=None)
    assert row.state is ImportState.UPLOADED
    map_columns(row.pk, {"Oddział": None}, is_dry_run=False, now=database_now())
    run_imports()
    assert Contact.objects.get(email="ann@example.com").embedded_data == {}


def test_people_are_put_on_a_list_also_those_who_are_left_as_they_are(organization: Organization) -> None:
    known = Contact.objects.create(organization=organization, email="ann@example.com")
    mailing_list = MailingList.objects.create(organization=organization, name="Guests")
    import_now(organization, FILE, list_id=mailing_list.pk, existing=ExistingContacts.SKIP)
    assert Membership.objects.filter(mailing_list=mailing_list).count() == 2
    assert Membership.objects.filter(mailing_list=mailing_list, contact=known).exists()


def test_a_send_starts_when_all_its_recipients_are_there(organization: Organization, ask: Ask) -> None:
    row = begin_import(organization, FILE, request=ask([], name="March guests"), on_fault=FaultyRows.REFUSE)
    assert not Distribution.objects.exists()
    run_imports()
    row.refresh_from_db()
    assert row.state is ImportState.DONE
    assert row.distribution is not None
    assert (row.distribution.name, row.distribution.accepted_count) == ("March guests", 2)
    assert {recipient.contact.email for recipient in Recipient.objects.all()} == {"ann@example.com", "bob@example.com"}


def test_a_send_whose_file_has_a_fault_does_not_start(organization: Organization, ask: Ask) -> None:
    row = import_now(organization, FILE + b"nobody;;;\n", request=ask([]), on_fault=FaultyRows.REFUSE)
    assert row.state is ImportState.FAILED
    assert not Distribution.objects.exists()
    assert not Contact.objects.exists()


def test_a_send_that_is_refused_at_the_end_leaves_nothing_half_written(
    organization: Organization, ask: Ask, templates: Any
) -> None:
    row = begin_import(organization, FILE, request=ask([]))
    for template in templates.values():
        template.delete()
    run_imports()
    row.refresh_from_db()
    assert [fault.code for fault in faults_of(row)] == ["send_refused"]
    assert not Distribution.objects.exists()
    assert not Contact.objects.exists()


def test_data_that_would_be_too_much_is_a_fault_of_its_row(organization: Organization) -> None:
    full = {f"key {number}": "x" for number in range(MAX_DATA_KEYS)}
    Contact.objects.create(organization=organization, email="ann@example.com", embedded_data=full)
    row = import_now(organization, FILE)
    assert counts_of(row) == {"row": 2, "new": 1, "faulty": 1}
    (fault,) = ImportFault.objects.all()
    assert (fault.row, fault.cells) == (2, ["ann@example.com", "Ann", "+48600000001", "B"])


def test_a_dry_run_with_faults_is_not_run_for_a_file_that_is_refused_for_them(
    organization: Organization, ask: Ask
) -> None:
    for request in (None, ask([])):
        row = import_now(
            organization, b"email\na@b.pl\nnobody\n", on_fault=FaultyRows.REFUSE, is_dry_run=True, request=request
        )
        run_after_dry_run(row.pk, database_now())
        run_imports()
        row.refresh_from_db()
        assert (row.state, [fault.code for fault in faults_of(row)]) == (ImportState.FAILED, ["rows_have_faults"])
    assert not Contact.objects.exists()
    assert not Distribution.objects.exists()


def test_a_header_with_nul_and_a_column_without_a_name(organization: Organization) -> None:
    row = import_now(organization, b"email,a\0b\nann@example.com,x\n")
    assert row.state is ImportState.DONE
    assert Contact.objects.get().embedded_data == {"a\ufffdb": "x"}
    nameless = import_now(organization, b"email,\nbo@example.com,x\n", mapping={"": "data:"})
    assert [fault.code for fault in faults_of(nameless)] in (["column_without_name"], ["column_not_found"])


def test_the_list_of_a_send_stays_out_of_pickers(organization: Organization, ask: Ask) -> None:
    row = import_now(organization, FILE, request=ask([]))
    assert row.mailing_list is not None
    assert row.mailing_list.is_automatic
    ordinary = MailingList.objects.create(organization=organization, name="of a send", is_automatic=True)
    import_now(organization, FILE, list_id=ordinary.pk)
    ordinary.refresh_from_db()
    assert not ordinary.is_automatic
