"""Finding the distribution that a path names."""

from rest_framework.request import Request

from distributor.api.calls.key_kinds import require_same_kind
from distributor.api.native.rows import find_row, own_rows
from distributor.models import Distribution


def find_distribution(request: Request, distribution_id: str) -> Distribution:
    """Return the caller's distribution. Raise a 404 Problem, and a 403 Problem to a key that may not change it."""
    distribution = find_row(own_rows(request, Distribution), distribution_id, "distribution")
    require_same_kind(request, distribution)
    return distribution
