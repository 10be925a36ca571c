"""POST /api/surveys/{surveyId}/distributions/quick"""

from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.identity import UnknownContacts
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.quick import faults
from distributor.api.dialects.quick.translate import to_answer, to_request
from distributor.api.dialects.quick.wire import QuickAnswer, QuickDistribution
from distributor.api.problems import ProblemDocument, invalid_request, not_found
from distributor.engine.acceptance import accept
from distributor.engine.clock import database_now
from distributor.engine.references import UnknownReferences


class QuickDistributions(APIView):
    """Send a survey to contacts in a single call."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="quick_distribution",
        tags=["quick"],
        request=QuickDistribution,
        responses={201: QuickAnswer, 400: ProblemDocument, 401: ProblemDocument, 403: ProblemDocument}
        | {404: ProblemDocument, 413: ProblemDocument},
    )
    def post(self, request: Request, survey_id: str) -> Response:
        key = caller_key(request)
        survey = _parse_survey_id(survey_id)
        try:
            wire = QuickDistribution.model_validate_json(
                request.body, context={"phone_region": key.organization.phone_region}
            )
        except ValidationError as error:
            raise faults.invalid_body(key.organization, survey, request.body, error) from None
        if wire.survey_id != survey:
            raise invalid_request([faults.SURVEY_MISMATCH])
        now = database_now()
        try:
            accepted = accept(key.organization, key, to_request(wire), now)
        except UnknownReferences as error:
            raise faults.unknown_references(error.faults) from None
        except UnknownContacts as error:
            raise faults.unknown_contacts([contact.contact_id for contact in wire.contacts], error.ids) from None
        return Response(to_answer(accepted, now), HTTPStatus.CREATED)


def _parse_survey_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found("survey") from None
