"""Imports in the control room: upload, columns, check, run, and the file of errors."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contacts.models import Contact, MailingList, Membership, Organization
from distributor.models import AuditEntry, FileImport
from distributor.models.file_import import ImportState
from tests.support.engine.imports import run_imports
from tests.support.operators import member, signed_in
from tests.support.strict_pages import strictness_faults
from tests.support.workbooks import Raw, workbook

pytestmark = pytest.mark.django_db
FILE = "E-mail;Imię;Oddział\nann@example.com;Ann;B\nnobody;Bob;\n".encode("cp1250")
KEY = "0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"


def upload(client: Client, content: bytes = FILE, **fields: str) -> Any:
    form = {"key": KEY, "existing": "update", "file": SimpleUploadedFile("goście.csv", content), **fields}
    return client.post("/admin/imports/new/", form)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_a_file_goes_from_the_upload_to_the_contacts(operator: Client) -> None:
    assert not strictness_faults(operator.get("/admin/imports/new/"), "new")
    answer = upload(operator, new_list="Goście")
    assert answer.status_code == 302, text_of(answer)
    page = operator.get(answer.url)
    assert not strictness_faults(page, "mapping")
    assert re.search(r'<option value="data" selected>', text_of(page))
    assert "“nobody” is not an e-mail address." in text_of(page)
    assert not Contact.objects.exists()

    operator.post(f"{answer.url}map/", {"column_0": "email", "column_1": "first_name", "column_2": "data"})
    run_imports()
    checked = text_of(operator.get(answer.url))
    assert "1 contact would be new" in checked
    assert "Import the rows without faults" in checked
    assert not Contact.objects.exists()

    operator.post(f"{answer.url}run/")
    run_imports()
    done = operator.get(answer.url, {"fragment": "progress"})
    assert "1 contact is new" in text_of(done)
    assert Contact.objects.get().embedded_data == {"Oddział": "B"}
    assert Membership.objects.filter(mailing_list__name="Goście").count() == 1
    download: Any = operator.get(f"{answer.url}errors.csv")
    errors = b"".join(download.streaming_content).decode("utf-8-sig")
    assert errors.splitlines()[1].startswith("nobody,Bob,,3,")
    actions = AuditEntry.objects.filter(object_type="fileimport").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["created", "started"]


def test_a_form_posted_twice_imports_once(operator: Client) -> None:
    assert upload(operator).url == upload(operator).url
    assert FileImport.objects.count() == 1


def test_a_mapping_can_be_tried_and_its_faults_are_told(operator: Client) -> None:
    url = upload(operator).url
    tried = text_of(operator.get(url, {"column_0": "external_id", "column_1": "", "column_2": ""}))
    assert "is not an e-mail address" not in tried
    refused = operator.post(f"{url}map/", {"column_0": "", "column_1": "name"}, follow=True)
    assert "No column is an e-mail address, a phone number or an external id." in text_of(refused)
    assert FileImport.objects.get().state is ImportState.UPLOADED


def test_a_file_that_is_no_table_is_told_and_can_be_given_up(operator: Client) -> None:
    url = upload(operator, b"%PDF-1.7").url
    assert "The file is not a table." in text_of(operator.get(url))
    operator.post(f"{url}cancel/")
    assert "cancelled" in text_of(operator.get(url))


def test_viewers_look_and_do_nothing(organization: Organization, operator: Client) -> None:
    url = upload(operator).url
    viewer = signed_in(member(organization, "viewer", "vic"))
    assert viewer.get("/admin/imports/").status_code == viewer.get(url).status_code == 200
    assert viewer.get("/admin/imports/new/").status_code == upload(viewer).status_code == 403
    assert viewer.post(f"{url}map/", {"column_0": "email"}).status_code == 403
    assert viewer.post(f"{url}cancel/").status_code == 403
    assert FileImport.objects.get().state is ImportState.UPLOADED


def test_a_list_takes_a_workbook(organization: Organization, operator: Client) -> None:
    mailing_list = MailingList.objects.create(organization=organization, name="Guests")
    file = SimpleUploadedFile("a.xlsx", workbook([["id", "telefon"], ["007", 48600123456.0]]))
    answer = operator.post(f"/admin/lists/{mailing_list.pk}/add/", {"people": "", "file": file})
    assert answer.status_code == 302, text_of(answer)
    assert Contact.objects.get(external_id="007").phone == "+48600123456"
    damaged = SimpleUploadedFile("a.xlsx", workbook([["email"], [Raw('<c t="e"><v>#N/A</v></c>')]]))
    answer = operator.post(f"/admin/lists/{mailing_list.pk}/add/", {"people": "", "file": damaged})
    assert "Line 2, email: A formula with an error." in text_of(answer)
