"""GET /api/v1/responses: what people answered, by survey and attributes; POST …/import: answers gathered elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor import models
from distributor.api.authentication import caller_key
from distributor.api.fields import AwareMoment, DataFault, EmbeddedData, Identifier
from distributor.api.native.links import LINK_REFUSALS
from distributor.api.native.owned import PAGE
from distributor.api.pagination import page_response, read_page
from distributor.api.problems import Fault, Problem, ProblemDocument, invalid_request
from distributor.api.validation import parse_body
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import LinkNotOpenError, find_responses, record_anonymous, record_response

PREFIX = "attributes."
MAX_ATTRIBUTES = 10
MAX_IMPORTED = 200
# The id of a response that is nobody's tells its day in milliseconds since then, and there are none before.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_ERRORS = {400: ProblemDocument, 401: ProblemDocument, 403: ProblemDocument}


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, strict=True, extra="forbid", frozen=True)


class Respondent(_Wire):
    code: str
    distribution_id: UUID
    contact_id: UUID
    external_id: str | None
    email: str | None
    phone: str | None


class ResponseDocument(_Wire):
    id: UUID
    survey_id: UUID
    recipient: Respondent | None = Field(description="null: the response is anonymous.")
    locale: str | None
    attributes: dict[str, Any]
    answers: Any
    submitted_at: datetime = Field(description="Of an anonymous response the day (UTC).")


class ResponsePage(_Wire):
    items: list[ResponseDocument]
    next_cursor: str | None


class ImportedResponse(_Wire):
    """Answers by the link's code; or by the survey, and then they are nobody's."""

    code: Identifier | None = None
    survey_id: UUID | None = None
    answers: Annotated[EmbeddedData, Field(max_length=100, description="Up to 100 answers by question, any JSON.")]
    submitted_at: AwareMoment | None = Field(None, description="From 1970 until now; by default now.")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.code is None) == (self.survey_id is None):
            told = DataFault((), "code_or_survey", "Either code or surveyId is needed.")
            raise PydanticCustomError("invalid_data", "Unclear.", {"faults": [told]})
        return self


class ImportBody(_Wire):
    responses: Annotated[list[ImportedResponse], Field(min_length=1, max_length=MAX_IMPORTED)]


class ImportResult(_Wire):
    """Of each response in the order given: its id, or why it was not stored."""

    id: UUID | None
    submitted_at: datetime | None
    error: str | None = Field(description="link_used, link_expired, link_cancelled, link_not_found, survey_not_found")


class ImportAnswer(_Wire):
    imported: int
    results: list[ImportResult]


@dataclass(frozen=True, slots=True)
class Filters:
    survey_id: UUID | None
    attributes: Mapping[str, Sequence[str]]


class Responses(APIView):
    """The organisation's responses, newest first. Within a day anonymous ones stand in no order."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_responses",
        tags=["native"],
        parameters=[
            OpenApiParameter("surveyId", UUID, description="Only responses to this survey."),
            OpenApiParameter(
                PREFIX + "{key}",
                description=f"Written attributes.plan=pro, for up to {MAX_ATTRIBUTES} keys: only responses with all of "
                "them. A key given twice: with either value. A number, true, false and null match as such, too.",
            ),
            *PAGE,
        ],
        responses={200: ResponsePage} | _ERRORS,
    )
    def get(self, request: Request) -> Response:
        filters, faults = _read_filters(request)
        try:
            before_id, limit = read_page(request, UUID)
        except Problem as problem:
            raise invalid_request([*faults, *problem.faults]) from None
        if faults:
            raise invalid_request(faults)
        organization_id = caller_key(request).organization_id
        rows = find_responses(organization_id, filters.survey_id, filters.attributes, before_id)
        return page_response(request, list(rows[: limit + 1]), limit, lambda row: str(row.pk), _render)


class ImportResponses(APIView):
    """Stores answers that were gathered elsewhere, each by itself: one that cannot be stored stops no other.

    Answers by a code use its link up, so that a second import stores none of them again.
    """

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="import_responses",
        tags=["native"],
        request=ImportBody,
        responses={200: ImportAnswer, 413: ProblemDocument} | _ERRORS,
    )
    def post(self, request: Request) -> Response:
        organization_id = caller_key(request).organization_id
        body = parse_body(ImportBody, request.body)
        now = database_now()
        faults = [
            Fault(f"/responses/{position}/submittedAt", "datetime_range", "This lies before 1970 or after now.")
            for position, one in enumerate(body.responses)
            if one.submitted_at is not None and not _EARLIEST <= one.submitted_at <= now
        ]
        if faults:
            raise invalid_request(faults)
        surveys = _surveys_of(organization_id, body)
        results = [_store(one, surveys, organization_id, now) for one in body.responses]
        answer = ImportAnswer(imported=sum(result.error is None for result in results), results=results)
        return Response(answer.model_dump(by_alias=True), HTTPStatus.OK)


def _read_filters(request: Request) -> tuple[Filters, list[Fault]]:
    faults = []
    survey_id = None
    if (text := request.query_params.get("surveyId")) is not None:
        try:
            survey_id = UUID(text)
        except ValueError:
            faults.append(Fault("?surveyId", "invalid", "surveyId is a UUID."))
    asked = {
        name.removeprefix(PREFIX): texts
        for name, texts in request.query_params.lists()
        if name.startswith(PREFIX) and name != PREFIX
    }
    if len(asked) > MAX_ATTRIBUTES:
        faults.append(Fault("?attributes", "too_many", f"At most {MAX_ATTRIBUTES} attributes."))
    faults += [
        Fault(f"?{PREFIX}{key}".replace("\0", "\\0"), "nul_character", "No attribute holds a NUL character.")
        for key, texts in asked.items()
        if "\0" in key or any("\0" in text for text in texts)
    ]
    return Filters(survey_id, asked), faults


def _render(row: models.Response) -> dict[str, Any]:
    document = ResponseDocument(
        id=row.pk,
        survey_id=row.survey_id,
        recipient=_respondent(row.recipient) if row.recipient is not None else None,
        locale=row.locale or None,
        attributes=row.attributes,
        answers=row.answers,
        submitted_at=row.submitted_at,
    )
    return document.model_dump(by_alias=True)


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


def _surveys_of(organization_id: UUID, body: ImportBody) -> Mapping[UUID, models.Survey]:
    named = {one.survey_id for one in body.responses if one.survey_id is not None}
    surveys: QuerySet[models.Survey] = models.Survey.objects.filter(organization_id=organization_id)
    return surveys.in_bulk(list(named))


def _store(
    one: ImportedResponse, surveys: Mapping[UUID, models.Survey], organization_id: UUID, now: datetime
) -> ImportResult:
    if one.survey_id is not None:
        survey = surveys.get(one.survey_id)
        if survey is None:
            return ImportResult(id=None, submitted_at=None, error="survey_not_found")
        stored = record_anonymous(survey, one.answers, one.submitted_at or now)
        return ImportResult(id=stored.pk, submitted_at=stored.submitted_at, error=None)
    try:
        stored = record_response(
            one.code or "", one.answers, now, submitted_at=one.submitted_at, organization_id=organization_id
        )
    except LinkNotOpenError as refusal:
        error = "link_not_found" if refusal.state is None else LINK_REFUSALS[refusal.state][1]
        return ImportResult(id=None, submitted_at=None, error=error)
    return ImportResult(id=stored.pk, submitted_at=stored.submitted_at, error=None)
