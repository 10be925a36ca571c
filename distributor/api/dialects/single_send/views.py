"""View of `POST /v1/distributions/send`."""

from http import HTTPStatus
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.answers.problems import ProblemDocument
from distributor.api.bodies.dry_run import DryRunResponse, PlanDocument
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.dialects.single_send import faults
from distributor.api.dialects.single_send.translate import merge_same_addresses, to_answer, to_request
from distributor.api.dialects.single_send.wire import SingleSend, SingleSendAnswer
from distributor.api.request_body import json_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.references import UnknownReferencesError

_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422)


class SingleSends(APIView):
    """`POST /v1/distributions/send`."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="sendSurvey",
        summary="Send a survey to recipients",
        tags=["Single send"],
        request=SingleSend,
        responses={HTTPStatus.CREATED: SingleSendAnswer, HTTPStatus.OK: PlanDocument}
        | dict.fromkeys(_ERRORS, ProblemDocument),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey to one or more recipients by e-mail, SMS or WhatsApp, without a contact list.

        Answers 201 with a link for each recipient. With `dryRun: true` it answers 200 with a forecast for every
        recipient.
        """
        key = caller_key(request)
        try:
            body = SingleSend.model_validate_json(json_body(request))
        except ValidationError as error:
            raise faults.explain_body(error, key.organization, json_body(request)) from None
        defaults = faults.find_send_defaults(key.organization, body.form_id, body.channel)
        recipients = merge_same_addresses(body.recipients)
        now = key.read_at
        distribution_request = to_request(body, recipients, defaults, now)
        try:
            if body.dry_run:
                return DryRunResponse(dry_run(key.organization, request_of_key(distribution_request, key), now))
            accepted = accept(key.organization, key, distribution_request, now, read_before=defaults.references)
        except UnknownReferencesError as refusal:
            raise faults.explain_references(refusal) from None
        return Response(to_answer(body, recipients, accepted), HTTPStatus.CREATED)
