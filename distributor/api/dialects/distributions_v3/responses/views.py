"""Views of `/surveys/{SV}/responses`, `/surveys/{SV}/response-schema` and `/responses/{R}`."""

from datetime import UTC
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import SURVEY, TAGS, id_field, path_id
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    DialectView,
    Done,
    Element,
    ErrorDocument,
    answer,
    answer_done,
    answer_result,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.references import find_by_id
from distributor.api.dialects.distributions_v3.responses.body import NewResponseBody, ResponseChangesBody, read_values
from distributor.api.dialects.distributions_v3.responses.schema import ResponseSchema, render_schema
from distributor.api.dialects.distributions_v3.responses.values import Shown, name_values, render_response
from distributor.api.dialects.distributions_v3.surveys.lookup import find_survey
from distributor.api.dialects.distributions_v3.surveys.questions import questions_of
from distributor.api.request_body import json_body
from distributor.api.response_changes import change_stored_data
from distributor.engine.exports.responses import rows_of
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_anonymous
from distributor.models import Response

RESPONSE: Final = path_id("response_id", Kind.RESPONSE, "Id of the response.")
_ID_FIELDS: Final = {"/surveyId": Kind.SURVEY}


class ResponseMade(Element):
    """The response that was stored."""

    response_id: str = id_field(Kind.RESPONSE, "Id of the response.")


class ResponseElement(Element):
    """A response."""

    response_id: str = id_field(Kind.RESPONSE, "Id of the response.")
    values: dict[str, Any] = Field(
        description="Metadata, answers by the ids of their questions, and embedded data by its keys. What is not known "
        "is absent.",
        examples=[{"recordedDate": "2026-03-06T12:00:00Z", "finished": 1, "QID1": 9, "ward": "B"}],
    )
    labels: dict[str, str] = Field(
        description="Texts of values that are numbers.", examples=[{"finished": "True", "QID1": "9"}]
    )
    displayed_fields: list[str] = Field(
        description="Ids of the questions that were shown.", examples=[["QID1", "QID2_TEXT"]]
    )
    displayed_values: dict[str, list[int]] = Field(
        description="The choices that were shown.", examples=[{"QID1": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}]
    )


class SurveyResponses(DialectView):
    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="v3CreateResponse",
        summary="Store a response",
        tags=TAGS,
        parameters=[SURVEY],
        request=NewResponseBody,
        responses={200: enveloped(ResponseMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, survey_id: str) -> Answer:
        """Store a response that was collected elsewhere. It is anonymous: only its answers and its day are stored.

        What is left out is told in `meta.warnings`. A response of a recipient comes in by its link.
        """
        survey = find_survey(request, survey_id)
        body, _keys = read_body(NewResponseBody, json_body(request), survey.organization, {})
        given = read_values(survey, body.values, database_now())
        stored = record_anonymous(survey, given.answers, given.submitted_at)
        return answer(ResponseMade(response_id=public_id(Kind.RESPONSE, stored.pk)), given.warnings)


class SurveyResponse(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetResponse",
        summary="Show a response",
        tags=TAGS,
        parameters=[SURVEY, RESPONSE],
        responses={200: enveloped(ResponseElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str, response_id: str) -> Answer:
        """Return a response with its answers, as exports have it."""
        survey = find_survey(request, survey_id)
        rows = Response.objects.filter(survey=survey)
        loaded = rows.select_related("recipient__contact", "recipient__distribution")
        [row] = rows_of([find_by_id(loaded, Kind.RESPONSE, response_id)], survey)
        questions = questions_of(survey)
        names = name_values(questions, row.values["answers"], row.values["embeddedData"])
        return answer_result(render_response(row.values, questions, names, UTC, Shown()))


class ResponseSchemas(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetResponseSchema",
        summary="Show the schema of responses",
        tags=TAGS,
        parameters=[SURVEY],
        responses={200: enveloped(ResponseSchema)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str) -> Answer:
        """Return a JSON schema of a survey's responses. The description of a question is its text."""
        return answer(render_schema(find_survey(request, survey_id)))


class ResponseDetail(DialectView):
    scopes: ClassVar = {"PUT": Scope.MANAGE}

    @extend_schema(
        operation_id="v3UpdateResponse",
        summary="Change a response's embedded data",
        tags=TAGS,
        parameters=[RESPONSE],
        request=ResponseChangesBody,
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, response_id: str) -> Answer:
        """Lay embedded data over what is stored with a response. The contact's own data stays as it is.

        Nothing is stored with an anonymous response, or with one of a person who was erased: 409.
        """
        organization = caller_key(request).organization
        rows = Response.objects.filter(survey__organization=organization)
        response = find_by_id(rows, Kind.RESPONSE, response_id)
        body, keys = read_body(ResponseChangesBody, json_body(request), organization, _ID_FIELDS)
        if keys["/surveyId"] != response.survey_id:
            text = "This response is of another survey."
            raise invalid_request([Fault("/surveyId", "survey_mismatch", text)])
        change_stored_data(response.pk, body.embedded_data, "/embeddedData")
        return answer_done()
