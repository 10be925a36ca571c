"""What beat sends, and how often. It holds no state: everything that is due is in PostgreSQL."""

from datetime import datetime
from typing import Final

from celery.schedules import schedstate, schedule


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
SCHEDULE: Final = {
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
