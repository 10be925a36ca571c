"""Sends of operators' forms: the form's key makes one distribution, however often the form is posted.

Calls of the API have their answers stored instead (infrastructure/idempotency.py), which belong to an API key.
"""

from datetime import datetime

from django.db import DatabaseError, transaction
from psycopg.errors import UniqueViolation

from contacts.models import Organization
from distributor.engine.acceptance.accept import accept
from distributor.engine.audience.expand import accept_selection
from distributor.engine.infrastructure.audit import Actor, record
from distributor.models import Distribution
from distributor.rules.requests import DistributionRequest, Selection

ONE_PER_FORM = "one_distribution_per_form"


def send_once(
    organization: Organization, request: DistributionRequest, selection: Selection | None, actor: Actor, now: datetime
) -> tuple[Distribution, bool]:
    """Accept a request that has an idempotency key, and audit it. Return the distribution, and whether it is new.

    `selection` None: the request names its contacts. Raises what `accept` and `accept_selection` raise.
    """
    if found := _find(organization, request):
        return found, False
    try:
        with transaction.atomic():
            if selection is None:
                distribution = accept(organization, None, request, now).distribution
            else:
                distribution = accept_selection(organization, None, request, selection, now)
            record(actor, "created", distribution)
    except DatabaseError as error:
        # The same form was posted at the same time: the unique index let this transaction wait for that one.
        cause = error.__cause__
        found = _find(organization, request)
        if isinstance(cause, UniqueViolation) and cause.diag.constraint_name == ONE_PER_FORM and found:
            return found, False
        raise
    return distribution, True


def _find(organization: Organization, request: DistributionRequest) -> Distribution | None:
    return Distribution.objects.filter(organization=organization, idempotency_key=request.idempotency_key).first()
