"""/api/v1/distributions/{id}/retry: send again to recipients who were not reached."""

from http import HTTPStatus
from typing import ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, read_page
from distributor.api.answers.problems import Problem
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.retry.wire import (
    RetryBody,
    RetryDocument,
    RetryPage,
    UnreachedDocument,
    render_dry_run,
    render_retry,
    unreached_document,
)
from distributor.api.native.operations import (
    ERRORS_OF_DETAIL,
    ERRORS_OF_SENDING,
    INVALID,
    NOT_FOUND,
    PAGE,
    RECIPIENTS,
)
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import RetryRefusal, RetryRefusedError, require_retryable, start_retry
from distributor.engine.manual_retry.unreached import count_unreached
from distributor.models import ManualRetry
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection

_CONFLICTS: Final = {
    RetryRefusal.CANCELLED: ("distribution_cancelled", "The distribution is cancelled: nothing more is sent."),
    RetryRefusal.EXPIRED: ("distribution_expired", "The distribution has ended: nothing more is sent."),
}


class DistributionUnreached(NativeView):
    """The recipients of a distribution who were not reached."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="countUnreached",
        summary="Count unreached recipients by reason",
        tags=RECIPIENTS,
        responses={200: UnreachedDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Count the recipients who failed or whose outcome is unknown, by reason, with the provider's own words.

        These are the recipients whom a retry can concern. The counts are computed for each call.
        """
        distribution = find_distribution(request, distribution_id)
        selection = RetrySelection(outcomes=list(RetriedOutcome))
        return Response(unreached_document(count_unreached(distribution.pk, selection)).rendered())


class RetryDistribution(NativeView):
    """Retries of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="listRetries",
        summary="List the retries of a distribution",
        tags=RECIPIENTS,
        parameters=PAGE,
        responses={200: RetryPage} | INVALID | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the retries that were asked for, latest first, with their progress."""
        before, limit = read_page(request, UUID)
        retries = ManualRetry.objects.filter(distribution=find_distribution(request, distribution_id)).order_by("-id")
        page = list((retries if before is None else retries.filter(id__lt=before))[: limit + 1])
        return page_response(request, page, limit, lambda retry: str(retry.id), render_retry)

    @extend_schema(
        operation_id="retryDistribution",
        summary="Send again to recipients who were not reached",
        tags=RECIPIENTS,
        request=RetryBody,
        responses={202: RetryDocument, 200: OpenApiResponse(RetryDocument, "A dry run: nothing is sent.")}
        | NOT_FOUND
        | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Begin again for recipients who failed: all of them, or those of one reason, step, channel or contact.

        They keep their links and go through the distribution's steps from the first. Opt-outs, quiet hours and all
        other rules are judged again. Recipients who were reached, have responded or were stopped are never sent to
        again. Workers carry the retry out; a recipient who waits already is left alone, so that a repeated call sends
        nothing twice.
        """
        distribution = find_distribution(request, distribution_id)
        body = parse_body(RetryBody, json_body(request))
        selection, now = body.as_selection(), database_now()
        try:
            if body.dry_run:
                require_retryable(distribution, now)
                return Response(render_dry_run(unreached_document(count_unreached(distribution.pk, selection))))
            retry = start_retry(distribution.pk, selection, f"API key {caller_key(request).name}"[:63], now)
        except RetryRefusedError as refusal:
            raise Problem(HTTPStatus.CONFLICT, *_CONFLICTS[refusal.reason]) from None
        return Response(render_retry(retry), HTTPStatus.ACCEPTED)
