"""The Celery application and beat's schedule. Neither holds state: everything that waits is in PostgreSQL."""

import os
from datetime import datetime
from typing import Any

from celery import Celery
from celery.schedules import schedstate, schedule
from celery.signals import celeryd_init, setup_logging, task_prerun, worker_before_create_process
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.acknowledgements import forgive_lost_acknowledgements
from config.garbage_collection import collect_rarely
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


class Period(schedule):
    """A period that is due at once when its last run lies in the future, because beat's clock was set back.

    Celery's own waits until the clock gets there again: with a clock set back by 5 minutes, 5 minutes without a sweep.
    """

    def is_due(self, last_run_at: datetime) -> schedstate:
        if self.maybe_make_aware(last_run_at) > self.maybe_make_aware(self.now()):
            return schedstate(is_due=True, next=self.seconds)
        return super().is_due(last_run_at)


# A lost wake-up costs at most one period. Ticks expire by beat's clock as the worker's clock sees it. So they must live
# longer than those clocks may differ, and short enough not to pile up without workers: at most 300 sweeps, of which all
# but one return at once.
_TICK = {"expires": 600.0}
app.conf.beat_schedule = {
    "sweep": {"task": "distributor.sweep", "schedule": Period(2.0), "options": _TICK},
    # Not urgent: a key is ignored from the moment it expires.
    "delete_expired_keys": {"task": "distributor.delete_expired_keys", "schedule": Period(60.0), "options": _TICK},
    "retention": {"task": "distributor.retention", "schedule": Period(60.0), "options": _TICK},
    "keep_partitions": {"task": "distributor.keep_partitions", "schedule": Period(600.0), "options": _TICK},
    "compare_journal": {"task": "distributor.compare_journal", "schedule": Period(10.0), "options": _TICK},
    "delete_expired_logins": {"task": "distributor.delete_expired_logins", "schedule": Period(600.0), "options": _TICK},
    "delete_old_imports": {"task": "distributor.delete_old_imports", "schedule": Period(600.0), "options": _TICK},
    "compact_counts": {"task": "distributor.compact_counts", "schedule": Period(600.0), "options": _TICK},
    "start_recurring": {"task": "distributor.start_recurring", "schedule": Period(10.0), "options": _TICK},
}


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
