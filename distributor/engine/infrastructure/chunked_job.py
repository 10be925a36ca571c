"""Work of any size, a chunk at a time by whoever holds its row's lock (models/chunked_work.py)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from django.db import transaction

from distributor.models.chunked_work import ChunkedWork

logger = structlog.get_logger(__name__)
WorkT = TypeVar("WorkT", bound=ChunkedWork)

# How long one wake-up keeps a worker: long enough to be cheap, short enough for other lanes to get their turn.
SLICE_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = timedelta(minutes=1)


class InputsChangedError(Exception):
    """What a chunk was judged by has changed meanwhile: nothing of it is written, and it is due still."""


def pause_after(failures: int) -> timedelta:
    """Return how long work that has failed this often in a row waits: 2 s, 4 s, 8 s … 1 min."""
    return min(timedelta(seconds=2 ** min(failures, 10)), _LONGEST_PAUSE)


def run_time_slice(do_next: Callable[[datetime], bool], clock: Callable[[], datetime]) -> bool:
    """One chunk after the other for one slice of time. Returns whether there may be more to do."""
    ends_at = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends_at:
        if not do_next(clock()):
            return False
    return True


def run_chunk(take: Callable[[], WorkT | None], do: Callable[[WorkT], None], now: datetime) -> bool:
    """Do the next chunk of what `take` locks, in one transaction; whether there was anything to take.

    A chunk that fails is tried again after a pause that grows to a minute.
    """
    work = None
    try:
        with transaction.atomic():
            work = take()
            if work is None:
                return False
            do(work)
    except InputsChangedError:
        return True
    except Exception as error:
        if work is None:
            raise
        failures = work.failures + 1
        logger.exception("chunk_failed", work=type(work).__name__, id=str(work.pk), failures=failures)
        _put_off(work, failures, error, now)
    return True


def go_on(work: ChunkedWork, now: datetime, *changed: str) -> None:
    """Write the step forward, with the columns that it changed. The next chunk's turn comes after the others'."""
    work.due_at, work.failures, work.last_error = now, 0, ""
    work.save(update_fields=["due_at", "failures", "last_error", *changed])


def _put_off(work: ChunkedWork, failures: int, error: Exception, now: datetime) -> None:
    type(work)._default_manager.filter(pk=work.pk).update(
        failures=failures,
        due_at=now + pause_after(failures),
        last_error=repr(error)[:500],
    )
