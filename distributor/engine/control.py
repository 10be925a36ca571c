"""Pause, resume, cancel, reschedule and delete a distribution, and fix the split between its accounts.

Each call changes the distribution and its batches, never its recipients: a million recipients are a thousand batches.

The distribution's row is the switch (journey/switch.py). These calls lock it FOR UPDATE, and every begin holds it FOR
KEY SHARE until its hand-over is committed. So once a call has been answered, nothing that it forbids begins. Updates of
the counts take a weaker lock and do not wait.

Locks go distribution, then batches. A begin that stops people updates the counts while it holds the row. So such a
begin, a settle and one of these calls may deadlock, and then the call is retried.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.models import Distribution, Step, StepAccount
from distributor.models.batch import BatchState
from distributor.rules.journey.distribution_status import DistributionStatus


class DistributionOverError(Exception):
    """The distribution has ended. Nothing was changed."""

    def __init__(self, status: DistributionStatus) -> None:
        super().__init__(f"the distribution is {status.value}")
        self.status = status


@retry_deadlocks
def pause(distribution_id: UUID, now: datetime) -> Distribution:
    """Let nothing begin until the distribution is resumed.

    Idempotent: pausing a paused distribution changes nothing. Raises DistributionOverError.
    """
    distribution = _lock_unended(distribution_id, now)
    if distribution.paused_at is None:
        distribution.paused_at = now
        distribution.save(update_fields=["paused_at"])
        distribution.batches.filter(state=BatchState.WAITING).update(state=BatchState.PAUSED)
    return distribution


@retry_deadlocks
def resume(distribution_id: UUID, now: datetime) -> Distribution:
    """Continue a paused distribution. Messages that came due during the pause leave now.

    Idempotent: resuming a distribution that is not paused changes nothing. Raises DistributionOverError.
    """
    distribution = _lock_unended(distribution_id, now)
    if distribution.paused_at is not None:
        distribution.paused_at = None
        distribution.save(update_fields=["paused_at"])
        distribution.batches.filter(state=BatchState.PAUSED).update(state=BatchState.WAITING)
        _wake_due_lanes(distribution, now)
    return distribution


def fix_split(distribution_id: UUID, *, is_fixed: bool) -> bool:
    """Let accounts with weights share by the weights alone, or let what comes of their messages change their shares.

    Takes effect within a second. Returns whether any step has such accounts.
    """
    shared = StepAccount.objects.filter(step__distribution_id=distribution_id, weight__isnull=False)
    return bool(Step.objects.filter(id__in=shared.values("step_id")).update(has_fixed_split=is_fixed))


@retry_deadlocks
def cancel(distribution_id: UUID, now: datetime) -> Distribution:
    """Let nothing begin any more, for good, and close the links. Idempotent.

    All batches become due at once, and workers stop their recipients batch by batch (reason “cancelled”). A message
    that is with a provider now keeps its attempt. Raises DistributionOverError if the distribution is completed.
    """
    distribution = _lock(distribution_id)
    if distribution.cancelled_at is None:
        _require_unended(distribution, now)
        _cancel_locked(distribution, now)
    return distribution


@retry_deadlocks
def delete(distribution_id: UUID, now: datetime) -> None:
    """Cancel the distribution, even if it is completed, close its links and mark it as deleted. Idempotent.

    The row stays, with the record of what was sent.
    """
    distribution = _lock(distribution_id)
    if distribution.deleted_at is None:
        if distribution.cancelled_at is None:
            _cancel_locked(distribution, now)
        distribution.deleted_at = now
        distribution.save(update_fields=["deleted_at"])


@retry_deadlocks
def reschedule(distribution_id: UUID, scheduled_at: datetime | None, now: datetime) -> Distribution:
    """Move everything that has not left yet. None, or a time in the past, means now. Raises DistributionOverError.

    Nothing leaves before `scheduled_at`. Messages that wait for later for a reason of their own, such as a retry or a
    fallback, never leave earlier than they would have.
    """
    distribution = _lock_unended(distribution_id, now)
    was_due_at = distribution.scheduled_at or distribution.created_at
    due_at = max(scheduled_at or now, now)
    distribution.scheduled_at = scheduled_at
    distribution.save(update_fields=["scheduled_at"])
    unended = distribution.batches.exclude(state=BatchState.DONE)
    unended.filter(Q(due_at__lte=was_due_at) | Q(due_at__lt=due_at)).update(due_at=due_at)
    _wake_due_lanes(distribution, now)
    return distribution


def _lock_unended(distribution_id: UUID, now: datetime) -> Distribution:
    distribution = _lock(distribution_id)
    _require_unended(distribution, now)
    return distribution


def _lock(distribution_id: UUID) -> Distribution:
    return Distribution.objects.select_for_update().get(id=distribution_id)


def _require_unended(distribution: Distribution, now: datetime) -> None:
    status = distribution.status_at(now)
    if status.is_final:
        raise DistributionOverError(status)


def _wake_due_lanes(distribution: Distribution, now: datetime) -> None:
    due = distribution.batches.filter(state=BatchState.WAITING, due_at__lte=now)
    for lane in due.values_list("lane", flat=True).distinct():
        wake_lane_on_commit(lane)


def _cancel_locked(distribution: Distribution, now: datetime) -> None:
    distribution.cancelled_at, distribution.paused_at = now, None
    distribution.save(update_fields=["cancelled_at", "paused_at"])
    distribution.batches.exclude(state=BatchState.DONE).update(state=BatchState.WAITING, due_at=now)
    _wake_due_lanes(distribution, now)
