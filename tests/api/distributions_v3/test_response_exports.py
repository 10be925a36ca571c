"""Exports of responses: start, progress and file, as published clients ask for them and read them."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_contact
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_anonymous, record_response
from distributor.models import AuditEntry, Export, Response, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.api.lists_and_links import call, error_of, faults_of, is_id, result_of
from tests.support.engine.people import given

COMMENT = '=HYPERLINK("x")\nsecond line'
DAY = datetime(2026, 3, 6, tzinfo=UTC)


def exports_of(survey: Survey) -> str:
    return f"surveys/{public_id(Kind.SURVEY, survey.pk)}/export-responses"


@pytest.fixture
def responses(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> list[Response]:
    """An anonymous response of 6 March, and one of a contact."""
    step = StepRequest(Channel.EMAIL, accounts[Channel.EMAIL].pk, templates[Channel.EMAIL].pk)
    asked = DistributionRequest(source="test", survey_id=survey.pk, contacts=[given(1)], steps=[step], is_sent=False)
    [recipient] = accept(organization, None, asked, database_now()).recipients
    at = DAY + timedelta(days=1, hours=12)
    return [
        record_anonymous(survey, {"score": 3, "status": "odd", "share": 0.5}, DAY + timedelta(hours=15)),
        record_response(recipient.code, {"score": 9, "comment": COMMENT}, at),
    ]


def export(client: Client, survey: Survey, **options: Any) -> Any:
    """Start an export, look once, and download the file."""
    started = result_of(call(client, "POST", f"{exports_of(survey)}/", {"format": "csv", "compress": False, **options}))
    assert (started["percentComplete"], started["status"]) == (0.0, "inProgress")
    assert is_id("ES", started["progressId"])
    progress = result_of(call(client, "GET", f"{exports_of(survey)}/{started['progressId']}"))
    assert (progress["percentComplete"], progress["status"]) == (100.0, "complete")
    file = call(client, "GET", f"{exports_of(survey)}/{progress['fileId']}/file")
    assert file.status_code == 200
    return file


def content(file: Any) -> str:
    return b"".join(file.streaming_content).decode()


def table(text: str, delimiter: str = ",") -> tuple[dict[str, str], list[dict[str, str]]]:
    """The texts by column, and the rows."""
    names, texts, ids, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert all(set(json.loads(cell)) == {"ImportId"} for cell in ids)
    return dict(zip(names, texts, strict=True)), [dict(zip(names, row, strict=True)) for row in rows]


def test_csv_has_three_rows_of_heads_and_a_row_for_each_response(
    client: Client, survey: Survey, responses: list[Response]
) -> None:
    file = export(client, survey)
    assert file["Content-Type"] == "application/csv"
    assert file["Content-Disposition"] == 'attachment; filename="Your stay.csv"'
    text = content(file)
    heads = [*csv.reader(io.StringIO(text, newline=""))][:3]
    assert heads[0][:9] == [
        *("StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)"),
        *("Finished", "RecordedDate", "ResponseId"),
    ]
    assert heads[2][0] == '{"ImportId":"startDate"}'
    assert heads[2][8] == '{"ImportId":"_recordId"}'
    assert dict(zip(heads[0], heads[2], strict=True))["Q2"] == '{"ImportId":"QID2_TEXT"}'
    texts, [anonymous, personal] = table(text)
    assert texts["Q1"] == "How likely are you to recommend us to your family or friends?"
    assert personal["ResponseId"] == public_id(Kind.RESPONSE, responses[1].pk)
    assert (personal["Q1"], personal["Q2"]) == ("9", f"'{COMMENT}")
    assert (personal["RecipientEmail"], personal["ExternalReference"]) == ("person1@example.com", "PAT-1")
    assert (personal["EndDate"], personal["Finished"]) == ("2026-03-07 12:00:00", "1")
    assert personal["department"] == "Cardiology"
    assert (anonymous["RecordedDate"], anonymous["RecipientEmail"]) == ("2026-03-06 00:00:00", "")
    assert (anonymous["DistributionChannel"], personal["DistributionChannel"]) == ("anonymous", "gl")
    # An answer that would hide something else has a prefix.
    assert (anonymous["Status"], anonymous["answers.status"]) == ("0", "odd")


def test_options_of_tables(client: Client, survey: Survey, responses: list[Response]) -> None:
    options = {
        "useLabels": True,
        "timeZone": "Europe/Warsaw",
        "newlineReplacement": " ",
        "formatDecimalAsComma": True,
        "surveyMetadataIds": ["recordedDate", "finished"],
        "questionIds": ["QID2", "share"],
        "embeddedDataIds": [],
    }
    file = export(client, survey, format="tsv", **options)
    assert file["Content-Type"] == "application/tsv"
    texts, rows = table(content(file), "\t")
    assert list(texts) == ["Finished", "RecordedDate", "Q2", "share"]
    assert [list(row.values()) for row in rows] == [
        ["True", "2026-03-06 01:00:00", "", "0,5"],
        ["True", "2026-03-07 13:00:00", "'" + COMMENT.replace("\n", " "), ""],
    ]


def test_json_has_values_and_labels_as_they_are(client: Client, survey: Survey, responses: list[Response]) -> None:
    file = export(client, survey, format="json")
    assert file["Content-Type"] == "application/json"
    [anonymous, personal] = json.loads(content(file))["responses"]
    assert personal["responseId"] == personal["values"]["_recordId"] == public_id(Kind.RESPONSE, responses[1].pk)
    assert (personal["values"]["QID1"], personal["values"]["QID2_TEXT"]) == (9, COMMENT)
    assert personal["values"]["recordedDate"] == "2026-03-07T12:00:00Z"
    assert personal["labels"] == {"status": "IP Address", "finished": "True", "QID1": "9"}
    assert personal["displayedFields"] == ["QID1", "QID2_TEXT"]
    assert personal["displayedValues"] == {"QID1": list(range(11))}
    assert anonymous["values"]["answers.status"] == "odd"
    lines = content(export(client, survey, format="ndjson")).splitlines()
    assert [json.loads(line) for line in lines] == [anonymous, personal]


def test_a_file_is_a_zip_with_one_file_unless_asked_otherwise(
    client: Client, survey: Survey, responses: list[Response]
) -> None:
    file = export(client, survey, compress=None, format="json")
    assert file["Content-Type"] == "application/zip"
    with ZipFile(io.BytesIO(b"".join(file.streaming_content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Your stay.json"]
        assert len(json.loads(archive.read("Your stay.json"))["responses"]) == 2


@pytest.mark.parametrize(
    ("options", "scores"),
    [
        ({}, [3, 9]),
        ({"limit": 1}, [3]),
        ({"limit": 10**30}, [3, 9]),
        ({"startDate": "2026-03-06T20:00:00Z"}, [3, 9]),  # of the anonymous one only the day is known
        ({"startDate": "2026-03-07T00:00:00Z", "endDate": "2100-01-01T01:00:00Z"}, [9]),
        ({"endDate": "2026-03-07T12:00:00Z"}, [3]),
        ({"exportResponsesInProgress": True}, []),
    ],
)
def test_which_responses_are_exported(
    client: Client, survey: Survey, responses: list[Response], options: dict[str, Any], scores: list[int]
) -> None:
    text = content(export(client, survey, format="json", **options))
    assert [each["values"]["QID1"] for each in json.loads(text)["responses"]] == scores


def test_answers_of_a_survey_elsewhere_are_named_by_their_keys(client: Client, survey: Survey) -> None:
    survey.target_url = "https://survey.example.com/s/1"
    survey.save()
    record_anonymous(survey, {"score": 4, "QID7": [1, 2]}, DAY)
    text = content(export(client, survey, format="json"))
    [response] = json.loads(text)["responses"]
    assert {name: response["values"][name] for name in ("answers.score", "QID7")} == {
        "answers.score": 4,
        "QID7": [1, 2],
    }
    _texts, [row] = table(content(export(client, survey)))
    assert row["QID7"] == "[1,2]"


def test_what_is_not_supported_is_refused_with_every_fault(client: Client, survey: Survey) -> None:
    body = {
        "format": "spss",
        "filterId": "x",
        "continuationToken": "x",
        "allowContinuation": True,
        "includeLabelColumns": True,
        "sortByLastModifiedDate": True,
        "timeZone": "Mars/Olympus",
        "questionIds": ["QID1", "QID9"],
        "surveyMetadataIds": ["weather"],
        "sortBy": "x",
    }
    assert sorted(faults_of(call(client, "POST", exports_of(survey), body))) == [
        ("/allowContinuation", "not_supported"),
        ("/continuationToken", "not_supported"),
        ("/filterId", "not_supported"),
        ("/format", "not_supported"),
        ("/includeLabelColumns", "not_supported"),
        ("/questionIds/1", "unknown_question"),
        ("/sortBy", "extra_forbidden"),
        ("/sortByLastModifiedDate", "not_supported"),
        ("/surveyMetadataIds/0", "unknown_column"),
        ("/timeZone", "invalid_time_zone"),
    ]
    backwards = {"format": "csv", "startDate": "2026-03-07T00:00:00Z", "endDate": "2026-03-06T00:00:00Z"}
    assert faults_of(call(client, "POST", exports_of(survey), backwards)) == [("/endDate", "no_time_between")]
    assert not Export.objects.exists()


def test_a_file_with_a_person_who_was_erased_is_gone(
    client: Client, organization: Organization, survey: Survey, responses: list[Response]
) -> None:
    export(client, survey)
    progress_id = public_id(Kind.EXPORT, Export.objects.get().pk)
    erase_contact(Contact.objects.get(organization=organization).pk, database_now())
    assert result_of(call(client, "GET", f"{exports_of(survey)}/{progress_id}"))["status"] == "failed"
    gone = call(client, "GET", f"{exports_of(survey)}/{progress_id}/file")
    assert error_of(gone, "410 - Gone")["errorCode"] == "export_expired"


def test_an_export_that_a_worker_writes_is_in_progress_until_then(
    client: Client, survey: Survey, responses: list[Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    views = "distributor.api.dialects.distributions_v3.responses.exports.views"
    monkeypatch.setattr(f"{views}.WRITES_FOR_SECONDS", 0)
    path = (
        f"{exports_of(survey)}/{result_of(call(client, 'POST', exports_of(survey), {'format': 'csv'}))['progressId']}"
    )
    assert result_of(call(client, "GET", path)) == {"percentComplete": 0.0, "status": "inProgress"}
    early = call(client, "GET", f"{path}/file")
    assert error_of(early, "409 - Conflict")["errorCode"] == "export_not_ready"
    while write_next(database_now()):
        pass
    assert result_of(call(client, "GET", path))["status"] == "complete"


def test_exports_of_other_surveys_and_organisations_are_not_found(
    client: Client, organization: Organization, survey: Survey, responses: list[Response]
) -> None:
    export(client, survey)
    made = Export.objects.get()
    other = Survey.objects.create(organization=organization, name="Another")
    birch = Organization.objects.create(name="Birch", slug="birch")
    foreign = Survey.objects.create(organization=birch, name="Theirs")
    for export_id in (public_id(Kind.EXPORT, made.pk), str(made.pk)):
        answer = call(client, "GET", f"{exports_of(other)}/{export_id}")
        assert error_of(answer, "404 - Not Found")["errorCode"] == "not_found"
    answer = call(client, "POST", exports_of(foreign), {"format": "csv"})
    assert error_of(answer, "404 - Not Found")["errorCode"] == "GSI_2"
    assert [*AuditEntry.objects.order_by("pk").values_list("action", flat=True)] == ["exported", "downloaded"]
