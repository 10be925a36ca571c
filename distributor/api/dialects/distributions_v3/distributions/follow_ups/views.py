"""/API/v3/distributions/{id}/reminders and /thankyous."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    PLACES_OF_A_FOLLOW_UP,
    FollowUpBody,
    FollowUpResult,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.create import follow_up
from distributor.api.dialects.distributions_v3.distributions.lookup import OF_SURVEY, find_distribution
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_ONE,
    ERRORS_OF_SENDING,
    DialectView,
    answer,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.idempotency import idempotent
from distributor.engine.infrastructure.clock import database_now
from distributor.rules.journey.chain import StepKind


class Reminders(DialectView):
    """Reminders of a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_create_reminder",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        request=FollowUpBody,
        responses={200: enveloped(FollowUpResult)} | ERRORS_OF_ONE | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """To those who were sent to by then and have not finished."""
        return _follow_up(request, distribution_id, StepKind.REMINDER)


class ThankYous(DialectView):
    """Thank-yous of a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_create_thank_you",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        request=FollowUpBody,
        responses={200: enveloped(FollowUpResult)} | ERRORS_OF_ONE | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """To those who have finished by then."""
        return _follow_up(request, distribution_id, StepKind.THANK_YOU)


def _follow_up(request: Request, distribution_id: str, kind: StepKind) -> Response:
    organization, now = caller_key(request).organization, database_now()
    parent = find_distribution(request, distribution_id)
    wire, found = read_body(FollowUpBody, request.body, organization, PLACES_OF_A_FOLLOW_UP)
    step = follow_up(parent, kind, wire, found, now)
    return answer(FollowUpResult(distribution_id=public_id(Kind.DISTRIBUTION, step.pk)))
