"""/API/v3/distributions: sends and links made, listed, shown and deleted."""

from http import HTTPStatus
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    PLACES_OF_LINKS,
    PLACES_OF_SENDING,
    DistributionsBody,
    LinksBody,
    SendBody,
    SentOrPlanned,
)
from distributor.api.dialects.distributions_v3.distributions.element import (
    DistributionElement,
    own_distributions,
    render_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.distributions.filters import FILTERS, Asked, render_keys
from distributor.api.dialects.distributions_v3.distributions.follow_ups.element import render_follow_ups
from distributor.api.dialects.distributions_v3.distributions.lookup import OF_SURVEY, find_either
from distributor.api.dialects.distributions_v3.distributions.send import make_links, send_email
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    ERRORS_OF_SENDING,
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
from distributor.api.dialects.distributions_v3.faults import as_given, read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, next_page, read_page
from distributor.api.idempotency import idempotent
from distributor.api.problems import Fault, Problem
from distributor.engine.acceptance.dry_run import DryRun
from distributor.engine.control import delete
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Step


class Distributions(DialectView):
    """The organisation's distributions, with their reminders and thank-yous as distributions of their own."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_list_distributions",
        tags=["lists and links"],
        parameters=[*FILTERS, *PAGE, OFFSET],
        responses={200: paged(DistributionElement)} | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        organization, now = caller_key(request).organization, database_now()
        faults: list[Fault] = []
        asked = Asked(request, faults)
        page = read_page(request, keys_before(Kind.DISTRIBUTION), faults)
        keys = asked.keys(organization, page)
        shown = keys[: page.size]
        token = public_id(Kind.DISTRIBUTION, shown[-1]) if len(keys) > page.size else None
        return answer_elements(render_keys(shown, organization, now), next_page(request, page, token))

    @extend_schema(
        operation_id="v3_create_distribution",
        tags=["lists and links"],
        request=DistributionsBody,
        responses={200: enveloped(SentOrPlanned)} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey to a mailing list or to one contact; with an `action`, make their links and send nothing.

        With `dryRun` what would become of everybody, or of the first 1,000 of a list.
        """
        key, now = caller_key(request), database_now()
        given = as_given(request.body)
        if isinstance(given, dict) and "action" in given:
            links, found = read_body(LinksBody, request.body, key.organization, PLACES_OF_LINKS)
            made = make_links(key, links, found, now)
        else:
            wire, found = read_body(SendBody, request.body, key.organization, PLACES_OF_SENDING)
            made = send_email(key, wire, found, now)
        return answer_plan(made) if isinstance(made, DryRun) else answer(made)


class OneDistribution(DialectView):
    """A distribution."""

    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.SEND}

    @extend_schema(
        operation_id="v3_read_distribution",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        responses={200: enveloped(DistributionElement)} | ERRORS_OF_ONE,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        organization, now = caller_key(request).organization, database_now()
        found = find_either(request, distribution_id, with_details(own_distributions(organization)))
        if isinstance(found, Step):
            [element] = render_follow_ups([found], organization, now)
        else:
            [element] = render_distributions([found], organization, now)
        return answer_result(element)

    @extend_schema(
        operation_id="v3_delete_distribution",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        responses={200: Done, 409: ErrorDocument} | ERRORS_OF_ONE,
    )
    def delete(self, request: Request, distribution_id: str) -> Response:
        """Cancel what has not left, close the links, and show it no more. The record stays in the native API."""
        found = find_either(request, distribution_id)
        if isinstance(found, Step):
            detail = "A reminder and a thank-you are deleted with the distribution that they follow."
            raise Problem(HTTPStatus.CONFLICT, "follow_up_stays", detail)
        delete(found.pk, database_now())
        return answer_done()
