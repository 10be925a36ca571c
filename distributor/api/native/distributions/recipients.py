"""/api/v1/distributions/{id}/recipients and /skipped: who received a distribution, who was left out, and why."""

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.recipient_documents import (
    RecipientPage,
    SkippedPage,
    render_recipient,
    render_skipped,
)
from distributor.api.native.filters import CONTACT_FILTERS, find_contact_ids
from distributor.api.native.operations import DISTRIBUTIONS, ERRORS_OF_DETAIL, INVALID, PAGE
from distributor.api.native.view import NativeView
from distributor.api.pagination import page_response, parse_row_number, read_page
from distributor.api.problems import Fault
from distributor.engine.reports.timeline import read_timelines
from distributor.models import Decision
from distributor.rules.timing.time_zones import zone_named

_ERRORS: Final[dict[int, Any]] = INVALID | ERRORS_OF_DETAIL


class DistributionRecipients(NativeView):
    """The recipients of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_recipients",
        summary="List the recipients of a distribution",
        tags=DISTRIBUTIONS,
        parameters=[*CONTACT_FILTERS, *PAGE],
        responses={200: RecipientPage} | _ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the recipients, each with its timeline, in the order in which they were accepted.

        To find one person, filter by `contactId`, `externalId` or `email`. Several filters must all match.
        """
        faults: list[Fault] = []
        contact_ids = find_contact_ids(request, faults)
        after, limit = read_page(request, parse_row_number, faults)
        distribution = find_distribution(request, distribution_id)
        timelines = read_timelines(distribution.id, after or 0, limit + 1, contact_ids=contact_ids)
        return page_response(request, timelines, limit, lambda timeline: str(timeline.recipient.id), render_recipient)


class DistributionSkipped(NativeView):
    """The contacts that were left out of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_skipped",
        summary="List the skipped contacts of a distribution",
        tags=DISTRIBUTIONS,
        parameters=[*CONTACT_FILTERS, *PAGE],
        responses={200: SkippedPage} | _ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the contacts that were left out, and why, in the order in which they were skipped.

        To find one person, filter by `contactId`, `externalId` or `email`. Several filters must all match.
        """
        faults: list[Fault] = []
        contact_ids = find_contact_ids(request, faults)
        after, limit = read_page(request, parse_row_number, faults)
        distribution = find_distribution(request, distribution_id)
        rows = Decision.objects.filter(distribution_id=distribution.id, recipient_id=None, id__gt=after or 0)
        if contact_ids is not None:
            rows = rows.filter(contact_id__in=contact_ids)
        page = list(rows.order_by("id")[: limit + 1])
        zone = zone_named(caller_key(request).organization.time_zone)
        return page_response(request, page, limit, lambda row: str(row.id), lambda row: render_skipped(row, zone))
