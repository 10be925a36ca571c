"""Find the distribution of a path. It may be a reminder or thank-you, which is shown as a distribution."""

from django.db.models import QuerySet
from rest_framework.request import Request

from distributor.api.answers.problems import not_found
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.key_kinds import require_same_kind
from distributor.api.dialects.distributions_v3.distributions.follow_ups.render import visible_follow_ups, with_parent
from distributor.api.dialects.distributions_v3.distributions.render import visible_distributions
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.references import find_by_id
from distributor.models import Distribution, Step


def find_distribution(request: Request, distribution_id: str) -> Distribution:
    """Return the caller's distribution. Raises a 404 Problem, also if it is not of the survey in the query."""
    rows = visible_distributions(caller_key(request).organization).select_related("organization")
    distribution = find_by_id(rows, Kind.DISTRIBUTION, distribution_id)
    _require_survey(request, distribution)
    require_same_kind(request, distribution)
    return distribution


def find_distribution_or_follow_up(
    request: Request, distribution_id: str, distributions: QuerySet[Distribution] | None = None
) -> Distribution | Step:
    """Return the caller's distribution, or the step of a reminder or thank-you, loaded with its distribution.

    A distribution is read from `distributions`, if given. Raises a 404 Problem, also if it is not of the survey in the
    query.
    """
    organization = caller_key(request).organization
    keys = read_id(Kind.DISTRIBUTION, distribution_id)
    if keys is None:
        raise not_found("distribution")
    rows = visible_distributions(organization) if distributions is None else distributions
    distribution = rows.filter(pk__range=keys).first()
    step = None if distribution else with_parent(visible_follow_ups(organization)).filter(pk__range=keys).first()
    parent = distribution if step is None else step.distribution
    if parent is None:
        raise not_found("distribution")
    _require_survey(request, parent)
    require_same_kind(request, parent)
    return parent if step is None else step


def _require_survey(request: Request, distribution: Distribution) -> None:
    survey_id = request.query_params.get("surveyId")
    if survey_id and survey_id != public_id(Kind.SURVEY, distribution.survey_id):
        raise not_found("distribution of this survey")
