"""Views of `/surveys/{SV}`."""

from typing import ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import SURVEY, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    DialectView,
    Done,
    answer,
    answer_done,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.surveys.body import SurveyChangesBody
from distributor.api.dialects.distributions_v3.surveys.element import SurveyDetailElement, render_survey_detail
from distributor.api.dialects.distributions_v3.surveys.lookup import find_survey
from distributor.api.request_body import json_body
from distributor.models import Survey

_ID_FIELDS: Final = {"/ownerId": Kind.LIBRARY}


class SurveyDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetSurvey",
        summary="Show a survey",
        tags=TAGS,
        parameters=[SURVEY],
        responses={200: enveloped(SurveyDetailElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str) -> Response:
        """Return a survey with its questions in its default language, and the number of its responses.

        The questions of a survey on another site are not known here: it has none.
        """
        return answer(render_survey_detail(find_survey(request, survey_id)))

    @extend_schema(
        operation_id="v3UpdateSurvey",
        summary="Rename a survey",
        tags=TAGS,
        parameters=[SURVEY],
        request=SurveyChangesBody,
        responses={200: Done} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, survey_id: str) -> Response:
        """Give a survey a new name. It cannot be switched off, and does not expire: links expire by distribution."""
        survey = find_survey(request, survey_id)
        body, _keys = read_body(SurveyChangesBody, json_body(request), caller_key(request).organization, _ID_FIELDS)
        if body.name:
            Survey.objects.filter(pk=survey.pk).update(name=body.name)
        return answer_done()
