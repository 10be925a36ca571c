"""Responses one by one: stored, shown and changed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import AuditEntry, Response, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.api.lists_and_links import call, error_of, faults_of, is_id, result_of
from tests.support.engine.people import given


def path_of(survey: Survey) -> str:
    return f"surveys/{public_id(Kind.SURVEY, survey.pk)}/responses"


@pytest.fixture
def response(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Response:
    """A contact's response."""
    step = StepRequest(Channel.EMAIL, accounts[Channel.EMAIL].pk, templates[Channel.EMAIL].pk)
    asked = DistributionRequest(source="test", survey_id=survey.pk, contacts=[given(1)], steps=[step], is_sent=False)
    [recipient] = accept(organization, None, asked, database_now()).recipients
    return record_response(recipient.code, {"score": 9, "comment": ""}, database_now())


def test_a_response_is_stored_as_anonymous_and_shown(client: Client, survey: Survey) -> None:
    values = {"QID1": "9", "QID2_TEXT": "Kind staff.", "endDate": "2026-03-06T12:00:00Z", "finished": 1}
    made = result_of(call(client, "POST", f"/{path_of(survey)}", {"values": values}))["responseId"]
    assert is_id("R", made)
    stored = Response.objects.get()
    assert (stored.answers, stored.recipient) == ({"score": 9, "comment": "Kind staff."}, None)
    assert stored.submitted_at == datetime(2026, 3, 6, tzinfo=UTC)
    shown = result_of(call(client, "GET", f"{path_of(survey)}/{made}"))
    assert shown["responseId"] == made
    assert (shown["values"]["QID1"], shown["values"]["QID2_TEXT"]) == (9, "Kind staff.")
    assert shown["values"]["distributionChannel"] == "anonymous"
    assert shown["labels"]["QID1"] == "9"


