"""Create, read, change and delete surveys."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.operations import CONFLICT, ERRORS, ERRORS_OF_BODY, ERRORS_OF_DETAIL, INVALID, PAGE, SURVEYS
from distributor.api.native.rows import answer_page, change_row, delete_row, find_row, own_rows
from distributor.api.native.surveys.wire import SurveyBody, SurveyChanges, SurveyDocument, SurveyPage, render_survey
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.models import Survey


class Surveys(NativeView):
    """The organisation's surveys."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listSurveys",
        summary="List surveys",
        tags=SURVEYS,
        parameters=PAGE,
        responses={200: SurveyPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's surveys, newest first."""
        return answer_page(request, own_rows(request, Survey), render_survey)

    @extend_schema(
        operation_id="createSurvey",
        summary="Create a survey",
        tags=SURVEYS,
        request=SurveyBody,
        responses={201: SurveyDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Create a survey. Only `name` is required."""
        organization = caller_key(request).organization
        body = parse_body(SurveyBody, json_body(request), lambda given: _target_faults(organization, given))
        survey = Survey.objects.create(organization=organization, **body.given_values())
        return Response(render_survey(survey), HTTPStatus.CREATED)


class SurveyDetail(NativeView):
    """One survey."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getSurvey",
        summary="Get a survey",
        tags=SURVEYS,
        responses={200: SurveyDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, survey_id: str) -> Response:
        """Return one survey."""
        return Response(render_survey(find_row(own_rows(request, Survey), survey_id, "survey")))

    @extend_schema(
        operation_id="updateSurvey",
        summary="Change a survey",
        tags=SURVEYS,
        request=SurveyChanges,
        responses={200: SurveyDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def patch(self, request: Request, survey_id: str) -> Response:
        """Change the given fields and no others."""
        rows, organization = own_rows(request, Survey), caller_key(request).organization
        survey = find_row(rows, survey_id, "survey")
        body = parse_body(SurveyChanges, json_body(request), lambda given: _target_faults(organization, given))
        return Response(render_survey(change_row(rows, survey, body.given_values(), "survey")))

    @extend_schema(
        operation_id="deleteSurvey",
        summary="Delete a survey",
        tags=SURVEYS,
        responses={204: None} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def delete(self, request: Request, survey_id: str) -> Response:
        """Delete a survey that was never sent. A survey that was sent cannot be deleted: 409."""
        return delete_row(own_rows(request, Survey), survey_id, "survey")


def _target_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """Check that links may lead to the target's host. An invalid URL is a fault of its own."""
    target = given.get("targetUrl")
    try:
        is_allowed = (
            not isinstance(target, str)
            or not target
            or Survey(organization=organization, target_url=target).target_is_allowed
        )
    except ValueError:
        return
    if not is_allowed:
        detail = "This host is not among the organisation's allowed redirect hosts."
        yield Fault("/targetUrl", "host_not_allowed", detail)
