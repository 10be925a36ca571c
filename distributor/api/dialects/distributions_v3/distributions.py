"""/API/v3/distributions: sends and links made, listed, shown and deleted."""

from http import HTTPStatus
from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distribution_elements import (
    DistributionElement,
    own_distributions,
    render_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.distribution_lists import FILTERS, Asked, render_keys
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
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import as_given, read_body
from distributor.api.dialects.distributions_v3.follow_up_elements import own_follow_ups, render_follow_ups, with_parent
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, next_page, read_page
from distributor.api.dialects.distributions_v3.references import find_one
from distributor.api.dialects.distributions_v3.sending import make_links, send_email
from distributor.api.dialects.distributions_v3.sending_wire import (
    PLACES_OF_LINKS,
    PLACES_OF_SENDING,
    DistributionsBody,
    LinksBody,
    SendBody,
    SentResult,
)
from distributor.api.idempotency import idempotent
from distributor.api.problems import Fault, Problem, not_found
from distributor.engine.clock import database_now
from distributor.engine.steering import delete
from distributor.models import Distribution, Step

OF_SURVEY = OpenApiParameter("surveyId", description="The survey that it is of, if it is named.")


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
        responses={200: enveloped(SentResult)} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey to a mailing list or to one contact; with an `action`, make their links and send nothing."""
        key, now = caller_key(request), database_now()
        given = as_given(request.body)
        if isinstance(given, dict) and "action" in given:
            links, found = read_body(LinksBody, request.body, key.organization, PLACES_OF_LINKS)
            return answer(make_links(key, links, found, now))
        wire, found = read_body(SendBody, request.body, key.organization, PLACES_OF_SENDING)
        return answer(send_email(key, wire, found, now))


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
        found = _find_either(request, distribution_id)
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
        found = _find_either(request, distribution_id)
        if isinstance(found, Step):
            detail = "A reminder and a thank-you are deleted with the distribution that they follow."
            raise Problem(HTTPStatus.CONFLICT, "follow_up_stays", detail)
        delete(found.pk, database_now())
        return answer_done()


def find_distribution(
    request: Request, distribution_id: str, rows: QuerySet[Distribution] | None = None
) -> Distribution:
    """The caller's own distribution, of the survey that its query names, if any. Raises a 404 Problem."""
    own = own_distributions(caller_key(request).organization) if rows is None else rows
    found = find_one(own, Kind.DISTRIBUTION, distribution_id)
    _require_survey(request, found)
    return found


def _find_either(request: Request, distribution_id: str) -> Distribution | Step:
    """A distribution with its details, or what follows one. Raises a 404 Problem."""
    organization = caller_key(request).organization
    keys = read_id(Kind.DISTRIBUTION, distribution_id)
    if keys is None:
        raise not_found("distribution")
    distribution = with_details(own_distributions(organization)).filter(pk__range=keys).first()
    step = None if distribution else with_parent(own_follow_ups(organization)).filter(pk__range=keys).first()
    parent = distribution if step is None else step.distribution
    if parent is None:
        raise not_found("distribution")
    _require_survey(request, parent)
    return parent if step is None else step


def _require_survey(request: Request, found: Distribution) -> None:
    survey_id = request.query_params.get("surveyId")
    if survey_id and survey_id != public_id(Kind.SURVEY, found.survey_id):
        raise not_found("distribution of this survey")
