"""Distributions by survey, status and time."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from distributor.engine.queries.page import Found, Window, created_between, read_by_id
from distributor.models import Distribution
from distributor.rules.journey.distribution_status import DistributionStatus


def find_distributions(
    organization_id: UUID,
    window: Window,
    now: datetime,
    *,
    survey_id: UUID | None = None,
    status: DistributionStatus | None = None,
) -> Found[Distribution]:
    """Return a page of an organisation's distributions. A status is none that an index serves: see read_by_id()."""
    distributions = created_between(Distribution.objects.filter(organization_id=organization_id), window)
    if survey_id is not None:
        distributions = distributions.filter(survey_id=survey_id)
    return read_by_id(distributions, window, None if status is None else having_status(status, now))


def having_status(status: DistributionStatus, now: datetime) -> Q:
    """State the rule of rules/journey/distribution_status.py in SQL. A test keeps the two in step."""
    is_cancelled = Q(cancelled_at__isnull=False)
    ended = F("skipped_count") + F("registered_count") + F("sent_count")
    ended = ended + F("failed_count") + F("indeterminate_count") + F("stopped_count")
    is_at_work = (
        Q(accepted_count__gt=ended) | Q(is_preparing=True) | Q(arming_count__gt=0) | Q(running_retry_count__gt=0)
    )
    is_paused = Q(paused_at__isnull=False)
    is_early = Q(scheduled_at__isnull=False, scheduled_at__gt=now)
    unpaused = ~is_cancelled & is_at_work & ~is_paused
    by_status = {
        DistributionStatus.CANCELLED: is_cancelled,
        DistributionStatus.COMPLETED: ~is_cancelled & ~is_at_work,
        DistributionStatus.PAUSED: ~is_cancelled & is_at_work & is_paused,
        DistributionStatus.PREPARING: unpaused & Q(is_preparing=True),
        DistributionStatus.SCHEDULED: unpaused & Q(is_preparing=False) & is_early,
        DistributionStatus.SENDING: unpaused & Q(is_preparing=False) & ~is_early,
    }
    return by_status[status]
