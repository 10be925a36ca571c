"""How long PostgreSQL works on a statement: read from connections of a web process, a worker and a command."""

import json
import os
import subprocess
import sys

from tests.production.compose import PROJECT

READ = """
import json
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    print(json.dumps(cursor.fetchone()))
"""
STARTS = {
    "web": "import config.wsgi",
    "worker": "import django; django.setup(); from celery.apps.worker import Worker; from config.celery import app; "
    "app.Worker(pool='solo')",
    "command": "import django; django.setup()",
}


def limits_of(process: str, **environment: str) -> list[str]:
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_POOL": "1" if process == "web" else ""}
    read = subprocess.run(
        [sys.executable, "-c", f"{STARTS[process]}\n{READ}"],
        cwd=PROJECT,
        env=os.environ | {name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    limits: list[str] = json.loads(read.stdout.splitlines()[-1])
    return limits


def test_calls_have_less_time_than_workers_and_commands_have_all() -> None:
    assert limits_of("web") == ["30s", "10s"]
    assert limits_of("worker", WORKER_LOCK_TIMEOUT_SECONDS="0") == ["2min", "0"]
    assert limits_of("command") == ["0", "0"]
