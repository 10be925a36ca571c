"""One survey with its questions, as `GET /surveys/{SV}` answers it."""

from typing import Any

from pydantic import Field

from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.surveys.questions import BLOCK_ID, Question, questions_of
from distributor.api.dialects.distributions_v3.timestamps import format_time
from distributor.models import Response, Survey


class ExpirationElement(Element):
    """Between which times the survey takes responses. Always open."""

    start_date: None = Field(description="Always null.")
    end_date: None = Field(description="Always null.")


class ResponseCounts(Element):
    """How many responses the survey has."""

    auditable: int = Field(description="Number of responses.", examples=[42])
    generated: int = Field(description="Always 0.", examples=[0])
    deleted: int = Field(description="Always 0: no response is deleted.", examples=[0])


class SurveyDetailElement(Element):
    """A survey with its questions. Questions of a survey on another site are not known here."""

    id: str = id_field(Kind.SURVEY, "Id of the survey.")
    name: str = Field(description="Name of the survey.", examples=["Patient satisfaction"])
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    organization_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    is_active: bool = Field(description="Always true.", examples=[True])
    creation_date: str = Field(description="When the survey was created.", examples=["2026-03-05T09:00:00Z"])
    last_modified_date: str = Field(
        description="When the survey was created; later changes are not recorded.", examples=["2026-03-05T09:00:00Z"]
    )
    expiration: ExpirationElement = Field(description="Between which times the survey takes responses.")
    questions: dict[str, Any] = Field(
        description="Questions by id: `QID1` is the score from 0 to 10, `QID2` the comment. Empty for a survey on "
        "another site.",
        examples=[{"QID1": {"questionType": {"type": "MC", "selector": "NPS", "subSelector": None}}}],
    )
    export_column_map: dict[str, Any] = Field(
        description="The question of each column of a response export.", examples=[{"Q1": {"question": "QID1"}}]
    )
    blocks: dict[str, Any] = Field(
        description="The one block with all questions, by its id. Empty without questions.",
        examples=[{BLOCK_ID: {"description": "Questions", "elements": []}}],
    )
    flow: list[dict[str, str]] = Field(
        description="The order of the blocks.", examples=[[{"type": "Block", "id": BLOCK_ID}]]
    )
    embedded_data: list[dict[str, str]] = Field(
        description="Always empty: embedded data has no fixed keys.", examples=[[]]
    )
    comments: dict[str, Any] = Field(description="Always empty.", examples=[{}])
    response_counts: ResponseCounts = Field(description="Counts of its responses.")
    target_url: str | None = Field(
        description="Extension: where links lead. Null for the built-in page.",
        examples=["https://survey.example.com/s/1"],
    )


def render_survey_detail(survey: Survey) -> SurveyDetailElement:
    questions, organization = questions_of(survey), survey.organization
    elements = [{"type": "Question", "questionId": question.id} for question in questions]
    block = {BLOCK_ID: {"description": "Questions", "elements": elements}} if questions else {}
    return SurveyDetailElement(
        id=public_id(Kind.SURVEY, survey.pk),
        name=survey.name,
        owner_id=public_id(Kind.LIBRARY, organization.pk),
        organization_id=organization.slug,
        is_active=True,
        creation_date=format_time(survey.created_at),
        last_modified_date=format_time(survey.created_at),
        expiration=ExpirationElement(start_date=None, end_date=None),
        questions={question.id: _question(question) for question in questions},
        export_column_map={question.tag: {"question": question.id} for question in questions},
        blocks=block,
        flow=[{"type": "Block", "id": name} for name in block],
        embedded_data=[],
        comments={},
        response_counts=ResponseCounts(
            auditable=Response.objects.filter(survey=survey).count(), generated=0, deleted=0
        ),
        target_url=survey.target_url or None,
    )


def _question(question: Question) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "questionType": {"type": question.type, "selector": question.selector, "subSelector": None},
        "questionText": question.text,
        "questionLabel": question.answer_key,
        "questionName": question.tag,
        "validation": {"doesForceResponse": question.is_required},
    }
    if question.choices:
        shown["choices"] = {
            choice: {
                "recode": choice,
                "description": choice,
                "choiceText": choice,
                "imageDescription": None,
                "variableName": None,
                "analyze": True,
            }
            for choice in question.choices
        }
    return shown
