"""Finding the distribution that a path names, which may be a reminder or a thank-you that is shown as one."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.element import own_distributions
from distributor.api.dialects.distributions_v3.distributions.follow_ups.element import own_follow_ups, with_parent
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.references import find_one
from distributor.api.problems import not_found
from distributor.models import Distribution, Step

OF_SURVEY = OpenApiParameter("surveyId", description="The survey that it is of, if it is named.")


def find_distribution(request: Request, distribution_id: str) -> Distribution:
    """The caller's own distribution, of the survey that its query names, if any. Raises a 404 Problem."""
    rows = own_distributions(caller_key(request).organization).select_related("organization")
    found = find_one(rows, Kind.DISTRIBUTION, distribution_id)
    _require_survey(request, found)
    return found


def find_either(
    request: Request, distribution_id: str, distributions: QuerySet[Distribution] | None = None
) -> Distribution | Step:
    """A distribution, read as `distributions` has it, or what follows one, with its parent. Raises a 404 Problem."""
    organization = caller_key(request).organization
    keys = read_id(Kind.DISTRIBUTION, distribution_id)
    if keys is None:
        raise not_found("distribution")
    rows = own_distributions(organization) if distributions is None else distributions
    distribution = rows.filter(pk__range=keys).first()
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
