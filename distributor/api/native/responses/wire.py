"""Bodies and answers of the response calls."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from distributor import models
from distributor.api.bodies.fields import NO_NUL, AwareMomentOrNone, DataFault, EmbeddedData, Identifier
from distributor.api.native.filters import OfContact
from distributor.api.wire import Body, Document, Page

MAX_IMPORTED = 200
MAX_ATTRIBUTES = 10
Text = Annotated[str, StringConstraints(pattern=NO_NUL)]


class Respondent(Document, extra="forbid"):
    """The recipient who responded."""

    code: str = Field(description="The code of the link.", examples=["Xk3vQ9bTz1Lm"])
    distribution_id: UUID = Field(description="The distribution.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"])
    contact_id: UUID = Field(description="The contact.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    email: str | None = Field(description="The contact's e-mail address.", examples=["ann@example.com"])
    phone: str | None = Field(description="The contact's phone number in E.164.", examples=["+48600000001"])


class ResponseDocument(Document, extra="forbid"):
    """A response to a survey."""

    id: UUID = Field(description="The id of the response.", examples=["0194c4f0-b155-7c99-94e5-f60718293041"])
    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    recipient: Respondent | None = Field(description="The recipient who responded; null for anonymous responses.")
    locale: str | None = Field(description="The language of the response, in BCP 47.", examples=["pl-PL"])
    attributes: dict[str, Any] = Field(
        description="Data of the contact and of the send, as it was when the response was given.",
        examples=[{"ward": "B"}],
    )
    answers: Any = Field(description="The answers by question.", examples=[{"score": 9}])
    submitted_at: datetime = Field(
        description="When it was submitted. For anonymous responses only the day (UTC).",
        examples=["2026-03-06T12:00:00Z"],
    )


class ResponsePage(Page[ResponseDocument], extra="forbid"):
    """Responses, newest first unless the call asks for another order."""


class ResponseQuery(OfContact):
    """Which responses to list. Filters must all match; one that is blank finds nobody.

    Responses are created when they are stored. Of anonymous ones only the day is known: they count as created at its
    beginning, and `createdAfter` finds them with every time of their day.
    """

    survey_id: UUID | None = Field(
        None, description="Only responses to this survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"]
    )


_Values = Annotated[list[Text], Field(min_length=1)]


class ResponseSearch(ResponseQuery):
    """Which responses to list, with attributes. Filters must all match; one that is blank finds nobody."""

    attributes: Annotated[dict[Text, _Values], Field(max_length=MAX_ATTRIBUTES)] = Field(
        default_factory=dict,
        description="Only responses with one of these values for each attribute. Numbers, true, false and null as "
        "texts also match values of these types.",
        examples=[{"ward": ["A", "B"]}],
    )


class ResponseChanges(Body):
    """What to change of a response."""

    attributes: EmbeddedData = Field(
        description="Data to lay over what is stored with the response.", examples=[{"ward": "C"}]
    )


class ImportedResponse(Body):
    """A response to import: by the code of its link, or, as an anonymous response, by its survey."""

    code: Identifier | None = Field(None, description="The code of the link.", examples=["Xk3vQ9bTz1Lm"])
    survey_id: UUID | None = Field(
        None, description="The survey of an anonymous response.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"]
    )
    answers: Annotated[EmbeddedData, Field(max_length=100)] = Field(
        description="Up to 100 answers by question; any JSON.", examples=[{"score": 9, "comment": "Very kind staff."}]
    )
    submitted_at: AwareMomentOrNone = Field(
        None,
        description="When it was submitted, from 1970 until now. Omit it for now.",
        examples=["2026-03-06T13:00:00+01:00"],
    )

    @model_validator(mode="after")
    def _require_code_or_survey(self) -> Self:
        if (self.code is None) == (self.survey_id is None):
            fault = DataFault((), "code_or_survey", "Give either code or surveyId.")
            raise PydanticCustomError("invalid_data", "Give either code or surveyId.", {"faults": [fault]})
        return self


class ImportBody(Body):
    """Responses to import."""

    responses: Annotated[list[ImportedResponse], Field(min_length=1, max_length=MAX_IMPORTED)] = Field(
        description="The responses. Each is stored or refused on its own."
    )


class ImportResult(Document, extra="forbid"):
    """What happened to one response: stored with an id, or refused with an error."""

    id: UUID | None = Field(
        description="The id of the stored response; null if it was refused.",
        examples=["0194c4f0-b155-7c99-94e5-f60718293041"],
    )
    submitted_at: datetime | None = Field(
        description="When it was submitted; null if it was refused.", examples=["2026-03-06T12:00:00Z"]
    )
    error: str | None = Field(
        description="Why it was refused: link_used, link_expired, link_cancelled, link_not_found or survey_not_found; "
        "null if it was stored.",
        examples=["link_used"],
    )


class ImportAnswer(Document, extra="forbid"):
    """The results of an import."""

    imported: int = Field(description="How many responses were stored.", examples=[198])
    results: list[ImportResult] = Field(description="The result of each response, in the order given.")


def render_response(row: models.Response) -> dict[str, Any]:
    return ResponseDocument(
        id=row.pk,
        survey_id=row.survey_id,
        recipient=_respondent(row.recipient) if row.recipient is not None else None,
        locale=row.locale or None,
        attributes=row.attributes,
        answers=row.answers,
        submitted_at=row.submitted_at,
    ).rendered()


def _respondent(recipient: models.Recipient) -> Respondent:
    contact = recipient.contact
    return Respondent(
        code=recipient.code,
        distribution_id=recipient.distribution_id,
        contact_id=contact.pk,
        external_id=contact.external_id,
        email=contact.email or None,
        phone=contact.phone or None,
    )
