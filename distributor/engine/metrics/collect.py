"""Collect all metrics, at most once in five seconds per process, so that scrapes cannot load the database.

A scrape is seven short statements and one round trip to Valkey.
"""

import time
from threading import Lock
from typing import Final

import structlog
from django.db import Error, transaction

from distributor.engine.calls import durations
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.statement_limit import TookTooLongError, limit_statements_to
from distributor.engine.metrics import catalogue
from distributor.engine.metrics.accounts import read_accounts
from distributor.engine.metrics.backlog import read_backlog
from distributor.engine.metrics.family import Family, write_text
from distributor.engine.metrics.totals import read_totals
from distributor.engine.metrics.work import read_work

logger = structlog.get_logger(__name__)

KEPT_SECONDS: Final = 5.0
# Prometheus gives up after 10 s.
STATEMENT_SECONDS: Final = 3.0
_lock = Lock()
_kept: tuple[float, str] | None = None


def read_metrics() -> str:
    """Return all metrics as text, up to five seconds old. Calls at the same time wait for one another."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] >= KEPT_SECONDS:
            _kept = (time.monotonic(), write_text(collect()))
        return _kept[1]


def forget_metrics() -> None:
    """Let the next scrape read anew."""
    global _kept
    with _lock:
        _kept = None


def collect() -> list[Family]:
    """Read everything. What cannot be read is missing, and distributor_database_up or _valkey_up is 0."""
    began_at = time.monotonic()
    families = [*_collect_from_database(), *_collect_from_valkey()]
    taken = Family(catalogue.READ_SECONDS)
    taken.add(time.monotonic() - began_at)
    return [*families, taken]


def _collect_from_database() -> list[Family]:
    is_up, found = Family(catalogue.DATABASE_UP), list[Family]()
    try:
        with transaction.atomic(), limit_statements_to(STATEMENT_SECONDS):
            now = database_now()
            found = [*read_backlog(now), *read_accounts(now), *read_work(now), *read_totals()]
    except (Error, TookTooLongError) as error:
        logger.warning("metrics_not_read", error=str(error))
    is_up.add(int(bool(found)))
    return [is_up, *found]


def _collect_from_valkey() -> list[Family]:
    is_up, calls, accepted = Family(catalogue.VALKEY_UP), Family(catalogue.CALLS), Family(catalogue.ACCEPTANCES)
    found = durations.read_durations()
    is_up.add(int(found is not None))
    for family, name in ((calls, durations.DURATIONS), (accepted, durations.ACCEPTED)):
        for labels, measured in sorted((found or {}).get(name, {}).items()):
            family.add_histogram(durations.BOUNDS, measured.classes, measured.seconds, *labels)
    return [is_up, calls, accepted]
