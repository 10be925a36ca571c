"""The clock that all processes share. Only entry points read it; all other code takes `now` as an argument."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return PostgreSQL's time, aware. Web, workers and beat on several machines all use this clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
