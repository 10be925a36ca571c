"""View of `/distributions/sms`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    SMS_ID_FIELDS,
    SentOrPlanned,
    SentResult,
    SmsBody,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.create import create_sms_follow_up
from distributor.api.dialects.distributions_v3.distributions.send import send_sms
from distributor.api.dialects.distributions_v3.documentation import TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    SEND_ERRORS,
    DialectView,
    answer,
    answer_plan,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.idempotency import idempotent
from distributor.api.request_body import json_body
from distributor.engine.acceptance.dry_run import DryRun
from distributor.engine.infrastructure.clock import database_now


class SmsDistributions(DialectView):
    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_create_sms_distribution",
        summary="Send a survey by SMS",
        tags=TAGS,
        request=SmsBody,
        responses={200: enveloped(SentOrPlanned)} | SEND_ERRORS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send an invitation, reminder or thank-you by SMS. It can be read as any other distribution."""
        key = caller_key(request)
        body, keys = read_body(SmsBody, json_body(request), key.organization, SMS_ID_FIELDS)
        if body.method == "Invite":
            result = send_sms(key, body, keys, database_now())
            return answer_plan(result) if isinstance(result, DryRun) else answer(result)
        step = create_sms_follow_up(key.organization, body, keys, database_now())
        return answer(SentResult(id=public_id(Kind.DISTRIBUTION, step.pk)))
