"""Run a job of any size one chunk at a time. The worker that locks the job's row runs the chunk."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from django.db import transaction

from distributor.models.chunked_work import ChunkedWork

logger = structlog.get_logger(__name__)
WorkT = TypeVar("WorkT", bound=ChunkedWork)

# How long one wake-up keeps a worker busy: long enough to be cheap, short enough that other lanes do not wait.
SLICE_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = timedelta(minutes=1)


class InputsChangedError(Exception):
    """The inputs changed while the chunk was processed. Nothing was written; it will be retried."""


def pause_after(failures: int) -> timedelta:
    """Return how long work waits after this many failures in a row: 2 s, 4 s, 8 s … 1 min."""
    return min(timedelta(seconds=2 ** min(failures, 10)), _LONGEST_PAUSE)


def describe_error(error: Exception) -> str:
    """Return an error as it is stored. Below the first line PostgreSQL quotes the row, and so the person in it."""
    first_line, *_ = str(error).split("\n", 1)
    return f"{type(error).__name__}: {first_line}"[:500]


def run_time_slice(run_next: Callable[[datetime], bool], clock: Callable[[], datetime]) -> bool:
    """Run chunks for SLICE_SECONDS. Return whether there may be more to do."""
    ends_at = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends_at:
        if not run_next(clock()):
            return False
    return True


def run_chunk(lock_next: Callable[[], WorkT | None], process: Callable[[WorkT], None], now: datetime) -> bool:
    """Process the next chunk of the job that `lock_next` returns, in one transaction.

    A chunk that fails is retried after a pause that grows to a minute. Return whether there was a job.
    """
    work = None
    try:
        with transaction.atomic():
            work = lock_next()
            if work is None:
                return False
            process(work)
    except InputsChangedError:
        return True
    except Exception as error:
        if work is None:
            raise
        failures = work.failures + 1
        logger.exception("chunk_failed", work=type(work).__name__, id=str(work.pk), failures=failures)
        postpone(work, failures, error, now)
    return True


def record_progress(work: ChunkedWork, now: datetime, *changed_fields: str) -> None:
    """Save the job's position and the changed fields. Jobs that have waited longer run before its next chunk."""
    work.due_at, work.failures, work.last_error = now, 0, ""
    work.save(update_fields=["due_at", "failures", "last_error", *changed_fields])


def postpone(work: ChunkedWork, failures: int, error: Exception, now: datetime) -> None:
    """Store that a chunk has failed so many times in a row, and when it is tried again."""
    type(work)._default_manager.filter(pk=work.pk).update(
        failures=failures,
        due_at=now + pause_after(failures),
        last_error=describe_error(error),
    )
