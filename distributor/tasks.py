"""Celery tasks. Each makes one domain call. Celery retries nothing: work that was not done is still due."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from celery import shared_task

from distributor.engine.audience.expand import expand_due
from distributor.engine.counters.compact import compact_counts
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.events.deliver import deliver_due
from distributor.engine.events.expiry import delete_old_events
from distributor.engine.exports.expiry import delete_expired_exports
from distributor.engine.exports.write import write_due_exports
from distributor.engine.follow_up.add import arm_due_follow_ups
from distributor.engine.imports.expiry import delete_old_imports
from distributor.engine.imports.run import run_due_imports
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.idempotency import DELETE_BATCH_SIZE, delete_expired
from distributor.engine.infrastructure.wakeups import (
    DISPATCH_TASK,
    EVENTS_TASK,
    EXPANSION_TASK,
    EXPORT_TASK,
    FOLLOW_UP_TASK,
    IMPORT_TASK,
    MANUAL_RETRY_TASK,
    wake_events,
    wake_expansion,
    wake_exports,
    wake_follow_ups,
    wake_imports,
    wake_lane,
    wake_manual_retries,
)
from distributor.engine.manual_retry.start import run_due_retries
from distributor.engine.privacy.retention import delete_due
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.engine.recovery.memory import compare_journal, may_work
from distributor.engine.schedule.recurring import start_due
from distributor.engine.schedule.sweep import has_just_swept, sweep
from distributor.sign_in.expiry import forget_expired_logins

SWEEP_PERIOD_SECONDS = 2.0
TaskParams = ParamSpec("TaskParams")


def if_memory_is_whole(task: Callable[TaskParams, None]) -> Callable[TaskParams, None]:
    """Do nothing while the database may have forgotten hand-overs (engine/recovery). The work is still due later."""

    @wraps(task)
    def run(*args: TaskParams.args, **kwargs: TaskParams.kwargs) -> None:
        if may_work(database_now):
            task(*args, **kwargs)

    return run


def wake_up(task: Callable[..., None]) -> Callable[..., None]:
    """Do nothing after `expires_at`, Unix time by PostgreSQL's clock: a later sweep has sent another wake-up."""
    gated = if_memory_is_whole(task)

    @wraps(task)
    def run(*args: Any, expires_at: float | None = None) -> None:
        if expires_at is None or database_now().timestamp() <= expires_at:
            gated(*args)

    return run


@shared_task(name=DISPATCH_TASK)
@wake_up
def dispatch(lane: str) -> None:
    """Dispatch a lane's due batches for a moment. If more is due, a new wake-up lets other lanes go first."""
    if dispatch_lane(lane, database_now):
        wake_lane(lane)


@shared_task(name=EXPANSION_TASK)
@wake_up
def expand() -> None:
    """Expand audiences into recipients for a moment, and send a new wake-up if there is more to do."""
    if expand_due(database_now):
        wake_expansion()


@shared_task(name=FOLLOW_UP_TASK)
@wake_up
def arm_follow_ups() -> None:
    """Arm added reminders and thank-yous for a moment, and send a new wake-up if there is more to do."""
    if arm_due_follow_ups(database_now):
        wake_follow_ups()


@shared_task(name=MANUAL_RETRY_TASK)
@wake_up
def retry_manually() -> None:
    """Carry out manual retries for a moment, and send a new wake-up if there is more to do."""
    if run_due_retries(database_now):
        wake_manual_retries()


@shared_task(name=IMPORT_TASK)
@wake_up
def run_imports() -> None:
    """Read or write imported files for a while, and send a new wake-up if there is more to do."""
    if run_due_imports(database_now):
        wake_imports()


@shared_task(name=EXPORT_TASK)
@wake_up
def write_exports() -> None:
    """Write exports for a moment, and send a new wake-up if there is more to do."""
    if write_due_exports(database_now):
        wake_exports()


@shared_task(name=EVENTS_TASK)
@wake_up
def deliver_events() -> None:
    """Deliver events to endpoints for a while, and send a new wake-up if there is more to do."""
    if deliver_due(database_now):
        wake_events()


@shared_task(name="distributor.sweep")
def sweep_lanes() -> None:
    """Wake workers for whatever is due. Beat runs this every two seconds."""
    now = database_now()
    if not has_just_swept(now, SWEEP_PERIOD_SECONDS):
        sweep(now, SWEEP_PERIOD_SECONDS)


@shared_task(name="distributor.compare_journal")
def compare_with_journal() -> None:
    """Look whether the database has forgotten a hand-over that the journal knows. Beat runs this every ten seconds."""
    compare_journal(database_now())


@shared_task(name="distributor.delete_expired_keys")
def delete_expired_keys() -> None:
    """Delete the stored answers whose Idempotency-Key has expired."""
    now = database_now()
    while delete_expired(now) == DELETE_BATCH_SIZE:
        pass


@shared_task(name="distributor.delete_expired_logins")
def delete_expired_logins() -> None:
    """Delete sessions that are over and failed logins that no longer count. Beat runs this every ten minutes."""
    forget_expired_logins(database_now())


@shared_task(name="distributor.compact_counts")
def compact_minutes() -> None:
    """Add up the counters of minutes that are hours ago. Beat runs this every ten minutes."""
    compact_counts(database_now())


@shared_task(name="distributor.retention")
@if_memory_is_whole
def retention() -> None:
    """Delete for a moment what organisations keep no longer. Beat runs this every minute: it never hurries."""
    delete_due(database_now)
    delete_expired_exports(database_now())
    delete_old_events(database_now())


@shared_task(name="distributor.keep_partitions")
@if_memory_is_whole
def keep_partitions_in_order() -> None:
    """Make partitions ahead and drop old ones. Beat runs this every ten minutes."""
    keep_partitions(database_now())


@shared_task(name="distributor.delete_old_imports")
def expire_imports() -> None:
    """Delete what imports keep no longer. Beat runs this every ten minutes."""
    while delete_old_imports(database_now()):
        pass


@shared_task(name="distributor.start_recurring")
@if_memory_is_whole
def start_recurring() -> None:
    """Start the recurring distributions that are due. Beat runs this every ten seconds."""
    start_due(database_now())
