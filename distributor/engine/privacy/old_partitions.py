"""Which partitions hold nothing that is kept, and when: attempts by their organisations' days, events by ours.

A partition is read newest first, so that one that must stay is known by its first rows. When it is dropped, the table
is locked for a moment, and no rows can be read in that time. So what may have changed since is looked for: a batch that
was made meanwhile for one of its recipients, or work on their distribution that has begun.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from distributor.engine.events.expiry import EVENTS_KEPT
from distributor.engine.infrastructure.sql_params import array_of
from distributor.partitions.catalogue import Partition, read_value
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PartitionedTable

# Attempts of an account that is gone belong to nobody, and stay: retention leaves them alone, too.
_KEPT_ATTEMPT: Final = """
SELECT recipient_id FROM {partition} row LEFT JOIN channels_provideraccount a ON a.id = row.provider_account_id
LEFT JOIN contacts_organization o ON o.id = a.organization_id
WHERE (row.ended_at < %(now)s - o.keep_attempts_days * interval '1 day') IS NOT TRUE
ORDER BY recipient_id DESC LIMIT 1
"""
# Open journeys are looked for from the side of what is open, which is little: distributions that are worked on, ...
_BUSY: Final = """
SELECT id FROM distributor_distribution WHERE is_preparing
UNION SELECT s.distribution_id FROM distributor_followup f JOIN distributor_step s ON s.id = f.step_id
    WHERE NOT f.is_done
UNION SELECT distribution_id FROM distributor_manualretry WHERE NOT is_done
"""
# ... those with recipients who wait, and batches that were made since then.
_WAITING: Final = """
SELECT distribution_id FROM distributor_batch WHERE state = 'waiting'
UNION SELECT distribution_id FROM distributor_batch WHERE state = 'paused'
"""
_NEW_BATCHES: Final = "SELECT id FROM distributor_batch WHERE %(last)s::uuid IS NULL OR id > %(last)s::uuid"
_RECIPIENT: Final = """
SELECT id FROM distributor_recipient
WHERE {column} = ANY(%(ids)s::uuid[]) AND id >= %(lower)s AND id < %(upper)s AND {condition} LIMIT 1
"""
# A partition of which nothing is kept is read as a whole, once. A worker's limit is for statements that are many.
_READ_LIMIT: Final = "30min"
_LAST_BATCH: Final = "SELECT id FROM distributor_batch ORDER BY id DESC LIMIT 1"


def find_old(table: PartitionedTable, partition: Partition, now: datetime) -> Callable[[], bool] | None:
    """Return whether nothing of a closed partition is kept, as a check that it is so still. None: something is kept."""
    return _RULES[table](partition, now)


def _find_old_attempts(partition: Partition, now: datetime) -> Callable[[], bool] | None:
    span = {"lower": partition.lower or 0, "upper": partition.upper}
    last_batch_id = read_value(_LAST_BATCH)

    def is_busy() -> bool:
        return _has_recipient(span, "distribution_id", _BUSY)

    def is_kept() -> bool:
        return (
            _finds(_KEPT_ATTEMPT.format(partition=partition.name), {"now": now})
            or is_busy()
            or _has_recipient(span, "distribution_id", _WAITING, condition="state = 'waiting'")
        )

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [_READ_LIMIT])
        if is_kept():
            return None
    return lambda: not is_busy() and not _has_recipient(span, "batch_id", _NEW_BATCHES, last=last_batch_id)


def _has_recipient(
    span: dict[str, int | None], column: str, statement: str, condition: str = "true", **parameters: Any
) -> bool:
    """Return whether one of the partition's recipients belongs to what the statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        ids = array_of(found for (found,) in cursor)
    wanted = _RECIPIENT.format(column=column, condition=condition)
    return ids != "{}" and _finds(wanted, {"ids": ids, **span})


def _find_old_bundles(partition: Partition, now: datetime) -> Callable[[], bool] | None:
    kept = f"SELECT id FROM {partition.name} WHERE at >= %(since)s ORDER BY id DESC LIMIT 1"
    # Nothing is added to a closed partition: its ids were given long ago.
    return None if _finds(kept, {"since": now - EVENTS_KEPT}) else lambda: True


_RULES: Final = {ATTEMPTS: _find_old_attempts, EVENT_BUNDLES: _find_old_bundles}


def _finds(statement: str, parameters: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() is not None
