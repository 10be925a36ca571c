"""Celery's edges: each makes one domain call. Nothing is retried here: what is not done is still due."""

from celery import shared_task

from distributor.engine.clock import database_now
from distributor.engine.dispatch import dispatch_lane
from distributor.engine.hints import DISPATCH_TASK, hint
from distributor.engine.idempotency import PORTION, delete_expired
from distributor.engine.sweep import sweep

SWEEP_PERIOD_SECONDS = 2.0


@shared_task(name=DISPATCH_TASK)
def dispatch(lane: str) -> None:
    """Work off what is due on a lane; pass the rest on, so that other lanes get their turn."""
    if dispatch_lane(lane, database_now):
        hint(lane)


@shared_task(name="distributor.sweep")
def sweep_lanes() -> None:
    """Beat's main task: hints for all that is due."""
    sweep(database_now(), SWEEP_PERIOD_SECONDS)


@shared_task(name="distributor.delete_expired_keys")
def delete_expired_keys() -> None:
    """Let go of the answers whose Idempotency-Key has expired."""
    now = database_now()
    while delete_expired(now) == PORTION:
        pass
