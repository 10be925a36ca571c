"""PostgreSQL: is it there, is it new enough, are all migrations applied, and does it agree about the time?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from distributor.command_line.database_faults import first_line
from distributor.command_line.doctor.finding import Finding
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.readiness import count_missing_migrations

LEAST_VERSION: Final = 18
CLOCK_WARN_SECONDS: Final = 2
CLOCK_FAIL_SECONDS: Final = 60


def check_database() -> Iterator[Finding]:
    """Yield what was found; the first finding is about the connection."""
    try:
        connection.ensure_connection()
        version = connection.cursor().connection.info.server_version // 10_000
    except DatabaseError as error:
        text = f"It does not answer: {first_line(error)}."
        yield Finding.fail("database", text, "Start PostgreSQL, or correct DATABASE_URL.")
        return
    if version < LEAST_VERSION:
        yield Finding.fail("database", f"It is PostgreSQL {version}.", f"Use PostgreSQL {LEAST_VERSION} or newer.")
    else:
        yield Finding.ok(
            "database", f"PostgreSQL {version} at {settings.DATABASES['default']['HOST'] or 'a local socket'}."
        )
    missing = count_missing_migrations()
    if missing:
        remedy = "Run `python manage.py migrate`."
        yield Finding.fail("migrations", f"{missing} are not applied.", remedy)
    else:
        yield Finding.ok("migrations", "All are applied.")


def check_clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's, by which everything is scheduled."""
    before = datetime.now(UTC)
    now = database_now()
    seconds = abs((now - before - (datetime.now(UTC) - before) / 2).total_seconds())
    text = f"It differs from the database's by {seconds:.1f} s."
    remedy = "Synchronise the clocks with NTP. Signatures of webhooks and sessions depend on them."
    if seconds >= CLOCK_FAIL_SECONDS:
        yield Finding.fail("clock", text, remedy)
    elif seconds >= CLOCK_WARN_SECONDS:
        yield Finding.warn("clock", text, remedy)
    else:
        yield Finding.ok("clock", text)
