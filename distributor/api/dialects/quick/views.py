"""POST /api/surveys/{surveyId}/distributions/quick"""

from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.quick import faults
from distributor.api.dialects.quick.translate import to_answer, to_request
from distributor.api.dialects.quick.wire import QuickAnswer, QuickDistribution
from distributor.api.dry_run import DryRunResponse, PlanDocument
from distributor.api.idempotency import idempotent
from distributor.api.problems import ProblemDocument, not_found
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now

_ERRORS = (400, 401, 403, 404, 409, 413, 422)


class QuickDistributions(APIView):
    """Send a survey to contacts in a single call."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="quick_distribution",
        tags=["quick"],
        request=QuickDistribution,
        responses={HTTPStatus.CREATED: QuickAnswer, HTTPStatus.OK: PlanDocument}
        | dict.fromkeys(_ERRORS, ProblemDocument),
    )
    @idempotent
    def post(self, request: Request, survey_id: str) -> Response:
        """201 with the links that were made; with `dryRun` 200 with what would become of everybody."""
        key = caller_key(request)
        survey = _parse_survey_id(survey_id)
        try:
            wire = QuickDistribution.model_validate_json(
                request.body, context={"phone_region": key.organization.phone_region}
            )
            if wire.survey_id != survey:
                raise faults.SurveyMismatch
            now = database_now()
            if wire.dry_run:
                return DryRunResponse(dry_run(key.organization, to_request(wire), now))
            accepted = accept(key.organization, key, to_request(wire), now)
        except faults.REFUSALS as refusal:
            raise faults.explain(refusal, key.organization, survey, request.body) from None
        return Response(to_answer(accepted, now), HTTPStatus.CREATED)


def _parse_survey_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found("survey") from None
