"""What workers and beat do not import, because they do not use it: it would take memory in every process."""

import json
import os
import subprocess
import sys

from tests.production.compose import PROJECT

WORKER = """
import json, sys
import django
django.setup()
from config.celery import app
from celery.apps.worker import Worker
app.Worker(pool="solo")
print(json.dumps(sorted(sys.modules)))
"""
# Views and what only they need, and packages of vendors that an account may never use.
UNUSED = {
    "config.urls",
    "distributor.admin",
    "distributor.api",
    "rest_framework.views",
    "anymail",
    "sendgrid",
    "twilio",
}
# What only some imports and exports need.
RARELY_USED = {"charset_normalizer", "python_calamine", "xlsxwriter"}


BEAT = """
import json, sys
import django.apps
from django.conf import settings
settings.CELERY_IMPORTS = ["distributor.tasks"]
from config.beat import app
from celery.apps.beat import Beat
Beat(app=app).init_loader()
assert not django.apps.apps.apps_ready
print(json.dumps(sorted(sys.modules)))
"""


def imported_by(program: str) -> set[str]:
    started = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(json.loads(started.stdout.splitlines()[-1]))


def test_a_worker_imports_neither_views_nor_vendors_packages() -> None:
    imported = imported_by(WORKER)
    assert "distributor.engine.dispatch.loop" in imported
    assert imported & (UNUSED | RARELY_USED) == set()


def test_beat_starts_without_django_and_without_the_tasks() -> None:
    imported = imported_by(BEAT)
    assert "celery.beat" in imported
    assert imported & {"django.db", "distributor.tasks", "distributor.models", "psycopg"} == set()
