"""Keep the partitions of the tables that only grow: make them ahead, close the current one, drop the old ones."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection
from django.db.models import F

from distributor.engine.privacy.old_partitions import find_old
from distributor.models import RetentionRun
from distributor.partitions.brief_lock import TableBusyError
from distributor.partitions.catalogue import (
    Partition,
    find_current,
    is_empty,
    is_partitioned,
    opened_at,
    read_partitions,
)
from distributor.partitions.changes import PartitionsChangedError, begin, drop, make_ahead
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, MOST_PARTITIONS, PARTITIONED, PartitionedTable

logger = structlog.get_logger(__name__)
# Old partitions are looked for once a day; again after RETRY if the table was busy.
PERIOD: Final = timedelta(days=1)
RETRY: Final = timedelta(minutes=10)
# The names of RetentionRun's rows.
RUNS: Final = {ATTEMPTS: "old attempts", EVENT_BUNDLES: "old bundles"}


def keep_partitions(now: datetime) -> None:
    """Do what is due to the partitions of each table. A table that is in use is tried again at the next call."""
    for table in PARTITIONED:
        try:
            _begin_next(table, now)
            _drop_old(table, now)
        except TableBusyError as error:
            logger.info("partitions_busy", table=table.name, error=str(error))
        except PartitionsChangedError:
            pass  # another worker does the same


def _begin_next(table: PartitionedTable, now: datetime) -> None:
    """Make a partition ahead if there is none, and let new ids belong to it when the current one has had its time."""
    partitions = read_partitions(table)
    place = find_current(table, partitions)
    if place is None:
        return
    if place == len(partitions) - 1:
        make_ahead(table)
        partitions = read_partitions(table)
    opened = opened_at(table, partitions[place])
    if opened is None or opened > now - table.period or len(partitions) >= MOST_PARTITIONS:
        return
    if place + 1 == len(partitions) - 1:
        make_ahead(table)
        partitions = read_partitions(table)
    begin(table, partitions[place + 1])
    logger.info("partition_begun", table=table.name, partition=partitions[place + 1].name)


def _drop_old(table: PartitionedTable, now: datetime) -> None:
    RetentionRun.objects.get_or_create(kind=RUNS[table], defaults={"due_at": now})
    run = RetentionRun.objects.filter(kind=RUNS[table])
    if not run.filter(due_at__lte=now).update(due_at=now + RETRY):
        return
    for partition in _closed(table, now):
        run.update(deleted_count=F("deleted_count") + _drop_if_old(table, partition, now))
    if not is_partitioned(table):
        return
    with connection.cursor() as cursor:
        # Autovacuum reads partitions one by one, and the planner wants to know of all together.
        cursor.execute(f"ANALYZE ONLY {table.name}")
    run.update(due_at=now + PERIOD, finished_at=now)


def _closed(table: PartitionedTable, now: datetime) -> list[Partition]:
    """Return the partitions whose ids were all given a day ago: no transaction that took one goes on."""
    partitions = read_partitions(table)
    place = find_current(table, partitions)
    if not place:
        return []
    opened = opened_at(table, partitions[place])
    return partitions[:place] if opened is not None and opened < now - PERIOD else partitions[: place - 1]


def _drop_if_old(table: PartitionedTable, partition: Partition, now: datetime) -> int:
    """Return how many rows were dropped, about. An empty first partition stays: it has the ranges of dropped ones."""
    if partition.lower is None and is_empty(partition):
        return 0
    is_still_old = find_old(table, partition, now)
    if is_still_old is None or not drop(table, partition.name, is_still_old):
        return 0
    logger.info("partition_dropped", table=table.name, partition=partition.name, bytes=partition.byte_count)
    return partition.row_count
