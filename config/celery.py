"""The Celery application of the web and of workers. It holds no state: everything that waits is in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_prerun, worker_before_create_process
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.acknowledgements import forgive_lost_acknowledgements
from config.garbage_collection import collect_rarely
from config.schedule import SCHEDULE
from config.schedule import Period as Period  # files in which beat has noted its last runs may name it here
from config.statement_limits import limit_statements
from config.tracing import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks import every view: 32 MB in each worker. `migrate` and `make check` run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

forgive_lost_acknowledgements()
app = Celery("distributor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks(["distributor"])
app.conf.beat_schedule = SCHEDULE


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Keep Django's logging: Celery does not configure its own if a receiver is connected to this signal."""


@task_prerun.connect
def drop_broken_connection(**_: Any) -> None:
    """Let the task connect anew if the database went away, as Django does for each request.

    A worker keeps its connection for 100,000 tasks (CELERY_DB_REUSE_MAX). Without this, one that had lost it failed at
    every task until it was restarted, and took the wake-ups away from those that worked.
    """
    close_old_connections()


@celeryd_init.connect
def limit_statements_of_workers(**_: Any) -> None:
    """Limit them before the pool's processes start, and with them their connections."""
    limit_statements("worker")


@celeryd_init.connect
def trace_workers(**_: Any) -> None:
    """Trace before the pool's processes start: OpenTelemetry begins its thread anew in each."""
    start_tracing("worker")


@worker_before_create_process.connect
def collect_rarely_in_workers(**_: Any) -> None:
    """Before the fork: a collection in the pool's processes would copy the memory that they share with their parent."""
    collect_rarely()
