"""Views of `/distributions/{id}/reminders` and `/distributions/{id}/thankyous`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.dialects.distributions_v3.distributions.follow_ups.body import (
    FOLLOW_UP_ID_FIELDS,
    FollowUpBody,
    FollowUpResult,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.create import create_follow_up
from distributor.api.dialects.distributions_v3.distributions.lookup import find_distribution
from distributor.api.dialects.distributions_v3.documentation import DISTRIBUTION_ID, SURVEY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    SEND_ERRORS,
    DialectView,
    answer,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.clock import database_now
from distributor.rules.journey.chain import StepKind


class Reminders(DialectView):
    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="v3CreateReminder",
        summary="Send a reminder",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        request=FollowUpBody,
        responses={200: enveloped(FollowUpResult)} | PATH_ERRORS | SEND_ERRORS,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Add a reminder by e-mail. It goes to people who were sent the invitation by `sendDate` and have not
        finished.
        """
        return _create_follow_up(request, distribution_id, StepKind.REMINDER)


class ThankYous(DialectView):
    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="v3CreateThankYou",
        summary="Send a thank-you",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        request=FollowUpBody,
        responses={200: enveloped(FollowUpResult)} | PATH_ERRORS | SEND_ERRORS,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Add a thank-you by e-mail. It goes to people who have finished by `sendDate`."""
        return _create_follow_up(request, distribution_id, StepKind.THANK_YOU)


def _create_follow_up(request: Request, distribution_id: str, kind: StepKind) -> Response:
    organization, now = caller_key(request).organization, database_now()
    parent = find_distribution(request, distribution_id)
    body, keys = read_body(FollowUpBody, json_body(request), organization, FOLLOW_UP_ID_FIELDS)
    step = create_follow_up(parent, kind, body, keys, now)
    return answer(FollowUpResult(distribution_id=public_id(Kind.DISTRIBUTION, step.pk)))
