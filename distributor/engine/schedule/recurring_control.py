"""What operators do with a recurring distribution: create, pause, resume, run now and skip once."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction

from distributor.engine.audience.send_once import send_once
from distributor.engine.infrastructure.audit import Actor, record
from distributor.engine.schedule.recurring import occurrences_after, request_for, save_recurring
from distributor.models import Distribution, RecurringDistribution, RecurringStep
from distributor.rules.requests import Selection

SKIPPED: Final = "Skipped by an operator."


@transaction.atomic
def create_recurring(
    recurring: RecurringDistribution, steps: Sequence[RecurringStep], actor: Actor, now: datetime
) -> tuple[RecurringDistribution, bool]:
    """Start a recurring distribution with its steps. Idempotent: the same id makes one. Return whether it is new."""
    recurring.next_at = next(occurrences_after(recurring, now))
    RecurringDistribution.objects.bulk_create([recurring], ignore_conflicts=True)
    kept = RecurringDistribution.objects.select_for_update().get(
        pk=recurring.pk, organization_id=recurring.organization_id
    )
    if kept.created_at != recurring.created_at:
        return kept, False
    for step in steps:
        step.recurring = kept
    RecurringStep.objects.bulk_create(steps)
    record(actor, "created", kept)
    return kept, True


@transaction.atomic
def switch_recurring(recurring_id: UUID, actor: Actor, now: datetime, *, is_active: bool) -> RecurringDistribution:
    """Pause or resume. Occurrences of the pause are not made up for. Idempotent: repeating it changes nothing."""
    recurring = _lock(recurring_id)
    if recurring.is_active != is_active:
        recurring.is_active = is_active
        save_recurring(recurring, now)
        record(actor, "resumed" if is_active else "paused", recurring)
    return recurring


@transaction.atomic
def skip_occurrence(recurring_id: UUID, occurs_at: datetime, actor: Actor, now: datetime) -> bool:
    """Skip the next occurrence if it is still the one at `occurs_at`, and keep that in the history.

    Return whether it was skipped. Idempotent: a second call finds that another one is next.
    """
    recurring = _lock(recurring_id)
    if not recurring.is_active or recurring.next_at != occurs_at:
        return False
    # `next_at` may have been set back by hand to one that has been decided.
    recurring.occurrences.get_or_create(occurs_at=occurs_at, defaults={"fault": SKIPPED, "decided_at": now})
    recurring.next_at = next(occurrences_after(recurring, max(now, occurs_at)))
    recurring.save(update_fields=["next_at"])
    record(actor, "occurrence_skipped", recurring)
    return True


@transaction.atomic
def run_now(recurring_id: UUID, key: UUID, actor: Actor, now: datetime) -> tuple[Distribution, bool]:
    """Send once now, besides the schedule. The same key sends once. Return the distribution, and whether it is new.

    Raises UnknownReferencesError if the survey, list, accounts or templates cannot be used.
    """
    recurring = _lock(recurring_id)
    request = request_for(recurring, now, key)
    distribution, is_new = send_once(
        recurring.organization, request, Selection(list_id=recurring.mailing_list_id), actor, now
    )
    if is_new:
        recurring.occurrences.create(occurs_at=now, distribution=distribution, decided_at=now)
        record(actor, "run_now", recurring)
    return distribution, is_new


def next_occurrences(recurring: RecurringDistribution, after: datetime, count: int) -> list[datetime]:
    """Return the next occurrences after a time, as the schedule says. A paused one has them, too."""
    return list(islice(occurrences_after(recurring, after), count))


def _lock(recurring_id: UUID) -> RecurringDistribution:
    rows = RecurringDistribution.objects.select_for_update(of=("self",)).select_related("organization")
    return rows.get(pk=recurring_id)
