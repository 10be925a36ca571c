"""“Look now”: a Celery message that says that a lane has work. Losing one costs one sweep period, never a send."""

import time
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

DISPATCH_TASK = "distributor.dispatch"
# A broker that hangs costs each publisher its socket timeout; after a failure the sweep does the work for a while.
_SILENCE_SECONDS = 5.0
_silent_until = 0.0


def hint_on_commit(lane: str) -> None:
    """Hint once the caller's transaction is committed (never before: the worker would see nothing)."""
    transaction.on_commit(partial(hint, lane), robust=True)


def hint(lane: str, *, expires_seconds: float | None = None) -> None:
    """Send a hint now. A broker that is down or slow is no failure of the caller's."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task(
            DISPATCH_TASK, args=(lane,), queue=lane, retry=False, ignore_result=True, expires=expires_seconds
        )
    except (BrokerError, RedisError, OSError) as error:
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        logger.warning("hint_lost", lane=lane, error=str(error))
