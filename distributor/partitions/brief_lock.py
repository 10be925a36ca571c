"""Change a table under a lock that nobody else feels.

Attaching and dropping partitions takes a lock that conflicts with every statement on the table. Waiting for it is what
hurts: whoever comes later waits behind it. So it is waited for no longer than LOCK_TIMEOUT_MS, not at all while a long
transaction holds the table, and tried again after a pause. What is done under it only changes the catalogue.
"""

import time
from collections.abc import Callable
from random import uniform
from typing import Final, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

LOCK_TIMEOUT_MS: Final = 200
# A worker that tries has no time for anything else: it gives up within seconds, and comes again in ten minutes.
TRIES: Final = 5
# A command has time.
PATIENT_TRIES: Final = 40
_LONGEST_PAUSE_SECONDS: Final = 1.0
ResultT = TypeVar("ResultT")

# A transaction that has held the table for so long would most likely not end in time.
_IS_HELD: Final = """
SELECT EXISTS (
    SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.relation = %s::regclass AND l.granted AND l.pid <> pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND a.xact_start < clock_timestamp() - %s * interval '1 millisecond'
)
"""


class TableBusyError(Exception):
    """The lock was not to be had in any of the tries. Nothing was changed."""


def change_briefly(table: str, change: Callable[[], ResultT], tries: int | None = None) -> ResultT:
    """Lock the table against everybody, and make the change in the same transaction. Raises TableBusyError.

    Of a partitioned table, only the table itself is locked: whoever comes for a partition comes through it.
    """
    tries = TRIES if tries is None else tries
    for attempt in range(tries):
        if attempt:
            time.sleep(uniform(0.1, 1.0) * _LONGEST_PAUSE_SECONDS)  # noqa: S311  it spreads load and keeps no secret
        if _is_held(table):
            continue
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"])
                cursor.execute(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE")
                return change()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
    raise TableBusyError(f"{table} was in use at each of {tries} tries")


def _is_held(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_HELD, [table, LOCK_TIMEOUT_MS])
        return bool(cursor.fetchone()[0])
