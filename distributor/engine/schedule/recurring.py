"""Recurring distributions: start each due occurrence once, however many workers try and however late they are."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction

from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import accept_selection
from distributor.models import Distribution, RecurringDistribution
from distributor.models.distribution import ChannelMode
from distributor.rules.requests import DEFAULT_RECENT_DAYS, AudienceRules, DistributionRequest, Selection
from distributor.rules.timing.recurrence import latest_occurrence, next_occurrence, parse_cron
from distributor.rules.timing.time_zones import zone_named

logger = structlog.get_logger(__name__)

SOURCE = "recurring"
RESTORED = "The database was restored; this occurrence may have been started before."


def save_recurring(recurring: RecurringDistribution, now: datetime) -> None:
    """Save a recurring distribution with its next occurrence after `now`. Earlier ones are not made up for."""
    recurring.next_at = _next_occurrence(recurring, now) if recurring.is_active else None
    recurring.save()


def start_due(now: datetime) -> list[Distribution]:
    """Start the latest due occurrence of each recurring distribution. Returns the distributions.

    Earlier occurrences that were missed are not started; the occurrence's `missed_from` says since when. If one fails,
    it is logged and stays due, and the others are still started.
    """
    due = RecurringDistribution.objects.filter(is_active=True, next_at__lte=now).order_by("next_at")
    started = []
    for recurring_id in due.values_list("pk", flat=True):
        try:
            distribution = _start(recurring_id, now)
        except Exception:
            logger.exception("recurring_distribution_failed", recurring=str(recurring_id))
        else:
            started += [distribution] if distribution else []
    return started


def skip_due_occurrences(now: datetime) -> list[str]:
    """Decide to start none of the occurrences that are due: after a restore they may have been started already.

    Runs in the caller's transaction. Returns them in words: “Weekly, 2026-03-02 09:00 UTC”.
    """
    due = RecurringDistribution.objects.filter(is_active=True, next_at__lte=now)
    skipped = []
    for recurring in due.select_for_update(of=("self",)).select_related("organization").order_by("pk"):
        assert recurring.next_at is not None
        occurs_at = latest_occurrence(parse_cron(recurring.cron), _zone(recurring), recurring.next_at, now)
        if not recurring.occurrences.filter(occurs_at=occurs_at).exists():
            recurring.occurrences.create(occurs_at=occurs_at, fault=RESTORED, decided_at=now)
            skipped.append(f"{recurring.name}, {occurs_at:%Y-%m-%d %H:%M} UTC")
        recurring.next_at = _next_occurrence(recurring, now)
        recurring.save(update_fields=["next_at"])
    return skipped


@transaction.atomic
def _start(recurring_id: UUID, now: datetime) -> Distribution | None:
    """Start one recurring distribution. Returns None if another worker holds or has started it, or it was refused."""
    due = RecurringDistribution.objects.filter(pk=recurring_id, is_active=True, next_at__lte=now)
    recurring = due.select_for_update(skip_locked=True, of=("self",)).select_related("organization").first()
    if recurring is None or recurring.next_at is None:
        return None
    first = recurring.next_at
    occurs_at = latest_occurrence(parse_cron(recurring.cron), _zone(recurring), first, now)
    distribution = None
    # `next_at` may have been set back by hand. An occurrence that has been decided is not started again.
    if not recurring.occurrences.filter(occurs_at=occurs_at).exists():
        distribution, fault = _accept_occurrence(recurring, occurs_at, now)
        missed_from = first if first < occurs_at else None
        recurring.occurrences.create(
            occurs_at=occurs_at, distribution=distribution, fault=fault, missed_from=missed_from, decided_at=now
        )
    recurring.next_at = _next_occurrence(recurring, now)
    recurring.save(update_fields=["next_at"])
    return distribution


def _accept_occurrence(
    recurring: RecurringDistribution, occurs_at: datetime, now: datetime
) -> tuple[Distribution | None, str]:
    """Return the new distribution, or None and the reason why it was refused."""
    request, selection = request_for(recurring, occurs_at), Selection(list_id=recurring.mailing_list_id)
    try:
        return accept_selection(recurring.organization, None, request, selection, now), ""
    except UnknownReferencesError as error:
        faults = {f"{fault.what} {fault.code.replace('_', ' ')}" for fault in error.faults}
        logger.warning("recurring_distribution_refused", recurring=str(recurring.pk), faults=sorted(faults))
        return None, "; ".join(sorted(faults))[:255]


def request_for(
    recurring: RecurringDistribution, occurs_at: datetime, idempotency_key: UUID | None = None
) -> DistributionRequest:
    """Return the request that an occurrence makes."""
    days, expire_after = recurring.recent_contact_days, recurring.links_expire_after_days
    local_time = occurs_at.astimezone(_zone(recurring))
    return DistributionRequest(
        source=SOURCE,
        survey_id=recurring.survey_id,
        contacts=(),
        steps=[step.as_request() for step in recurring.steps.select_related("provider_account")],
        is_multi=recurring.mode == ChannelMode.MULTI,
        scheduled_at=occurs_at,
        expires_at=occurs_at + timedelta(days=expire_after) if expire_after else None,
        name=f"{recurring.name} {local_time:%Y-%m-%d %H:%M}",
        audience=AudienceRules(
            respect_frequency_rules=recurring.respect_frequency_rules,
            exclude_recently_contacted=days is not None,
            recent_contact_days=days or DEFAULT_RECENT_DAYS,
        ),
        idempotency_key=idempotency_key,
    )


def occurrences_after(recurring: RecurringDistribution, after: datetime) -> Iterator[datetime]:
    """Yield the occurrences after a time, without end."""
    recurrence, zone = parse_cron(recurring.cron), _zone(recurring)
    while True:
        after = next_occurrence(recurrence, zone, after)
        yield after


def _next_occurrence(recurring: RecurringDistribution, after: datetime) -> datetime:
    return next(occurrences_after(recurring, after))


def _zone(recurring: RecurringDistribution) -> ZoneInfo:
    return zone_named(recurring.time_zone, recurring.organization.time_zone)
