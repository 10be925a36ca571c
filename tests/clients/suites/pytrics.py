"""pytrics 1.1.0: a survey's definition and its responses as files."""

import json
import os
import tempfile
from pathlib import Path

from tests.clients.checking import Suite, expect, wait_for
from tests.clients.world import HOST, World

world, suite = World.read(), Suite()
folder = tempfile.mkdtemp()
os.environ["QUALTRICS_API_BASE_URL"] = f"https://{HOST}/API/v3"
os.environ["QUALTRICS_API_AUTH_TOKEN"] = world.api_key
os.environ["ABSOLUTE_PATH_TO_DATA_DIR"] = folder
Path("../data").mkdir()  # where it unzips

from pytrics.operations.download import get_survey_data  # noqa: E402
from pytrics.qualtrics_api.client import QualtricsAPIClient  # noqa: E402
from pytrics.qualtrics_api.common import get_details_for_client  # noqa: E402
from pytrics.tools import Tools  # noqa: E402

client = QualtricsAPIClient(*get_details_for_client())


@suite.check
def get_survey() -> None:
    survey = client.get_survey(world.survey)["result"]
    expect((survey["id"], survey["questions"]["QID1"]["questionLabel"] != ""), (world.survey, True))


@suite.check
def export_step_by_step() -> None:
    _, progress_id = client.create_response_export(world.survey)
    wait_for(
        lambda: client.get_response_export_progress(world.survey, progress_id)[0]["result"]["status"] == "complete"
    )
    _, file_id = client.get_response_export_progress(world.survey, progress_id)
    expect(client.get_response_export_file(world.survey, file_id)[:2], b"PK")


@suite.check
def get_survey_data_as_a_file() -> None:
    stored = json.loads(Path(get_survey_data(world.survey, folder)).read_text("utf-8-sig"))
    expect(stored["result"]["id"], world.survey)


@suite.check
def retrieve_survey_response_data() -> None:
    _, zipped, unzipped, processed = Tools().retrieve_survey_response_data(world.survey, process_responses=False)
    stored = json.loads(Path(unzipped).read_text())["responses"]
    expect(world.response in [response["responseId"] for response in stored], True)
    expect((Path(zipped).exists(), processed), (True, None))


@suite.check
def retrieve_survey_response_data_processed() -> None:
    *_, processed = Tools().retrieve_survey_response_data(world.survey)
    answers = {key: values for entry in json.loads(Path(processed).read_text()) for key, values in entry.items()}
    expect(world.response in answers, True)
    expect(answers[world.response] != {}, True)


suite.leave_out(
    "surveys are written in this product's admin, not by the API",
    "create_survey",
    "create_block",
    "create_question",
    "update_block",
    "update_question",
    "delete_block",
    "get_block",
    "get_question",
    "find_question_in_survey_by_label",
    "publish_survey",
    "update_survey",
)
if __name__ == "__main__":
    suite.run()
