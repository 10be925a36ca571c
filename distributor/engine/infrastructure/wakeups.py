"""Wake-ups: Celery messages that tell workers to look for work. A lost one costs one sweep period, never a send."""

import time
from datetime import datetime
from functools import cache, partial

import structlog
from celery import Celery
from celery.app import app_or_default
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from kombu.pools import ProducerPool, producers

logger = structlog.get_logger(__name__)

DISPATCH_TASK = "distributor.dispatch"
EXPANSION_TASK = "distributor.expand"
FOLLOW_UP_TASK = "distributor.bring_follow_ups"
MANUAL_RETRY_TASK = "distributor.retry_manually"
# Background work goes behind urgent sends and before bulk sends.
BACKGROUND_QUEUE = "normal"
# With a worker's timeouts a dead broker delayed a call by 6 s and a hung one by 5 s. The first two are those of Valkey
# and Redis, the next three RabbitMQ's.
_SHORT_TIMEOUTS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "connect_timeout": 0.5,
    "read_timeout": 0.5,
    "write_timeout": 0.5,
    "max_retries": 0,
}
# After a failure this process sends no wake-ups for this long; the sweep finds the work.
_PAUSE_SECONDS = 5.0
_paused_until = 0.0


def wake_lane_on_commit(lane: str) -> None:
    """Wake a lane's workers after the commit. Before it, a worker would see nothing."""
    transaction.on_commit(partial(wake_lane, lane), robust=True)


def wake_lane(lane: str, *, expires_at: datetime | None = None) -> None:
    """Tell workers now that batches of the lane are due. A broker that is down or slow raises no error.

    A wake-up that reaches a worker after `expires_at` is ignored.
    """
    _send(DISPATCH_TASK, (lane,), lane, expires_at)


def wake_expansion_on_commit() -> None:
    """Tell workers after the commit that an audience waits to be expanded."""
    transaction.on_commit(wake_expansion, robust=True)


def wake_expansion(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that an audience waits to be expanded."""
    _send(EXPANSION_TASK, (), BACKGROUND_QUEUE, expires_at)


def wake_follow_ups_on_commit() -> None:
    """Tell workers after the commit that a follow-up waits to be brought to its recipients."""
    transaction.on_commit(wake_follow_ups, robust=True)


def wake_follow_ups(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that a follow-up waits to be brought to its recipients."""
    _send(FOLLOW_UP_TASK, (), BACKGROUND_QUEUE, expires_at)


def wake_manual_retries_on_commit() -> None:
    """Tell workers after the commit that a manual retry waits to be carried out."""
    transaction.on_commit(wake_manual_retries, robust=True)


def wake_manual_retries(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that a manual retry waits to be carried out."""
    _send(MANUAL_RETRY_TASK, (), BACKGROUND_QUEUE, expires_at)


def _send(task: str, args: tuple[str, ...], queue: str, expires_at: datetime | None) -> None:
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    app = app_or_default()
    try:
        with _producers_of(app).acquire(block=True) as producer:
            app.send_task(
                task,
                args=args,
                # Not Celery's own expiry, which compares the clocks of two machines: workers compare PostgreSQL's.
                kwargs={} if expires_at is None else {"expires_at": expires_at.timestamp()},
                queue=queue,
                retry=False,
                ignore_result=True,
                producer=producer,
            )
    except _errors_of(app) as error:
        _paused_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning("hint_lost", queue=queue, error=str(error))


@cache  # looking the pool up takes as long as sending the message
def _producers_of(app: Celery) -> ProducerPool:
    pool: ProducerPool = producers[broker_with_short_timeouts(app)]
    return pool


@cache
def _errors_of(app: Celery) -> tuple[type[Exception], ...]:
    """Return what sending may raise when the broker is away, hung or full. Each broker has errors of its own."""
    broker = broker_with_short_timeouts(app)
    return (*broker.connection_errors, *broker.channel_errors, BrokerError, OSError)


def broker_with_short_timeouts(app: Celery | None = None) -> Connection:
    """Return a connection to the broker for callers that rather do without it than wait: 0.5 s, no retries."""
    return app_or_default(app).connection_for_write(transport_options=_SHORT_TIMEOUTS)
