"""The memory of web and worker processes while a large distribution is accepted and drained, and the HOT updates."""

import os
from pathlib import Path

from django.db import connection

from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.live_stack import ALL_QUEUES, is_drained
from tests.bench.stage.process_memory import Samples, sampling
from tests.bench.stage.processes import running, wait_until, worker_command
from tests.bench.stage.servers import empty_broker
from tests.bench.stage.tenants import forget_waiting
from tests.bench.stage.web import web_server

ACCEPTANCE_LIMIT_SECONDS = 600.0
DRAIN_LIMIT_SECONDS = 1_200.0
LEAN = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings.lean"}
_HOT = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'distributor_recipient'"


def measure_long_drain(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(w) Return the memory of the largest web and worker process in MB, their growth, and the pace.

    Workers run without a number of tasks or megabytes after which they would be replaced. Memory is the resident size:
    what processes share counts for each of them.
    """
    forget_waiting()
    empty_broker(os.environ["REDIS_URL"])
    with web_server(stage, logs / "web-for-memory.log", environment=LEAN) as web:
        bodies = web.bodies(supply, count // CALL_SIZE, CALL_SIZE, new_share=0.0)
        with sampling() as of_web:
            load = web.send("/api", bodies, ACCEPTANCE_LIMIT_SECONDS)
    if load.calls * CALL_SIZE != count:
        raise RuntimeError(f"only {load.calls * CALL_SIZE:,} of {count:,} were accepted in time")
    settle_disk()
    updates_before, hot_before = _updates()
    with running(worker_command(ALL_QUEUES), LEAN, logs / "worker-for-memory.log") as check, sampling() as of_workers:
        wait_until(is_drained, check, DRAIN_LIMIT_SECONDS)
    updates, hot = _updates()
    return {
        "recipients": count,
        **_figures("web", of_web),
        **_figures("worker", of_workers),
        "hot_percent": 100 * (hot - hot_before) / max(updates - updates_before, 1),
    }


def _figures(name: str, samples: Samples) -> dict[str, float]:
    return {f"{name}_most_mb": samples.most(), f"{name}_growth_percent": samples.growth_percent()}


def _updates() -> tuple[int, int]:
    """Return how many updates of recipients there were, and how many of them stayed on their page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_HOT)
        every, hot = cursor.fetchone()
    return every, hot
