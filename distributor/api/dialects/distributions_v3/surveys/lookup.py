"""Find the survey of a path."""

from http import HTTPStatus

from rest_framework.request import Request

from distributor.api.answers.problems import Problem
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.ids import Kind, read_id
from distributor.models import Survey


def find_survey(request: Request, survey_id: str) -> Survey:
    """Return the caller's survey. Raises a 404 Problem with the published code."""
    keys = read_id(Kind.SURVEY, survey_id)
    rows = Survey.objects.filter(organization=caller_key(request).organization)
    survey = rows.filter(pk__range=keys).first() if keys else None
    if survey is None:
        raise Problem(HTTPStatus.NOT_FOUND, "GSI_2", "There is no such survey.")
    return survey
