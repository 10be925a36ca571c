"""Real Celery workers on the tests' database and broker, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.sweep import sweep

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def start_worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a Celery worker of its own process group on the tests' database and broker."""
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/distributor", f"/{database['NAME']}", 1),
        "REDIS_URL": settings.REDIS_URL,
        "SANDBOX_OPEN": "1",  # its calls take time
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "urgent,normal,bulk,events", "-c", "2"]
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9, children and all."""
    try:
        os.killpg(worker.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    worker.wait()


def connected() -> set[int]:
    """The connections to this database, ours among them, by the process ids of their backends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def sweep_until(condition: Callable[[], bool], limit_seconds: float = 180) -> None:
    """What beat does, until the condition holds."""
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        sweep(database_now(), 1.0)
        time.sleep(0.1)
