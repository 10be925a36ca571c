"""View of `POST /api/surveys/{surveyId}/distributions/quick`."""

from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.answers.problems import ProblemDocument, not_found
from distributor.api.bodies.dry_run import DryRunResponse, PlanDocument
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.dialects.quick import faults
from distributor.api.dialects.quick.translate import to_answer, to_request
from distributor.api.dialects.quick.warnings import read_quick_body
from distributor.api.dialects.quick.wire import QuickAnswer, QuickDistribution
from distributor.api.request_body import json_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.acceptance.key_kinds import request_of_key

_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422)


class QuickDistributions(APIView):
    """`POST /api/surveys/{surveyId}/distributions/quick`."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="createQuickDistribution",
        summary="Send a survey to contacts",
        tags=["Quick distribution"],
        parameters=[
            OpenApiParameter(
                "survey_id",
                str,
                OpenApiParameter.PATH,
                description="Id of the survey.",
                examples=[OpenApiExample("survey", "0195e3a1-0000-7000-8000-000000000001")],
            )
        ],
        request=QuickDistribution,
        responses={HTTPStatus.CREATED: QuickAnswer, HTTPStatus.OK: PlanDocument}
        | dict.fromkeys(_ERRORS, ProblemDocument),
    )
    @idempotent
    def post(self, request: Request, survey_id: str) -> Response:
        """Send a survey to contacts in one call: find or create the contacts, make a mailing list and a distribution,
        and send now or at `scheduledAt`.

        Answers 201 with the personal links, and with `warnings` if the body has unknown keys. With `dryRun: true` it
        answers 200 with a forecast for every contact.
        """
        key = caller_key(request)
        path_survey_id = _parse_survey_id(survey_id)
        try:
            body, warnings = read_quick_body(json_body(request), key.organization.phone_region)
            if body.survey_id != path_survey_id:
                raise faults.SurveyMismatchError
            now = key.read_at
            if body.dry_run:
                return DryRunResponse(dry_run(key.organization, request_of_key(to_request(body), key), now), warnings)
            accepted = accept(key.organization, key, to_request(body), now)
        except faults.REFUSALS as refusal:
            raise faults.explain(refusal, key.organization, path_survey_id, json_body(request)) from None
        return Response(to_answer(accepted, now, warnings), HTTPStatus.CREATED)


def _parse_survey_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found("survey") from None
