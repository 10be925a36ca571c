"""One survey, its questions and its definition."""

from django.test import Client

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import AuditEntry, Survey
from tests.support.api.lists_and_links import call, error_of, faults_of, result_of


def path_of(survey: Survey, collection: str = "surveys") -> str:
    return f"{collection}/{public_id(Kind.SURVEY, survey.pk)}"


def test_a_survey_has_the_questions_of_the_built_in_page(client: Client, survey: Survey) -> None:
    shown = result_of(call(client, "GET", f"/{path_of(survey)}/"))
    assert list(shown["questions"]) == ["QID1", "QID2"]
    score, comment = shown["questions"].values()
    assert score["questionType"] == {"type": "MC", "selector": "NPS", "subSelector": None}
    assert score["questionText"] == "How likely are you to recommend us to your family or friends?"
    assert [choice["choiceText"] for choice in score["choices"].values()] == [str(number) for number in range(11)]
    assert (score["validation"], comment["validation"]) == ({"doesForceResponse": True}, {"doesForceResponse": False})
    assert shown["exportColumnMap"] == {"Q1": {"question": "QID1"}, "Q2": {"question": "QID2"}}
    assert shown["responseCounts"] == {"auditable": 0, "generated": 0, "deleted": 0}
    assert [block["id"] for block in shown["flow"]] == list(shown["blocks"])


def test_questions_are_in_the_surveys_language_and_words(client: Client, survey: Survey) -> None:
    survey.default_locale, survey.texts = "pl", {"pl": {"question": "Czy było czysto?", "low_end": "0 – wcale"}}
    survey.save()
    questions = result_of(call(client, "GET", path_of(survey, "survey-definitions")))["Questions"]
    assert questions["QID1"]["QuestionText"] == "Czy było czysto?"
    assert questions["QID1"]["ColumnLabels"][0] == {"Display": "0 – wcale"}
    assert questions["QID2"]["QuestionText"] == "Czy chce nam Pani/Pan powiedzieć coś więcej?"


def test_a_survey_elsewhere_has_no_questions_here(client: Client, survey: Survey) -> None:
    survey.target_url = "https://survey.example.com/s/1"
    survey.save()
    shown = result_of(call(client, "GET", path_of(survey)))
    assert (shown["questions"], shown["blocks"], shown["flow"]) == ({}, {}, [])
    assert shown["targetUrl"] == "https://survey.example.com/s/1"
    definition = result_of(call(client, "GET", path_of(survey, "survey-definitions")))
    assert (definition["QuestionCount"], definition["Questions"]) == ("0", {})


def test_the_flow_and_the_metadata_are_parts_of_the_definition(client: Client, survey: Survey) -> None:
    path = path_of(survey, "survey-definitions")
    definition = result_of(call(client, "GET", path))
    flow = result_of(call(client, "GET", f"{path}/flow/"))
    assert flow == definition["SurveyFlow"]
    assert [block["ID"] for block in flow["Flow"]] == list(definition["Blocks"])
    metadata = result_of(call(client, "GET", f"{path}/metadata"))
    assert metadata == {name: definition[name] for name in ("SurveyID", "SurveyName", "SurveyStatus")}


def test_a_survey_is_renamed_and_the_change_is_audited(client: Client, survey: Survey) -> None:
    body = {"name": "Your visit", "isActive": True, "expiration": {"startDate": None, "endDate": None}}
    assert call(client, "PUT", path_of(survey), body).status_code == 200
    survey.refresh_from_db()
    assert survey.name == "Your visit"
    entry = AuditEntry.objects.get()
    assert (entry.object_id, entry.changes) == (str(survey.pk), {"name": ["Your stay", "Your visit"]})


def test_what_a_survey_cannot_do_is_refused_with_every_fault_and_nothing_is_written(
    client: Client, survey: Survey
) -> None:
    body = {"name": "New", "isActive": False, "expiration": {"endDate": "2030-01-31T00:00:00Z"}, "ownerId": "UR_1"}
    assert faults_of(call(client, "PUT", path_of(survey), body)) == [
        ("/isActive", "not_supported"),
        ("/expiration", "not_supported"),
        ("/ownerId", "invalid_id"),
    ]
    survey.refresh_from_db()
    assert survey.name == "Your stay"


def test_another_organisations_survey_is_not_found(client: Client) -> None:
    birch = Organization.objects.create(name="Birch", slug="birch")
    foreign = Survey.objects.create(organization=birch, name="Theirs")
    for path in (path_of(foreign), path_of(foreign, "survey-definitions"), "surveys/SV_none"):
        assert error_of(call(client, "GET", path), "404 - Not Found")["errorCode"] == "GSI_2"
    assert error_of(call(client, "PUT", path_of(foreign), {"name": "Ours"}), "404 - Not Found")
    foreign.refresh_from_db()
    assert foreign.name == "Theirs"
