"""POST /v1/distributions/send"""

from http import HTTPStatus
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.single_send import faults
from distributor.api.dialects.single_send.translate import each_once, to_answer, to_request
from distributor.api.dialects.single_send.wire import SingleSend, SingleSendAnswer
from distributor.api.dry_run import DryRunResponse, PlanDocument
from distributor.api.idempotency import idempotent
from distributor.api.problems import ProblemDocument
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.infrastructure.clock import database_now

_ERRORS = (400, 401, 403, 404, 409, 413, 422)


class SingleSends(APIView):
    """Send a survey to one or more recipients directly, without a contact list."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="single_send",
        tags=["single send"],
        request=SingleSend,
        responses={HTTPStatus.CREATED: SingleSendAnswer, HTTPStatus.OK: PlanDocument}
        | dict.fromkeys(_ERRORS, ProblemDocument),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """201 with the links; with `dryRun` 200 with what would become of everybody."""
        key = caller_key(request)
        try:
            wire = SingleSend.model_validate_json(request.body)
        except ValidationError as error:
            raise faults.explain_body(error, key.organization, request.body) from None
        setting = faults.find_setting(key.organization, wire.form_id, wire.channel)
        recipients = each_once(wire.recipients)
        now = database_now()
        asked = to_request(wire, recipients, setting, now)
        try:
            if wire.dry_run:
                return DryRunResponse(dry_run(key.organization, asked, now))
            accepted = accept(key.organization, key, asked, now)
        except UnknownReferencesError as refusal:
            raise faults.explain_references(refusal) from None
        return Response(to_answer(wire, recipients, accepted), HTTPStatus.CREATED)
