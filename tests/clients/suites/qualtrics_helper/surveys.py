"""Surveys and their responses."""

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.shared import client, made, suite, world


@suite.check
def list_surveys() -> None:
    (made["survey name"],) = [each["name"] for each in client.surveys.list_surveys() if each["id"] == world.survey]


@suite.check
def search_for_survey_id() -> None:
    expect(client.surveys.search_for_survey_id(made["survey name"]), world.survey)


@suite.check
def get_survey() -> None:
    expect(client.surveys.get_survey(world.survey)["name"], made["survey name"])


@suite.check
def get_survey_response_schema() -> None:
    schema = client.surveys.get_survey_response_schema(world.survey)
    expect(isinstance(schema["properties"]["values"]["properties"]["QID1"]["description"], str), True)


@suite.check
def export_step_by_step() -> None:
    progress = client.surveys.start_survey_export(world.survey)
    file_id = client.surveys.get_survey_export_progress(world.survey, progress)
    stored = client.surveys.get_survey_export_responses(world.survey, file_id)
    expect(world.response in [response["responseId"] for response in stored], True)


@suite.check
def get_survey_responses() -> None:
    stored = client.surveys.get_survey_responses(world.survey)
    expect(world.response in [response["responseId"] for response in stored], True)


@suite.check
def match_survey_questions_responses() -> None:
    schema = client.surveys.get_survey_response_schema(world.survey)["properties"]["values"]["properties"]
    (row,) = [
        row
        for row in client.surveys.match_survey_questions_responses(world.survey)
        if row["responseId"] == world.response
    ]
    expect((row[schema["QID1"]["description"]], row["QID2_TEXT"]), ("7", "By link"))
