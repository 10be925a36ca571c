"""/api/v1/imports: upload, preview, follow, dry run, cancel; what is wrong is told at once, and where."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, FileImport, Survey
from tests.support.engine.imports import begin_import, run_imports
from tests.support.workbooks import workbook

pytestmark = pytest.mark.django_db
PATH = "/api/v1/imports"
FILE = b"email,first name,ward\nann@example.com,Ann,B\nbob@example.com,Bob,\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def post_form(client: Client, content: bytes = FILE, path: str = PATH, headers: Any = None, **options: Any) -> Any:
    form = {"file": SimpleUploadedFile("guests.csv", content), "options": json.dumps(options)}
    return client.post(path, form, headers=headers or {})


def post_body(client: Client, query: str = "", content: bytes = FILE, content_type: str = "text/csv") -> Any:
    return client.post(f"{PATH}{query}", content, content_type=content_type)


def codes_of(answer: Any) -> dict[str, str]:
    return {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}


@pytest.fixture
def send(survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> Any:
    account, template = str(accounts[Channel.EMAIL].pk), str(templates[Channel.EMAIL].pk)
    step = {"channel": "email", "providerIds": [account], "templateId": template}
    return {"surveyId": str(survey.pk), "name": "March guests", "steps": [step]}


def test_a_form_is_imported_by_workers(client: Client) -> None:
    answer = post_form(client)
    assert answer.status_code == 202, answer.content
    started = answer.json()
    assert (started["state"], started["kind"], started["fileName"]) == ("reading", "contacts", "guests.csv")
    run_imports()
    done = client.get(f"{PATH}/{started['id']}").json()
    assert (done["state"], done["rowsRead"], done["created"], done["faulty"]) == ("done", 2, 2, 0)
    assert Contact.objects.get(email="ann@example.com").embedded_data == {"ward": "B"}
    assert [each["id"] for each in client.get(PATH).json()["items"]] == [started["id"]]


def test_a_body_alone_has_its_options_in_the_query(client: Client, organization: Organization) -> None:
    mailing_list = MailingList.objects.create(organization=organization, name="Guests")
    answer = post_body(client, f"?listId={mailing_list.pk}&unknownColumns=ignore&fileName=a.csv&existing=skip")
    assert answer.status_code == 202, answer.content
    run_imports()
    assert Membership.objects.filter(mailing_list=mailing_list).count() == 2
    assert Contact.objects.get(email="ann@example.com").embedded_data == {}
    assert FileImport.objects.get().file_name == "a.csv"


def test_a_workbook_is_a_body_too(client: Client) -> None:
    assert post_body(client, content=workbook([["id"], ["007"]]), content_type=XLSX).status_code == 202
    run_imports()
    assert Contact.objects.get().external_id == "007"


def test_a_dry_run_is_run(client: Client) -> None:
    started = post_body(client, "?dryRun=true").json()
    assert client.post(f"{PATH}/{started['id']}/run").status_code == 409
    run_imports()
    checked = client.get(f"{PATH}/{started['id']}").json()
    assert (checked["state"], checked["dryRun"], checked["created"]) == ("done", True, 2)
    assert not Contact.objects.exists()
    assert client.post(f"{PATH}/{started['id']}/run").status_code == 202
    run_imports()
    assert Contact.objects.count() == 2


def test_the_rows_with_faults_are_pages_and_a_file(client: Client) -> None:
    started = post_body(client, content=b"email,phone,note\n=x,4.86E+10,=1+1\nb@b.pl,,\n").json()
    run_imports()
    (row,) = client.get(f"{PATH}/{started['id']}/errors").json()["items"]
    assert row["row"] == 2
    assert [(fault["column"], fault["code"], fault["value"]) for fault in row["faults"]] == [
        ("email", "invalid_email", "=x"),
        ("phone", "digits_lost", "4.86E+10"),
    ]
    answer: Any = client.get(f"{PATH}/{started['id']}/errors?format=csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, cells = csv.reader(io.StringIO(content))
    assert header == ["email", "phone", "note", "row", "reason"]
    assert cells[:4] == ["'=x", "4.86E+10", "'=1+1", "2"]
    assert "email: “=x” is not an e-mail address. phone: “4.86E+10” is a rounded number" in cells[4]
    assert client.get(f"{PATH}/{started['id']}/errors?format=pdf").status_code == 400


def test_a_preview_stores_nothing(client: Client) -> None:
    answer = post_form(client, "E-mail;Imię;Oddział\na@b.pl;Łucja;B\n".encode("cp1250"), f"{PATH}/preview",
                       mapping={"Oddział": "embeddedData.ward"})  # fmt: skip
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["encoding"], found["separator"]) == ("cp1250", ";")
    assert [column["field"] for column in found["columns"]] == ["email", "firstName", "embeddedData.ward"]
    assert found["rows"][0]["contact"] == {"email": "a@b.pl", "firstName": "Łucja", "embeddedData": {"ward": "B"}}
    assert not FileImport.objects.exists()
    assert not AuditEntry.objects.exists()
    refused = post_form(client, b"%PDF-1.7", f"{PATH}/preview")
    assert (refused.status_code, codes_of(refused)) == (400, {"/file": "not_a_table"})
    odd = post_form(client, b"name,ward\nAnn,B\n", f"{PATH}/preview").json()
    assert [fault["code"] for fault in odd["faults"]] == ["no_key_column"]


def test_a_send_starts_when_the_file_is_read(client: Client, send: Any) -> None:
    started = post_form(client, send=send).json()
    assert (started["kind"], started["onFault"]) == ("recipients", "refuse")
    run_imports()
    done = client.get(f"{PATH}/{started['id']}").json()
    distribution = client.get(f"/api/v1/distributions/{done['distributionId']}").json()
    assert (distribution["name"], distribution["totals"]["accepted"]) == ("March guests", 2)


def test_all_faults_of_the_options_are_told_at_once(client: Client, send: Any) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = MailingList.objects.create(organization=other, name="Theirs")
    wrong = {**send, "surveyId": str(foreign.pk), "steps": [{**send["steps"][0], "templateId": str(foreign.pk)}]}
    answer = post_form(client, existing="replace", listId=str(foreign.pk), mapping={"a": "shoe"}, send=wrong, nope=1)
    assert answer.status_code == 400
    assert codes_of(answer) == {
        "/existing": "literal_error",
        "/mapping/a": "unknown_field",
        "/nope": "extra_forbidden",
        "/listId": "list_not_found",
        "/send/surveyId": "survey_not_found",
        "/send/steps/0/templateId": "template_not_found",
    }
    assert not FileImport.objects.exists()
    assert codes_of(post_body(client, "?existing=replace&dryRun=maybe")).keys() == {"/existing", "/dryRun"}
    assert codes_of(post_body(client, "?nope=1")) == {"?nope": "unknown_parameter"}


def test_a_form_has_no_options_in_the_query(client: Client) -> None:
    answer = post_form(client, path=f"{PATH}?listId=x&dryRun=true")
    assert codes_of(answer) == {"?listId": "option_outside_form", "?dryRun": "option_outside_form"}
    assert not FileImport.objects.exists()


def test_what_is_no_file_is_refused(client: Client) -> None:
    assert client.post(PATH, {"a": 1}, content_type="application/json").status_code == 415
    assert codes_of(client.post(PATH, {"options": "{}"})) == {"/file": "missing"}


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
def test_a_file_that_says_it_is_too_long_is_not_read(client: Client, path: str) -> None:
    answer = client.generic("POST", path, b"", CONTENT_TYPE="text/csv", CONTENT_LENGTH="50200000")
    assert answer.status_code == 413


def test_the_same_key_imports_once(client: Client) -> None:
    headers = {"Idempotency-Key": "guests-2026-03"}
    first = client.post(PATH, FILE, content_type="text/csv", headers=headers)
    again = client.post(PATH, FILE, content_type="text/csv", headers=headers)
    assert (first.status_code, again.json()["id"], again["Idempotent-Replayed"]) == (202, first.json()["id"], "true")
    other = client.post(PATH, FILE + b"c@b.pl,,\n", content_type="text/csv", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert FileImport.objects.count() == 1


def test_cancelling_and_what_is_audited(client: Client) -> None:
    started = post_body(client).json()
    cancelled = client.post(f"{PATH}/{started['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    done = post_body(client).json()
    run_imports()
    assert client.post(f"{PATH}/{done['id']}/cancel").json()["code"] == "import_is_over"
    entries = AuditEntry.objects.filter(object_type="fileimport").order_by("id")
    assert [(entry.action, entry.object_id) for entry in entries] == [
        ("created", started["id"]),
        ("cancelled", started["id"]),
        ("created", done["id"]),
    ]


def test_scopes(organization: Organization, send: Any) -> None:
    def using(*scopes: Scope) -> Client:
        return Client(headers={"x-api-key": create_api_key(organization, "k", list(scopes))[1]})

    assert post_body(using(Scope.READ)).status_code == 403
    assert post_body(using(Scope.SEND)).status_code == 403
    assert post_form(using(Scope.MANAGE), send=send).status_code == 403
    assert post_form(using(Scope.MANAGE, Scope.SEND), send=send).status_code == 202
    assert post_form(using(Scope.READ), path=f"{PATH}/preview").status_code == 200


def test_imports_of_others_are_not_there(client: Client) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    row = begin_import(other, FILE)
    assert client.get(PATH).json()["items"] == []
    for method, path in [("get", ""), ("get", "/errors"), ("post", "/run"), ("post", "/cancel")]:
        assert getattr(client, method)(f"{PATH}/{row.pk}{path}").status_code == 404
    assert FileImport.objects.get(pk=row.pk).cancelled_at is None
    assert database_now() > row.created_at
