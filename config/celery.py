"""The Celery application and beat's schedule. Both are static: what waits, waits in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("distributor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks(["distributor"])

# A lost hint costs at most one period. A tick that finds the last one unread is dropped when it expires.
app.conf.beat_schedule = {
    "sweep": {"task": "distributor.sweep", "schedule": 2.0, "options": {"expires": 2.0}},
    # Nothing waits for it: an expired key counts as none from its moment on.
    "delete_expired_keys": {"task": "distributor.delete_expired_keys", "schedule": 60.0, "options": {"expires": 60.0}},
    "start_recurring": {"task": "distributor.start_recurring", "schedule": 10.0, "options": {"expires": 10.0}},
}


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Connecting anything here stops Celery from replacing the logging that Django has set up."""
