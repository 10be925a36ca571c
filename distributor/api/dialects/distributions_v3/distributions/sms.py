"""/API/v3/distributions/sms: text messages."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    PLACES_OF_SMS,
    SentOrPlanned,
    SentResult,
    SmsBody,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.create import follow_up_by_sms
from distributor.api.dialects.distributions_v3.distributions.send import send_sms
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_SENDING,
    DialectView,
    answer,
    answer_plan,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.idempotency import idempotent
from distributor.engine.acceptance.dry_run import DryRun
from distributor.engine.infrastructure.clock import database_now


class SmsDistributions(DialectView):
    """Distributions by text message; once made, they are distributions like any other."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_create_sms_distribution",
        tags=["lists and links"],
        request=SmsBody,
        responses={200: enveloped(SentOrPlanned)} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        key = caller_key(request)
        wire, found = read_body(SmsBody, request.body, key.organization, PLACES_OF_SMS)
        if wire.method == "Invite":
            made = send_sms(key, wire, found, database_now())
            return answer_plan(made) if isinstance(made, DryRun) else answer(made)
        step = follow_up_by_sms(key.organization, wire, found, database_now())
        return answer(SentResult(id=public_id(Kind.DISTRIBUTION, step.pk)))
