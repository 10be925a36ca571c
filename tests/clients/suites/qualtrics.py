"""qualtrics 0.4.2: surveys, their definitions, and exports of responses."""

import csv
import json
import zipfile
from pathlib import Path

from qualtrics.api import QualtricsClient
from qualtrics.api.exceptions import QualtricsAPIError
from qualtrics.api.models import ResponseExportRequest, SurveyUpdateRequest

from tests.clients.checking import Suite, expect
from tests.clients.world import DATA_CENTER, World

world, suite = World.read(), Suite()
client = QualtricsClient(world.api_key, data_center=DATA_CENTER)


def _export(**options: object) -> Path:
    folder = Path("exports", str(len(list(Path.cwd().glob("exports/*")))))
    folder.mkdir(parents=True)
    request = ResponseExportRequest(**options)
    return Path(client.responses.export(world.survey, folder, options=request, poll_interval=0.01).path)


def _text(path: Path) -> str:
    """Return the file's text, unzipped if it is a zip."""
    if not zipfile.is_zipfile(path):
        return path.read_text("utf-8-sig")
    with zipfile.ZipFile(path) as file:
        (name,) = file.namelist()
        return file.read(name).decode("utf-8-sig")


@suite.check
def surveys_list() -> None:
    expect(world.survey in [survey.id for survey in client.surveys.list().elements], True)


@suite.check
def surveys_iter() -> None:
    expect(world.survey in [survey.id for survey in client.iter_surveys()], True)


@suite.check
def surveys_get() -> None:
    survey = client.surveys.get(world.survey)
    expect((survey["id"], "QID1" in survey["questions"]), (world.survey, True))


@suite.check
def surveys_update() -> None:
    name = client.surveys.get(world.survey)["name"]
    client.surveys.update(world.survey, SurveyUpdateRequest(name="Renamed by a client"))
    expect(client.surveys.get(world.survey)["name"], "Renamed by a client")
    client.surveys.update(world.survey, {"name": name})


@suite.check
def survey_definitions_get() -> None:
    definition = client.survey_definitions.get(world.survey)
    expect((definition.survey_id, "QID1" in definition.payload["Questions"]), (world.survey, True))


@suite.check
def survey_definitions_get_flow() -> None:
    expect(len(client.survey_definitions.get_flow(world.survey)["Flow"]) > 0, True)


@suite.check
def survey_definitions_get_metadata() -> None:
    expect(client.survey_definitions.get_metadata(world.survey)["SurveyID"], world.survey)


@suite.check
def export_csv() -> None:
    rows = list(csv.reader(_text(_export(format="csv")).splitlines()))
    expect("ResponseId" in rows[0], True)
    expect(json.loads(rows[2][0]), {"ImportId": "startDate"})


@suite.check
def export_tsv() -> None:
    expect("ResponseId" in _text(_export(format="tsv")).splitlines()[0].split("\t"), True)


@suite.check
def export_json() -> None:
    stored = json.loads(_text(_export(format="json", use_labels=False)))["responses"]
    expect(world.response in [response["responseId"] for response in stored], True)


@suite.check
def export_ndjson() -> None:
    stored = [json.loads(line) for line in _text(_export(format="ndjson", use_labels=False)).splitlines()]
    expect(world.response in [response["responseId"] for response in stored], True)


@suite.check
def export_uncompressed_with_options() -> None:
    path = _export(format="csv", compress=False, question_ids=["QID1"], limit=1, new_line_replacement=" ")
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    expect((zipfile.is_zipfile(path), len(rows), rows[0].count("Q1")), (False, 4, 1))


@suite.check
def errors_have_text_and_request_id() -> None:
    try:
        client.surveys.get("SV_000000000000000")
    except QualtricsAPIError as error:
        expect((error.status_code, bool(error.request_id), str(error) != ""), (404, True, True))
    else:
        raise AssertionError("a survey that does not exist was found")


suite.leave_out(
    "surveys are written in this product's admin, not by the API",
    "survey_definitions.create",
    "survey_definitions.delete",
    "survey_definitions.update_metadata",
)
suite.leave_out("surveys have no quotas and no saved filters", "survey_quotas", "responses.list_filters")
suite.leave_out("responses are stored one by one, not from files", "responses.import_file", "responses.import_url")
if __name__ == "__main__":
    suite.run()
