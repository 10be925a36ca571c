"""Which partitions hold nothing that is kept, and when: attempts by their organisations' days, events by ours.

A partition is read newest first, so that one that must stay is known by its first rows. When it is dropped, the table
is locked for a moment, and no rows can be read in that time. So what may have changed since is looked for: a batch that
was made meanwhile for one of its recipients, or work on their distribution that has begun.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import connection

from distributor.engine.events.expiry import EVENTS_KEPT
from distributor.partitions.catalogue import Partition, read_value
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PartitionedTable

# Attempts of an account that is gone belong to nobody, and stay: retention leaves them alone, too.
_KEPT_ATTEMPT: Final = """
SELECT recipient_id FROM {partition} row LEFT JOIN channels_provideraccount a ON a.id = row.provider_account_id
LEFT JOIN contacts_organization o ON o.id = a.organization_id
WHERE (row.ended_at < %(now)s - o.keep_attempts_days * interval '1 day') IS NOT TRUE
ORDER BY recipient_id DESC LIMIT 1
"""
# Both from the side of what is open, which is little.
_BUSY: Final = """
SELECT r.id FROM (
    SELECT id AS distribution_id FROM distributor_distribution WHERE is_preparing
    UNION SELECT s.distribution_id FROM distributor_followup f JOIN distributor_step s ON s.id = f.step_id
        WHERE NOT f.is_done
    UNION SELECT distribution_id FROM distributor_manualretry WHERE NOT is_done
) busy JOIN distributor_recipient r ON r.distribution_id = busy.distribution_id
WHERE r.id >= %(lower)s AND r.id < %(upper)s LIMIT 1
"""
_WAITING: Final = """
SELECT r.id FROM (
    SELECT distribution_id FROM distributor_batch WHERE state = 'waiting'
    UNION SELECT distribution_id FROM distributor_batch WHERE state = 'paused'
) waiting JOIN distributor_recipient r ON r.distribution_id = waiting.distribution_id
WHERE r.id >= %(lower)s AND r.id < %(upper)s AND r.state = 'waiting' LIMIT 1
"""
_LAST_BATCH: Final = "SELECT id FROM distributor_batch ORDER BY id DESC LIMIT 1"
_NEWLY_ARMED: Final = """
SELECT r.id FROM distributor_batch b JOIN distributor_recipient r ON r.batch_id = b.id
WHERE (%(last)s::uuid IS NULL OR b.id > %(last)s::uuid) AND r.id >= %(lower)s AND r.id < %(upper)s LIMIT 1
"""


def find_old(table: PartitionedTable, partition: Partition, now: datetime) -> Callable[[], bool] | None:
    """Return whether nothing of a closed partition is kept, as a check that it is so still. None: something is kept."""
    return _RULES[table](partition, now)


def _find_old_attempts(partition: Partition, now: datetime) -> Callable[[], bool] | None:
    span = {"lower": partition.lower or 0, "upper": partition.upper}
    last_batch_id = read_value(_LAST_BATCH)
    kept = _KEPT_ATTEMPT.format(partition=partition.name)
    if _finds(kept, {"now": now}) or _finds(_BUSY, span) or _finds(_WAITING, span):
        return None
    return lambda: not _finds(_BUSY, span) and not _finds(_NEWLY_ARMED, {"last": last_batch_id, **span})


def _find_old_bundles(partition: Partition, now: datetime) -> Callable[[], bool] | None:
    kept = f"SELECT id FROM {partition.name} WHERE at >= %(since)s ORDER BY id DESC LIMIT 1"
    # Nothing is added to a closed partition: its ids were given long ago.
    return None if _finds(kept, {"since": now - EVENTS_KEPT}) else lambda: True


_RULES: Final = {ATTEMPTS: _find_old_attempts, EVENT_BUNDLES: _find_old_bundles}


def _finds(statement: str, parameters: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() is not None
