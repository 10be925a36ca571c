"""What a worker does not import, because it never uses it: it would take memory in every process."""

import json
import os
import subprocess
import sys

from tests.production.compose import PROJECT

START = """
import json, sys
import django
django.setup()
from config.celery import app
from celery.apps.worker import Worker
app.Worker(pool="solo")
print(json.dumps(sorted(sys.modules)))
"""
# Views and what only they need, and packages of vendors that an account may never use.
UNUSED = {"config.urls", "distributor.api", "rest_framework.views", "anymail", "sendgrid", "twilio"}


def test_a_worker_imports_neither_views_nor_vendors_packages() -> None:
    started = subprocess.run(
        [sys.executable, "-c", START],
        cwd=PROJECT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    imported = set(json.loads(started.stdout.splitlines()[-1]))
    assert "distributor.engine.dispatch.loop" in imported
    assert imported & UNUSED == set()
