"""/healthz: is the process alive? /readyz: are the database, the broker and the workers there?"""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.wakeups import broker_with_short_timeouts
from distributor.engine.recovery.status import read_memory_status
from distributor.engine.schedule.sweep import SWEEP
from distributor.models import Heartbeat

# Beat ticks every 2 s. After 30 s without a sweep, beat, the broker or all workers are gone.
HEARTBEAT_LIMIT = timedelta(seconds=30)


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process runs."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every check passes, otherwise 503. `checks` holds the result of each check.

    `memory` and `journal` never make it 503: calls are taken while nothing is sent, and the operator needs the admin.
    """
    checks = {
        name: _outcome(check)
        for name, check in (
            ("database", _database),
            ("migrations", _migrations),
            ("broker", _broker),
            ("heartbeat", _heartbeat),
        )
    }
    ready = all(outcome == "ok" for outcome in checks.values())
    is_whole = _outcome(_memory)
    checks |= {"memory": is_whole, "journal": _outcome(_journal)}
    status = "not ready" if not ready else "ok" if is_whole == "ok" else "recovering"
    return JsonResponse({"status": status, "checks": checks}, status=200 if ready else 503)


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # any error is the result of the check
        return type(error).__name__


def _database() -> str:
    database_now()
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} to apply" if missing else "ok"


def _broker() -> str:
    with broker_with_short_timeouts() as broker:
        broker.ensure_connection(max_retries=0)
    return "ok"


def _memory() -> str:
    """Whether the database was restored, and the operator has not yet let sending go on (docs/production.md)."""
    since = read_memory_status(database_now()).recovering_since
    return "ok" if since is None else f"recovering since {since:%Y-%m-%d %H:%M:%S} UTC"


def _journal() -> str:
    return read_memory_status(database_now()).journal


def _heartbeat() -> str:
    heartbeat = Heartbeat.objects.filter(name=SWEEP).first()
    if heartbeat is None:
        return "none yet"
    age = database_now() - heartbeat.beat_at
    return "ok" if age < HEARTBEAT_LIMIT else f"{age.total_seconds():.0f} s old"
