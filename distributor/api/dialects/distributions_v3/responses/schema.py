"""The schema of a survey's responses, as `GET /surveys/{SV}/response-schema` answers it."""

from typing import Any

from pydantic import Field

from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.responses.metadata import DATES, LABELS, METADATA
from distributor.api.dialects.distributions_v3.surveys.questions import Question, questions_of
from distributor.models import Survey

_NUMBERS = frozenset({"status", "progress", "duration", "finished"})


class ResponseSchema(Element):
    """A JSON schema of a response."""

    title: str = Field(description="Always `Survey response`.", examples=["Survey response"])
    type: str = Field(description="Always `object`.", examples=["object"])
    properties: dict[str, Any] = Field(
        description="`responseId`, `values` with each question and its text, `labels`, `displayedFields` and "
        "`displayedValues`. Answers of a survey on another site, and embedded data, are values besides.",
        examples=[{"values": {"type": "object", "properties": {"QID1": {"description": "How was it?"}}}}],
    )


def render_schema(survey: Survey) -> ResponseSchema:
    questions = questions_of(survey)
    values = {each.id: _metadata(each.id, each.text) for each in METADATA}
    values |= {question.value_id: _question(question) for question in questions}
    labels = {name: {"type": "string"} for name in (*LABELS, *(each.value_id for each in questions if each.choices))}
    fields = [question.value_id for question in questions]
    return ResponseSchema(
        title="Survey response",
        type="object",
        properties={
            "responseId": {"type": "string", "pattern": Kind.RESPONSE.pattern},
            "values": {"type": "object", "properties": values},
            "labels": {"type": "object", "properties": labels},
            "displayedFields": {"type": "array", "items": {"type": "string", "enum": fields}},
            "displayedValues": {"type": "object"},
        },
    )


def _metadata(name: str, text: str) -> dict[str, Any]:
    kind = "number" if name in _NUMBERS else "string"
    date = {"format": "date-time"} if name in DATES else {}
    return {"description": text, "type": kind, "dataType": "metadata", "exportTag": name, **date}


def _question(question: Question) -> dict[str, Any]:
    described = {"description": question.text, "dataType": "question", "exportTag": question.tag}
    if not question.choices:
        return {**described, "type": "string"}
    choices = [{"label": choice, "const": int(choice)} for choice in question.choices]
    return {**described, "type": "number", "oneOf": choices}
