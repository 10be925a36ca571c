"""Make a link that is nobody's: a distribution with no recipients and one anonymous link."""

from datetime import datetime

from django.db import transaction

from contacts.models import ApiKey, Organization
from distributor.engine.acceptance.judge import terms_of_request
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.references import check_references
from distributor.engine.acceptance.rows import new_distribution
from distributor.engine.acceptance.write import write_distribution
from distributor.models import OpenLink
from distributor.rules.link_codes import mint_codes
from distributor.rules.requests import DistributionRequest, LinkType


@transaction.atomic
def make_open_link(
    organization: Organization, api_key: ApiKey, request: DistributionRequest, now: datetime
) -> OpenLink:
    """Make the link with its distribution. Raises UnknownReferencesError, and ValueError for any other request."""
    if request.contacts or request.is_sent or request.link_type is not LinkType.ANONYMOUS:
        raise ValueError("a link of nobody is anonymous, and nothing is sent")
    request = request_of_key(request, api_key)
    chain = check_references(organization, request)
    terms = terms_of_request(organization, chain, request)
    distribution = new_distribution(organization, api_key, request, chain, terms, 0, 0, now, mailing_list=None)
    write_distribution(distribution, chain.steps)
    [code] = mint_codes(1)
    return OpenLink.objects.create(distribution=distribution, code=code)
