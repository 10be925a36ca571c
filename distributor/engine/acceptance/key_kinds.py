"""What the kind of an API key changes of a request."""

from dataclasses import replace

from contacts.models import ApiKey
from distributor.engine.eligibility.policy import team_of
from distributor.rules.requests import DistributionRequest


def request_of_key(request: DistributionRequest, key: ApiKey | None) -> DistributionRequest:
    """Return the request as the key may make it: a team key reaches the organisation's team only."""
    team = None if key is None else team_of(key.organization, key.kind)
    return request if team is None else replace(request, audience=replace(request.audience, team=team))
