"""Holding a distribution back and letting it go on: pause, resume, cancel, reschedule, delete.

Each changes the distribution and its batches, never its recipients: a million recipients are a thousand batches. The
distribution's row is the switch. Whoever changes it locks it FOR UPDATE, and every begin holds it FOR KEY SHARE until
its hand-over is committed. So once a call is answered nothing begins any more that it forbids, and adding to the
counts (which takes a weaker lock) goes on. Locks go distribution, then batches. A begin that stops people adds to the
counts while it holds the row: such a begin, a settle and a steering call may deadlock, and then the call starts over.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.models import Distribution
from distributor.models.batch import BatchState
from distributor.rules.journey.distribution_status import DistributionStatus


class DistributionOverError(Exception):
    """The distribution is over; nothing was changed."""

    def __init__(self, status: DistributionStatus) -> None:
        super().__init__(f"the distribution is {status.value}")
        self.status = status


@retry_deadlocks
def pause(distribution_id: UUID, now: datetime) -> Distribution:
    """Let nothing begin until it is resumed. Paused already: nothing changes. Raises NotSteerable."""
    distribution = _take(distribution_id, now)
    if distribution.paused_at is None:
        distribution.paused_at = now
        distribution.save(update_fields=["paused_at"])
        distribution.batches.filter(state=BatchState.WAITING).update(state=BatchState.PAUSED)
    return distribution


@retry_deadlocks
def resume(distribution_id: UUID, now: datetime) -> Distribution:
    """Go on where it was paused; what came due meanwhile leaves now. Not paused: nothing changes.

    Raises NotSteerable.
    """
    distribution = _take(distribution_id, now)
    if distribution.paused_at is not None:
        distribution.paused_at = None
        distribution.save(update_fields=["paused_at"])
        distribution.batches.filter(state=BatchState.PAUSED).update(state=BatchState.WAITING)
        _hint_due(distribution, now)
    return distribution


@retry_deadlocks
def cancel(distribution_id: UUID, now: datetime) -> Distribution:
    """Let nothing begin any more, for good, and close the links. Cancelled already: nothing changes.

    Workers then stop its recipients batch by batch (reason “cancelled”): all batches are due at once. What is with a
    provider at this moment keeps its attempt. Raises NotSteerable when all of it has ended.
    """
    distribution = _lock(distribution_id)
    if distribution.cancelled_at is None:
        _require_unended(distribution, now)
        _call_off(distribution, now)
    return distribution


@retry_deadlocks
def delete(distribution_id: UUID, now: datetime) -> None:
    """Cancel all that has not left, close the links, even of a distribution that has ended, and mark it as deleted.

    The record stays: what was sent was sent. Deleted already: nothing changes.
    """
    distribution = _lock(distribution_id)
    if distribution.deleted_at is None:
        if distribution.cancelled_at is None:
            _call_off(distribution, now)
        distribution.deleted_at = now
        distribution.save(update_fields=["deleted_at"])


@retry_deadlocks
def reschedule(distribution_id: UUID, scheduled_at: datetime | None, now: datetime) -> Distribution:
    """Move all that has not left yet; None or a moment that has passed: it leaves now. Raises NotSteerable.

    What waits for later on its own account (a retry, a fallback) never comes earlier, but nothing comes before
    `scheduled_at`.
    """
    distribution = _take(distribution_id, now)
    was_due_at = distribution.scheduled_at or distribution.created_at
    due_at = max(scheduled_at or now, now)
    distribution.scheduled_at = scheduled_at
    distribution.save(update_fields=["scheduled_at"])
    unended = distribution.batches.exclude(state=BatchState.DONE)
    unended.filter(Q(due_at__lte=was_due_at) | Q(due_at__lt=due_at)).update(due_at=due_at)
    _hint_due(distribution, now)
    return distribution


def _take(distribution_id: UUID, now: datetime) -> Distribution:
    distribution = _lock(distribution_id)
    _require_unended(distribution, now)
    return distribution


def _lock(distribution_id: UUID) -> Distribution:
    return Distribution.objects.select_for_update().get(id=distribution_id)


def _require_unended(distribution: Distribution, now: datetime) -> None:
    status = distribution.status_at(now)
    if status.is_final:
        raise DistributionOverError(status)


def _call_off(distribution: Distribution, now: datetime) -> None:
    distribution.cancelled_at, distribution.paused_at = now, None
    distribution.save(update_fields=["cancelled_at", "paused_at"])
    distribution.batches.exclude(state=BatchState.DONE).update(state=BatchState.WAITING, due_at=now)
    _hint_due(distribution, now)


def _hint_due(distribution: Distribution, now: datetime) -> None:
    due = distribution.batches.filter(state=BatchState.WAITING, due_at__lte=now)
    for lane in due.values_list("lane", flat=True).distinct():
        wake_lane_on_commit(lane)
