"""/api/v1/distributions/{id}/recipients and /skipped: who received a distribution, who was left out, and why."""

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.recipient_documents import (
    RecipientPage,
    SkippedPage,
    render_recipient,
    render_skipped,
)
from distributor.api.native.list_queries import answer_list, parameters_of, read_query, read_search
from distributor.api.native.operations import ERRORS_OF_BODY, ERRORS_OF_DETAIL, INVALID, RECIPIENTS
from distributor.api.native.recipients.queries import RecipientQuery, SkippedQuery
from distributor.api.native.view import NativeView
from distributor.engine.queries.page import Found
from distributor.engine.queries.recipients import find_recipients, find_skipped
from distributor.engine.reports.timeline import timelines_of
from distributor.rules.timing.time_zones import zone_named

_ERRORS: Final[dict[int, Any]] = INVALID | ERRORS_OF_DETAIL


class DistributionRecipients(NativeView):
    """The recipients of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listRecipients",
        summary="List the recipients of a distribution",
        tags=RECIPIENTS,
        parameters=parameters_of(RecipientQuery),
        responses={200: RecipientPage} | _ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the recipients, each with its timeline, in the order in which they were accepted.

        To find one person, filter by `contactId`, `externalId` or `email`. Several filters must all match.
        """
        return _answer_recipients(request, distribution_id, read_query(request, RecipientQuery))


class DistributionRecipientSearch(NativeView):
    """Lists recipients by a body, so that addresses are in no URL and no log."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="searchDistributionRecipients",
        summary="Search the recipients of a distribution",
        tags=RECIPIENTS,
        request=RecipientQuery,
        responses={200: RecipientPage} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def post(self, request: Request, distribution_id: str) -> Response:
        """List recipients with the filters of `GET …/recipients`, given in the body.

        Addresses stay out of URLs and logs. Changes nothing. For the next page, repeat the body with the `cursor`.
        """
        return _answer_recipients(request, distribution_id, read_search(request, RecipientQuery))


class DistributionSkipped(NativeView):
    """The contacts that were left out of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listSkipped",
        summary="List the skipped contacts of a distribution",
        tags=RECIPIENTS,
        parameters=parameters_of(SkippedQuery),
        responses={200: SkippedPage} | _ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the contacts that were left out, and why, in the order in which they were skipped.

        To find one person, filter by `contactId`, `externalId` or `email`. Several filters must all match.
        """
        return _answer_skipped(request, distribution_id, read_query(request, SkippedQuery))


class DistributionSkippedSearch(NativeView):
    """Lists skipped contacts by a body, so that addresses are in no URL and no log."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="searchSkipped",
        summary="Search the skipped contacts of a distribution",
        tags=RECIPIENTS,
        request=SkippedQuery,
        responses={200: SkippedPage} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def post(self, request: Request, distribution_id: str) -> Response:
        """List skipped contacts with the filters of `GET …/skipped`, given in the body.

        Addresses stay out of URLs and logs. Changes nothing. For the next page, repeat the body with the `cursor`.
        """
        return _answer_skipped(request, distribution_id, read_search(request, SkippedQuery))


def _answer_recipients(request: Request, distribution_id: str, query: RecipientQuery) -> Response:
    distribution = find_distribution(request, distribution_id)
    found = find_recipients(
        distribution,
        query.window,
        contact_ids=query.contact_ids(distribution.organization_id),
        state=query.state,
        reason=query.reason,
    )
    timelines = Found(timelines_of(found.rows), found.next_key)
    return answer_list(request, query, timelines, render_recipient)


def _answer_skipped(request: Request, distribution_id: str, query: SkippedQuery) -> Response:
    distribution = find_distribution(request, distribution_id)
    contact_ids = query.contact_ids(distribution.organization_id)
    found = find_skipped(distribution.pk, query.window, contact_ids=contact_ids, reason=query.reason)
    zone = zone_named(caller_key(request).organization.time_zone)
    return answer_list(request, query, found, lambda row: render_skipped(row, zone))
