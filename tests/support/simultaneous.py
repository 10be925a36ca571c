"""Concurrent calls, each in its own thread with its own database connection."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

ResultT = TypeVar("ResultT")
DEADLINE_SECONDS = 60


def run_together(calls: Sequence[Callable[[], ResultT]]) -> list[ResultT]:
    """Run the calls at the same time and return their results in order. Raises what any of them raises."""
    start = Barrier(len(calls))

    def run(call: Callable[[], ResultT]) -> ResultT:
        try:
            connection.ensure_connection()
            start.wait(DEADLINE_SECONDS)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
        return [future.result(DEADLINE_SECONDS) for future in futures]


def wait_until_blocked(count: int) -> None:
    """Return once exactly this many connections to this database wait for a lock."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Within a transaction, PostgreSQL shows the same activity until its snapshot is cleared.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] == count:
                return
        time.sleep(0.02)
    raise AssertionError(f"{count} calls never waited for a lock at the same time")
