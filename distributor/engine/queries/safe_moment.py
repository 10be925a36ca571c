"""Until when changes can be read without missing one that is committed later (decision 57)."""

from datetime import datetime
from typing import Final

from django.db import connection

# Calls take `now` shortly before their transaction begins: a second is left for that. A transaction that has written
# nothing for a minute only reads, such as a backup: calls of ours write at once, or wait for a lock for less than this.
_SAFE_MOMENT: Final = """
SELECT least(clock_timestamp(), (
    SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '1 minute')
)) - interval '1 second'
"""


def safe_moment() -> datetime:
    """Return a moment before which all changes are committed: no running transaction began before it."""
    with connection.cursor() as cursor:
        # Within a transaction, PostgreSQL shows the same activity until its snapshot is cleared.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(_SAFE_MOMENT)
        moment: datetime = cursor.fetchone()[0]
    return moment
