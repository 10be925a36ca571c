"""Views of `/distributions` and `/distributions/{id}`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    LINKS_ID_FIELDS,
    SEND_ID_FIELDS,
    DistributionsBody,
    LinksBody,
    SendBody,
    SentOrPlanned,
)
from distributor.api.dialects.distributions_v3.distributions.delete import delete_distribution
from distributor.api.dialects.distributions_v3.distributions.element import DistributionElement
from distributor.api.dialects.distributions_v3.distributions.filters import FILTERS, DistributionFilters, render_keys
from distributor.api.dialects.distributions_v3.distributions.follow_ups.render import render_follow_ups
from distributor.api.dialects.distributions_v3.distributions.lookup import find_distribution_or_follow_up
from distributor.api.dialects.distributions_v3.distributions.render import (
    render_distributions,
    visible_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.distributions.send import make_links, send_email
from distributor.api.dialects.distributions_v3.documentation import DISTRIBUTION_ID, SURVEY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    QUERY_ERRORS,
    SEND_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer,
    answer_done,
    answer_elements,
    answer_plan,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import parse_json, read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, next_page, read_page
from distributor.api.request_body import json_body
from distributor.engine.acceptance.dry_run import DryRun
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Step


class Distributions(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="v3ListDistributions",
        summary="List distributions",
        tags=TAGS,
        parameters=[*FILTERS, *PAGE, OFFSET],
        responses={200: paged(DistributionElement)} | QUERY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the organisation's distributions, newest first. Reminders and thank-yous are listed too."""
        organization, now = caller_key(request).organization, database_now()
        faults: list[Fault] = []
        filters = DistributionFilters(request, faults)
        page = read_page(request, key_parser(Kind.DISTRIBUTION), faults)
        keys = filters.find_keys(organization, page)
        shown = keys[: page.size]
        token = public_id(Kind.DISTRIBUTION, shown[-1]) if len(keys) > page.size else None
        return answer_elements(render_keys(shown, organization, now), next_page(request, page, token))

    @extend_schema(
        operation_id="v3CreateDistribution",
        summary="Send a survey by e-mail, or make links",
        tags=TAGS,
        request=DistributionsBody,
        responses={200: enveloped(SentOrPlanned)} | SEND_ERRORS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey by e-mail to a mailing list or to one contact. With an `action`, make their links and send
        nothing.

        With `dryRun: true` nothing is done; the result is a forecast for every contact, or for the first 1,000 of a
        list.
        """
        key, now = caller_key(request), database_now()
        data = parse_json(json_body(request))
        if isinstance(data, dict) and "action" in data:
            links_body, keys = read_body(LinksBody, json_body(request), key.organization, LINKS_ID_FIELDS)
            result = make_links(key, links_body, keys, now)
        else:
            send_body, keys = read_body(SendBody, json_body(request), key.organization, SEND_ID_FIELDS)
            result = send_email(key, send_body, keys, now)
        return answer_plan(result) if isinstance(result, DryRun) else answer(result)


class DistributionDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="v3GetDistribution",
        summary="Show a distribution",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        responses={200: enveloped(DistributionElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Return a distribution, reminder or thank-you with its counts."""
        organization, now = caller_key(request).organization, database_now()
        rows = with_details(visible_distributions(organization))
        found = find_distribution_or_follow_up(request, distribution_id, rows)
        if isinstance(found, Step):
            [element] = render_follow_ups([found], organization, now)
        else:
            [element] = render_distributions([found], organization, now)
        return answer_result(element)

    @extend_schema(
        operation_id="v3DeleteDistribution",
        summary="Delete a distribution",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS,
    )
    def delete(self, request: Request, distribution_id: str) -> Response:
        """Cancel messages that have not been sent, close the links, and hide the distribution.

        Its record stays in the native API. A reminder or thank-you cannot be deleted: 409.
        """
        delete_distribution(find_distribution_or_follow_up(request, distribution_id))
        return answer_done()
