"""/healthz: is the process alive? /readyz: are the database, the broker and the workers there?"""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.readiness import count_missing_migrations, reach_broker
from distributor.engine.recovery.status import read_memory_status
from distributor.engine.schedule.sweep import HEARTBEAT_LIMIT, heartbeat_age


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
    missing = count_missing_migrations()
    return f"{missing} to apply" if missing else "ok"


def _broker() -> str:
    reach_broker()
    return "ok"


def _memory() -> str:
    """Whether the database was restored, and the operator has not yet let sending go on (docs/production.md)."""
    since = read_memory_status(database_now()).recovering_since
    return "ok" if since is None else f"recovering since {since:%Y-%m-%d %H:%M:%S} UTC"


def _journal() -> str:
    return read_memory_status(database_now()).journal


def _heartbeat() -> str:
    age = heartbeat_age(database_now())
    if age is None:
        return "none yet"
    return "ok" if age < HEARTBEAT_LIMIT else f"{age.total_seconds():.0f} s old"
