"""Start a manual retry of a distribution, and carry it out in chunks.

The call writes one row, whatever the number of recipients. Workers then let the recipients wait for the distribution's
first step, in the order of their ids, one transaction per chunk. From there everything is as for a new recipient:
consent, quiet hours and all other rules are judged again before each message. The link stays the same.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import F, Max

from distributor.engine.infrastructure.chunked_job import record_progress, run_chunk, run_time_slice
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.infrastructure.wakeups import wake_manual_retries_on_commit
from distributor.engine.journey.switch import change_uncancelled
from distributor.engine.manual_retry.resend import resend_to
from distributor.engine.manual_retry.unreached import lock_unreached
from distributor.models import Distribution, ManualRetry, Recipient
from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.manual_retry import RetrySelection
from distributor.rules.timing.timetable import Timetable, refuse_late


class RetryRefusal(StrEnum):
    """Why a distribution cannot be retried. Stable: callers read them."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"  # nothing is sent any more


class RetryRefusedError(Exception):
    """The retry was not started."""

    def __init__(self, reason: RetryRefusal) -> None:
        super().__init__(f"the retry is refused: {reason.value}")
        self.reason = reason


@retry_deadlocks
def start_retry(distribution_id: UUID, selection: RetrySelection, source: str, now: datetime) -> ManualRetry:
    """Send again to the selected recipients who were not reached. Workers carry it out. Raises RetryRefusedError.

    Recipients who wait already, for example for an earlier retry, are left alone.
    """
    distribution = Distribution.objects.select_for_update().get(pk=distribution_id)
    require_retryable(distribution, now)
    last_id = Recipient.objects.filter(distribution=distribution).aggregate(last=Max("id"))["last"] or 0
    retry = ManualRetry.objects.create(
        distribution=distribution,
        selection=selection.as_stored(),
        source=source,
        created_at=now,
        due_at=now,
        last_id=last_id,
    )
    distribution.running_retry_count += 1
    distribution.save(update_fields=["running_retry_count"])
    wake_manual_retries_on_commit()
    return retry


def require_retryable(distribution: Distribution, now: datetime) -> None:
    """Raise RetryRefusedError if nothing is sent any more."""
    if distribution.cancelled_at is not None:
        raise RetryRefusedError(RetryRefusal.CANCELLED)
    end = Timetable(not_after=distribution.not_after, expires_at=distribution.expires_at)
    if refuse_late(now, end) is not None:
        raise RetryRefusedError(RetryRefusal.EXPIRED)


def run_due_retries(clock: Callable[[], datetime]) -> bool:
    """Carry out manual retries for one time slice. Returns whether there may be more to do."""
    return run_time_slice(run_next_chunk, clock)


def run_next_chunk(now: datetime, size: int = BATCH_SIZE) -> bool:
    """Carry out the next chunk of the retry that has waited longest. Returns whether there was one."""
    return run_chunk(lambda: _lock_next(now), lambda retry: _run_chunk(retry, size, now), now)


def has_due_retries(now: datetime) -> bool:
    """Return whether any manual retry is not finished."""
    return ManualRetry.objects.filter(is_done=False, due_at__lte=now).exists()


def _lock_next(now: datetime) -> ManualRetry | None:
    waiting = ManualRetry.objects.filter(is_done=False, due_at__lte=now).order_by("due_at", "pk")
    return waiting.select_for_update(skip_locked=True, of=("self",)).select_related("distribution").first()


def _run_chunk(retry: ManualRetry, size: int, now: datetime) -> None:
    try:
        require_retryable(retry.distribution, now)
    except RetryRefusedError:
        _finish(retry, now)
        Distribution.objects.filter(pk=retry.distribution_id).update(running_retry_count=F("running_retry_count") - 1)
        return
    unreached = lock_unreached(
        retry.distribution_id,
        RetrySelection.read(retry.selection),
        after_id=retry.after_id,
        last_id=retry.last_id,
        limit=size,
    )
    is_last = len(unreached) < size
    # A retry that fits into one chunk is a small send like any other, and gets the lane for its size.
    lane = lane_for(len(unreached)) if is_last and retry.after_id == 0 else Lane.BULK
    resend_to(retry, unreached, now, lane=lane)
    retry.retried_count += len(unreached)
    if is_last:
        _finish(retry, now)
    else:
        retry.after_id = unreached[-1].id
        record_progress(retry, now, "after_id", "retried_count")
    change_uncancelled(retry.distribution_id, running_retry_count=F("running_retry_count") - (1 if is_last else 0))


def _finish(retry: ManualRetry, now: datetime) -> None:
    retry.after_id, retry.is_done = retry.last_id, True
    record_progress(retry, now, "after_id", "retried_count", "is_done")
