"""Wake-ups: Celery messages that tell workers to look for work. A lost one costs one sweep period, never a send.

Those that follow a commit are sent by a thread of their own (background_sender.py).
"""

import time
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple

import structlog
from celery import Celery
from celery.app import app_or_default
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from kombu.pools import ProducerPool, producers

from distributor.engine.infrastructure.background_sender import BackgroundSender

logger = structlog.get_logger(__name__)

DISPATCH_TASK = "distributor.dispatch"
EXPANSION_TASK = "distributor.expand"
FOLLOW_UP_TASK = "distributor.bring_follow_ups"
MANUAL_RETRY_TASK = "distributor.retry_manually"
IMPORT_TASK = "distributor.run_imports"
EXPORT_TASK = "distributor.write_exports"
EVENTS_TASK = "distributor.deliver_events"
# Background work goes behind urgent sends and before bulk sends.
BACKGROUND_QUEUE = "normal"
# Endpoints of others may be slow: their queue has workers of its own.
EVENTS_QUEUE = "events"
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


class _Wakeup(NamedTuple):
    """A message of a task to a queue, by the Celery application of the thread that asks for it."""

    app: Celery
    task: str
    args: tuple[str, ...]
    queue: str
    expires_at: datetime | None = None


def wake_lane_on_commit(lane: str) -> None:
    """Wake a lane's workers after the commit. Before it, a worker would see nothing."""
    _send_on_commit(DISPATCH_TASK, lane, (lane,))


def wake_lane(lane: str, *, expires_at: datetime | None = None) -> None:
    """Tell workers now that batches of the lane are due. A broker that is down or slow raises no error.

    A wake-up that reaches a worker after `expires_at` is ignored.
    """
    _send(_Wakeup(app_or_default(), DISPATCH_TASK, (lane,), lane, expires_at))


def wake_another(lane: str, expires_at: datetime) -> None:
    """Tell one more of the lane's workers soon that batches are due. Returns at once, also if the broker hangs."""
    _sender.ask(_Wakeup(app_or_default(), DISPATCH_TASK, (lane,), lane, expires_at))


def wake_expansion_on_commit() -> None:
    """Tell workers after the commit that an audience waits to be expanded."""
    _send_on_commit(EXPANSION_TASK, BACKGROUND_QUEUE)


def wake_expansion(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that an audience waits to be expanded."""
    _send(_Wakeup(app_or_default(), EXPANSION_TASK, (), BACKGROUND_QUEUE, expires_at))


def wake_follow_ups_on_commit() -> None:
    """Tell workers after the commit that a follow-up waits to be brought to its recipients."""
    _send_on_commit(FOLLOW_UP_TASK, BACKGROUND_QUEUE)


def wake_follow_ups(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that a follow-up waits to be brought to its recipients."""
    _send(_Wakeup(app_or_default(), FOLLOW_UP_TASK, (), BACKGROUND_QUEUE, expires_at))


def wake_manual_retries_on_commit() -> None:
    """Tell workers after the commit that a manual retry waits to be carried out."""
    _send_on_commit(MANUAL_RETRY_TASK, BACKGROUND_QUEUE)


def wake_manual_retries(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that a manual retry waits to be carried out."""
    _send(_Wakeup(app_or_default(), MANUAL_RETRY_TASK, (), BACKGROUND_QUEUE, expires_at))


def wake_events_on_commit() -> None:
    """Tell workers after the commit that an endpoint has something to be sent."""
    _send_on_commit(EVENTS_TASK, EVENTS_QUEUE)


def wake_events(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that endpoints have something to be sent."""
    _send(_Wakeup(app_or_default(), EVENTS_TASK, (), EVENTS_QUEUE, expires_at))


def wake_exports_on_commit() -> None:
    """Tell workers after the commit that an export waits to be written."""
    _send_on_commit(EXPORT_TASK, BACKGROUND_QUEUE)


def wake_exports(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that an export waits to be written."""
    _send(_Wakeup(app_or_default(), EXPORT_TASK, (), BACKGROUND_QUEUE, expires_at))


def wake_imports_on_commit() -> None:
    """Tell workers after the commit that a file waits to be imported."""
    _send_on_commit(IMPORT_TASK, BACKGROUND_QUEUE)


def wake_imports(*, expires_at: datetime | None = None) -> None:
    """Tell workers now that a file waits to be imported."""
    _send(_Wakeup(app_or_default(), IMPORT_TASK, (), BACKGROUND_QUEUE, expires_at))


def wait_until_sent(timeout_seconds: float = 5.0) -> bool:
    """Wait for the wake-ups that this process is sending. Returns whether they are sent."""
    return _sender.wait_until_sent(timeout_seconds)


def _send_on_commit(task: str, queue: str, args: tuple[str, ...] = ()) -> None:
    wakeup = _Wakeup(app_or_default(), task, args, queue)
    transaction.on_commit(partial(_sender.ask, wakeup), robust=True)


def _send(wakeup: _Wakeup) -> None:
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    try:
        with _producers_of(wakeup.app).acquire(block=True) as producer:
            wakeup.app.send_task(
                wakeup.task,
                args=wakeup.args,
                # Not Celery's own expiry, which compares the clocks of two machines: workers compare PostgreSQL's.
                kwargs={} if wakeup.expires_at is None else {"expires_at": wakeup.expires_at.timestamp()},
                queue=wakeup.queue,
                retry=False,
                ignore_result=True,
                producer=producer,
            )
    except _errors_of(wakeup.app) as error:
        _paused_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning("hint_lost", queue=wakeup.queue, error=str(error))


_sender = BackgroundSender(_send)


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
