"""Views of `/survey-definitions/{SV}`, which are only read: surveys are written in the native API and the admin."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.documentation import SURVEY, TAGS
from distributor.api.dialects.distributions_v3.envelope import PATH_ERRORS, DialectView, answer, enveloped
from distributor.api.dialects.distributions_v3.surveys.definition import (
    FlowDefinition,
    SurveyDefinition,
    SurveyMetadata,
    render_definition,
    render_flow,
    render_metadata,
)
from distributor.api.dialects.distributions_v3.surveys.lookup import find_survey


class SurveyDefinitions(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetSurveyDefinition",
        summary="Show a survey's definition",
        tags=TAGS,
        parameters=[SURVEY],
        responses={200: enveloped(SurveyDefinition)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str) -> Response:
        """Return a survey with its questions, blocks and flow, in its default language."""
        return answer(render_definition(find_survey(request, survey_id)))


class SurveyFlow(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetSurveyFlow",
        summary="Show a survey's flow",
        tags=TAGS,
        parameters=[SURVEY],
        responses={200: enveloped(FlowDefinition)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str) -> Response:
        """Return the order of a survey's blocks."""
        return answer(render_flow(find_survey(request, survey_id)))


class SurveyDefinitionMetadata(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetSurveyMetadata",
        summary="Show a survey's metadata",
        tags=TAGS,
        parameters=[SURVEY],
        responses={200: enveloped(SurveyMetadata)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str) -> Response:
        """Return a survey's id, name and status."""
        return answer(render_metadata(find_survey(request, survey_id)))
