"""The definition of a survey, as `/survey-definitions/{SV}` answers it. Its names begin with capitals, as published."""

from typing import Any

from django.conf import settings
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.surveys.questions import BLOCK_ID, Question, questions_of
from distributor.api.dialects.distributions_v3.timestamps import format_time
from distributor.models import Survey

_FLOW_EXAMPLE = [{"Type": "Block", "ID": BLOCK_ID, "FlowID": "FL_2"}]


def _published_name(name: str) -> str:
    """Return `SurveyID` for survey_id, `BrandBaseURL` for brand_base_url."""
    return to_pascal(name).replace("Id", "ID").replace("Url", "URL")


class _Definition(Element):
    model_config = ConfigDict(alias_generator=_published_name)


class SurveyMetadata(_Definition):
    """Id, name and status of a survey."""

    survey_id: str = id_field(Kind.SURVEY, "Id of the survey.")
    survey_name: str = Field(description="Name of the survey.", examples=["Patient satisfaction"])
    survey_status: str = Field(description="Always `Active`.", examples=["Active"])


class FlowDefinition(_Definition):
    """The order of a survey's blocks."""

    type: str = Field(description="Always `Root`.", examples=["Root"])
    flow_id: str = Field(description="Id of the flow.", examples=["FL_1"])
    flow: list[dict[str, str]] = Field(
        description="The blocks in their order. Empty without questions.", examples=[_FLOW_EXAMPLE]
    )


class SurveyDefinition(SurveyMetadata):
    """A survey and all that defines it. Questions of a survey on another site are not known here."""

    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    creator_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    brand_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    brand_base_url: str = Field(description="Where links begin.", examples=["https://surveys.example.com"])
    last_modified: str = Field(
        description="When the survey was created; later changes are not recorded.", examples=["2026-03-05T09:00:00Z"]
    )
    last_accessed: str | None = Field(description="Always null: not recorded.", examples=[None])
    last_activated: str = Field(description="When the survey was created.", examples=["2026-03-05T09:00:00Z"])
    question_count: str = Field(description="Number of questions, as a text.", examples=["2"])
    project_info: dict[str, str] = Field(
        description="The survey's id once more.", examples=[{"SurveyID": Kind.SURVEY.example}]
    )
    survey_options: dict[str, str] = Field(description="The default language.", examples=[{"SurveyLanguage": "EN"}])
    survey_flow: dict[str, Any] = Field(
        description="The flow, as `…/flow` answers it.", examples=[{"Type": "Root", "FlowID": "FL_1", "Flow": []}]
    )
    blocks: dict[str, Any] = Field(
        description="The one block with all questions, by its id. Empty without questions.",
        examples=[{BLOCK_ID: {"Type": "Default", "Description": "Questions", "BlockElements": []}}],
    )
    questions: dict[str, Any] = Field(
        description="Questions by id. Empty for a survey on another site.",
        examples=[{"QID2": {"QuestionText": "Would you like to tell us more?", "QuestionType": "TE"}}],
    )
    response_sets: dict[str, Any] = Field(description="Always empty.", examples=[{}])
    scoring: dict[str, Any] = Field(description="Always empty.", examples=[{}])


def render_metadata(survey: Survey) -> SurveyMetadata:
    return SurveyMetadata(**_metadata(survey))


def render_flow(survey: Survey) -> FlowDefinition:
    flow = [{"Type": "Block", "ID": BLOCK_ID, "FlowID": "FL_2"}] if questions_of(survey) else []
    return FlowDefinition(type="Root", flow_id="FL_1", flow=flow)


def render_definition(survey: Survey) -> SurveyDefinition:
    questions, organization = questions_of(survey), survey.organization
    owner_id, created = public_id(Kind.LIBRARY, organization.pk), format_time(survey.created_at)
    return SurveyDefinition(
        **_metadata(survey),
        owner_id=owner_id,
        creator_id=owner_id,
        brand_id=organization.slug,
        brand_base_url=settings.PUBLIC_BASE_URL,
        last_modified=created,
        last_accessed=None,
        last_activated=created,
        question_count=str(len(questions)),
        project_info={"SurveyID": public_id(Kind.SURVEY, survey.pk)},
        survey_options={"SurveyLanguage": survey.default_locale.upper()},
        survey_flow=render_flow(survey).render(),
        blocks=_blocks(questions),
        questions={question.id: _question(question) for question in questions},
        response_sets={},
        scoring={},
    )


def _metadata(survey: Survey) -> dict[str, str]:
    return {
        "survey_id": public_id(Kind.SURVEY, survey.pk),
        "survey_name": survey.name,
        "survey_status": "Active",
    }


def _blocks(questions: list[Question]) -> dict[str, Any]:
    if not questions:
        return {}
    elements = [{"Type": "Question", "QuestionID": question.id} for question in questions]
    return {BLOCK_ID: {"Type": "Default", "ID": BLOCK_ID, "Description": "Questions", "BlockElements": elements}}


def _question(question: Question) -> dict[str, Any]:
    settings_of = {"ForceResponse": "ON" if question.is_required else "OFF", "Type": "None"}
    shown: dict[str, Any] = {
        "QuestionID": question.id,
        "QuestionText": question.text,
        "QuestionDescription": question.text,
        "DataExportTag": question.tag,
        "QuestionType": question.type,
        "Selector": question.selector,
        "Validation": {"Settings": settings_of},
        "Language": [],
    }
    if question.choices:
        shown |= {
            "Choices": {choice: {"Display": choice} for choice in question.choices},
            "ChoiceOrder": list(question.choices),
            "ColumnLabels": [{"Display": end} for end in question.ends],
        }
    return shown
