"""The clock of record. Only edges read it; everything below takes `now` as an argument."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """PostgreSQL's time, aware: the one clock that web, workers and beat on several machines share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
