"""Celery's edges: each makes one domain call. Nothing is retried here: what is not done is still due."""

from celery import shared_task

from distributor.engine.audience.expand import expand_due
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.follow_up.add import bring_due
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.idempotency import DELETE_BATCH_SIZE, delete_expired
from distributor.engine.infrastructure.wakeups import (
    DISPATCH_TASK,
    EXPANSION_TASK,
    FOLLOW_UP_TASK,
    wake_expansion,
    wake_follow_ups,
    wake_lane,
)
from distributor.engine.schedule.recurring import start_due
from distributor.engine.schedule.sweep import sweep

SWEEP_PERIOD_SECONDS = 2.0


@shared_task(name=DISPATCH_TASK)
def dispatch(lane: str) -> None:
    """Work off what is due on a lane; pass the rest on, so that other lanes get their turn."""
    if dispatch_lane(lane, database_now):
        wake_lane(lane)


@shared_task(name=EXPANSION_TASK)
def expand() -> None:
    """Turn audiences into recipients for a moment; pass the rest on."""
    if expand_due(database_now):
        wake_expansion()


@shared_task(name=FOLLOW_UP_TASK)
def bring_follow_ups() -> None:
    """Bring added reminders and thank-yous to their people for a moment; pass the rest on."""
    if bring_due(database_now):
        wake_follow_ups()


@shared_task(name="distributor.sweep")
def sweep_lanes() -> None:
    """Beat's main task: hints for all that is due."""
    sweep(database_now(), SWEEP_PERIOD_SECONDS)


@shared_task(name="distributor.delete_expired_keys")
def delete_expired_keys() -> None:
    """Let go of the answers whose Idempotency-Key has expired."""
    now = database_now()
    while delete_expired(now) == DELETE_BATCH_SIZE:
        pass


@shared_task(name="distributor.start_recurring")
def start_recurring() -> None:
    """Beat's own: the recurring distributions whose moment has come."""
    start_due(database_now())
