"""Create, list, read and reschedule distributions."""

from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.db.models import prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.bodies.dry_run import DryRunResponse, PlanDocument
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.distributions.bodies import DistributionBody, ScheduleBody
from distributor.api.native.distributions.control import answer_control
from distributor.api.native.distributions.documents import (
    DistributionAccepted,
    DistributionDocument,
    DistributionPage,
    DistributionQuery,
    render_accepted,
    render_distribution,
)
from distributor.api.native.distributions.faults import REFUSALS, explain, require_consistent
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.step_documents import STEPS_FOR_ALL
from distributor.api.native.distributions.translate import to_request, to_selection
from distributor.api.native.list_queries import answer_list, parameters_of, read_query
from distributor.api.native.operations import (
    CONFLICT,
    DISTRIBUTIONS,
    ERRORS,
    ERRORS_OF_DETAIL,
    ERRORS_OF_SENDING,
    INVALID,
)
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run, dry_run_selection
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.audience.expand import accept_selection
from distributor.engine.control import reschedule
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.distributions import find_distributions
from distributor.rules.journey.distribution_status import DistributionStatus

_ERRORS: Final[dict[int, Any]] = INVALID | ERRORS_OF_DETAIL


class Distributions(NativeView):
    """The organisation's distributions."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="listDistributions",
        summary="List distributions",
        tags=DISTRIBUTIONS,
        parameters=parameters_of(DistributionQuery),
        responses={200: DistributionPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's distributions with their steps and totals, newest first."""
        query, now = read_query(request, DistributionQuery), database_now()
        status = None if query.status is None else DistributionStatus(query.status)
        organization_id = caller_key(request).organization_id
        found = find_distributions(organization_id, query.window, now, survey_id=query.survey_id, status=status)
        prefetch_related_objects(list(found.rows), STEPS_FOR_ALL)
        return answer_list(request, query, found, lambda row: render_distribution(row, now))

    @extend_schema(
        operation_id="createDistribution",
        summary="Send a survey",
        tags=DISTRIBUTIONS,
        request=DistributionBody,
        responses={202: DistributionAccepted, 200: PlanDocument} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey, now or later.

        Workers read the audience unless the call gives the contacts themselves; meanwhile the distribution is
        `preparing`. With `dryRun` nothing is sent: the answer is 200 with what would happen to each contact, or to the
        first 1,000 contacts of such an audience.
        """
        key = caller_key(request)
        organization = key.organization
        try:
            body = DistributionBody.model_validate_json(
                json_body(request), context={"phone_region": organization.phone_region}
            )
            require_consistent(body)
            now, asked, selection = key.read_at, to_request(body), to_selection(body.audience)
            if body.dry_run:
                asked = request_of_key(asked, key)
                return DryRunResponse(
                    dry_run(organization, asked, now)
                    if selection is None
                    else dry_run_selection(organization, asked, selection, now)
                )
            if selection is not None:
                row, recipients = accept_selection(organization, key, asked, selection, now), None
            else:
                accepted = accept(organization, key, asked, now)
                row, recipients = accepted.distribution, accepted.recipients
        except REFUSALS as refusal:
            raise explain(refusal, organization, json_body(request), DistributionBody) from None
        return Response(render_accepted(row, recipients, now), HTTPStatus.ACCEPTED)


class DistributionDetail(NativeView):
    """One distribution."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="getDistribution",
        summary="Get a distribution",
        tags=DISTRIBUTIONS,
        responses={200: DistributionDocument} | _ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Return one distribution with its steps and totals."""
        return Response(render_distribution(find_distribution(request, distribution_id), database_now()))

    @extend_schema(
        operation_id="rescheduleDistribution",
        summary="Reschedule a distribution",
        tags=DISTRIBUTIONS,
        request=ScheduleBody,
        responses={200: DistributionDocument} | _ERRORS | CONFLICT,
    )
    def patch(self, request: Request, distribution_id: str) -> Response:
        """Move everything that was not sent yet to another time. Nothing is sent twice."""
        distribution = find_distribution(request, distribution_id)
        body = parse_body(ScheduleBody, json_body(request))
        return answer_control(lambda now: reschedule(distribution.id, body.scheduled_at, now))
