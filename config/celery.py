"""The Celery application and beat's schedule. Neither holds state: everything that waits is in PostgreSQL."""

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

# A lost wake-up costs at most one period. A tick expires when the next one is due, so that ticks do not pile up.
app.conf.beat_schedule = {
    "sweep": {"task": "distributor.sweep", "schedule": 2.0, "options": {"expires": 2.0}},
    # Not urgent: a key is ignored from the moment it expires.
    "delete_expired_keys": {"task": "distributor.delete_expired_keys", "schedule": 60.0, "options": {"expires": 60.0}},
    "compare_journal": {"task": "distributor.compare_journal", "schedule": 10.0, "options": {"expires": 10.0}},
    "delete_expired_logins": {
        "task": "distributor.delete_expired_logins",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "start_recurring": {"task": "distributor.start_recurring", "schedule": 10.0, "options": {"expires": 10.0}},
}


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Keep Django's logging: Celery does not configure its own if a receiver is connected to this signal."""