def test_what_is_left_out_of_an_anonymous_response_is_told(client: Client, survey: Survey) -> None:
    answer = call(client, "POST", path_of(survey), {"values": {"QID1": 5, "userLanguage": "PL", "ipAddress": "::1"}})
    warnings = answer.json()["meta"]["warnings"]
    assert [warning["pointer"] for warning in warnings] == ["/values/userLanguage", "/values/ipAddress"]
    assert (Response.objects.get().locale, Response.objects.get().answers) == ("", {"score": 5})


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        (
            {
                "QID1": 11,
                "QID3": 1,
                "finished": False,
                "progress": 50,
                "endDate": "soon",
                "recordedDate": "2999-01-01T00:00:00Z",
            },
            [
                ("/values/QID1", "out_of_range"),
                ("/values/QID3", "unknown_question"),
                ("/values/endDate", "datetime_parsing"),
                ("/values/finished", "not_supported"),
                ("/values/progress", "not_supported"),
                ("/values/recordedDate", "datetime_range"),
            ],
        ),
        ({"status": 0}, [("/values", "no_answers")]),
        ({}, [("/values", "too_short")]),
        ({"QID2_TEXT": None, "note": ""}, [("/values", "no_answers")]),
        ({"QID1": 9, "progress": 50.0}, [("/values/progress", "not_supported")]),
        ({"QID1": 9, "finished": "0.0"}, [("/values/finished", "not_supported")]),
        ({"QID1": True}, [("/values/QID1", "out_of_range")]),
    ],
)
def test_every_fault_of_a_response_is_told_and_nothing_is_stored(
    client: Client, survey: Survey, values: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert sorted(faults_of(call(client, "POST", path_of(survey), {"values": values}))) == faults
    assert not Response.objects.exists()


def test_a_survey_elsewhere_takes_any_answers(client: Client, survey: Survey) -> None:
    survey.target_url = "https://survey.example.com/s/1"
    survey.save()
    result_of(call(client, "POST", path_of(survey), {"values": {"QID1": "often", "QID7_TEXT": "x"}}))
    assert Response.objects.get().answers == {"QID1": "often", "QID7_TEXT": "x"}
    schema = result_of(call(client, "GET", path_of(survey).replace("responses", "response-schema")))
    assert not [name for name in schema["properties"]["values"]["properties"] if name.startswith("QID")]


def test_the_schema_has_the_texts_of_questions(client: Client, survey: Survey) -> None:
    schema = result_of(call(client, "GET", f"{path_of(survey).replace('responses', 'response-schema')}/"))
    values = schema["properties"]["values"]["properties"]
    assert values["QID1"]["description"] == "How likely are you to recommend us to your family or friends?"
    assert [choice["const"] for choice in values["QID1"]["oneOf"]] == list(range(11))
    assert values["QID2_TEXT"]["type"] == "string"


def test_embedded_data_of_a_response_is_changed_and_the_change_is_audited(
    client: Client, survey: Survey, response: Response
) -> None:
    path = f"responses/{public_id(Kind.RESPONSE, response.pk)}"
    body = {"surveyId": public_id(Kind.SURVEY, survey.pk), "embeddedData": {"ward": "B"}, "resetRecordedDate": False}
    assert call(client, "PUT", f"/{path}", body).status_code == 200
    shown = result_of(call(client, "GET", f"{path_of(survey)}/{path.rpartition('/')[2]}"))
    assert (shown["values"]["ward"], shown["values"]["department"]) == ("B", "Cardiology")
    assert "ward" not in Contact.objects.get().embedded_data
    entry = AuditEntry.objects.get()
    assert (entry.object_type, entry.object_id, entry.changes) == (
        "response",
        str(response.pk),
        {"attributes": ["…", "…"]},
    )


def test_a_change_that_cannot_be_made_is_refused(
    client: Client, organization: Organization, survey: Survey, response: Response
) -> None:
    path = f"responses/{public_id(Kind.RESPONSE, response.pk)}"
    survey_id = public_id(Kind.SURVEY, survey.pk)
    other = public_id(Kind.SURVEY, Survey.objects.create(organization=organization, name="Other").pk)
    data = {"ward": "B"}
    for body, faults in (
        ({"surveyId": other, "embeddedData": data}, [("/surveyId", "survey_mismatch")]),
        (
            {"surveyId": "SV_none", "embeddedData": data, "resetRecordedDate": True},
            [("/surveyId", "invalid_id"), ("/resetRecordedDate", "not_supported")],
        ),
        (
            {"surveyId": survey_id, "embeddedData": {str(key): 1 for key in range(200)}},
            [("/embeddedData", "too_many_keys")],
        ),
    ):
        assert faults_of(call(client, "PUT", path, body)) == faults
    erase_contact(Contact.objects.get().pk, database_now())
    refused = call(client, "PUT", path, {"surveyId": survey_id, "embeddedData": data})
    assert error_of(refused, "409 - Conflict")["errorCode"] == "anonymous_response"
    assert Response.objects.get().attributes == {}


def test_responses_of_others_are_not_found(client: Client, organization: Organization, response: Response) -> None:
    birch = Organization.objects.create(name="Birch", slug="birch")
    foreign = Survey.objects.create(organization=birch, name="Theirs")
    theirs = Response.objects.create(survey=foreign, answers={}, submitted_at=datetime(2026, 3, 6, tzinfo=UTC))
    other = Survey.objects.create(organization=organization, name="Other")
    path = f"responses/{public_id(Kind.RESPONSE, theirs.pk)}"
    body = {"surveyId": public_id(Kind.SURVEY, foreign.pk), "embeddedData": {}}
    assert error_of(call(client, "PUT", path, body), "404 - Not Found")["errorCode"] == "not_found"
    answer = call(client, "GET", f"{path_of(other)}/{public_id(Kind.RESPONSE, response.pk)}")
    assert error_of(answer, "404 - Not Found")["errorCode"] == "not_found"
