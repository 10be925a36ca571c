"""“Look now”: a Celery message that says that there is work. Losing one costs one sweep period, never a send."""

import time
from functools import cache, partial

import structlog
from celery import Celery
from celery.app import app_or_default
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from kombu.pools import ProducerPool, producers
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

DISPATCH_TASK = "distributor.dispatch"
EXPANSION_TASK = "distributor.expand"
FOLLOW_UP_TASK = "distributor.bring_follow_ups"
# Behind what is urgent, before what is large.
BACKGROUND_QUEUE = "normal"
# A hint is worth half a second of anybody's time: with a worker's patience a dead broker cost a call 6 s, a hung one 5.
_IMPATIENCE = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "max_retries": 0}
# After a failure the sweep does the work for a while.
_SILENCE_SECONDS = 5.0
_silent_until = 0.0


def wake_on_commit(lane: str) -> None:
    """Hint once the caller's transaction is committed (never before: the worker would see nothing)."""
    transaction.on_commit(partial(hint, lane), robust=True)


def hint(lane: str, *, expires_seconds: float | None = None) -> None:
    """Send a hint now. A broker that is down or slow is no failure of the caller's."""
    _send(DISPATCH_TASK, (lane,), lane, expires_seconds)


def wake_expansion_on_commit() -> None:
    """Hint that an audience waits to be read, once the caller's transaction is committed."""
    transaction.on_commit(wake_expansion, robust=True)


def wake_expansion(*, expires_seconds: float | None = None) -> None:
    """Likewise, now."""
    _send(EXPANSION_TASK, (), BACKGROUND_QUEUE, expires_seconds)


def wake_follow_ups_on_commit() -> None:
    """Hint that what was added to a distribution waits to be brought to its people, once the call is committed."""
    transaction.on_commit(wake_follow_ups, robust=True)


def wake_follow_ups(*, expires_seconds: float | None = None) -> None:
    """Likewise, now."""
    _send(FOLLOW_UP_TASK, (), BACKGROUND_QUEUE, expires_seconds)


def _send(task: str, args: tuple[str, ...], queue: str, expires_seconds: float | None) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    app = app_or_default()
    try:
        with _producers_of(app).acquire(block=True) as producer:
            app.send_task(
                task,
                args=args,
                queue=queue,
                retry=False,
                ignore_result=True,
                expires=expires_seconds,
                producer=producer,
            )
    except (BrokerError, RedisError, OSError) as error:
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        logger.warning("hint_lost", queue=queue, error=str(error))


@cache  # looking it up costs as much as the hint
def _producers_of(app: Celery) -> ProducerPool:
    pool: ProducerPool = producers[impatient_broker(app)]
    return pool


def impatient_broker(app: Celery | None = None) -> Connection:
    """The broker, for whoever would rather do without it than wait."""
    return app_or_default(app).connection_for_write(transport_options=_IMPATIENCE)
