"""Partition the tables that only grow. A large table stays as it is: `manage.py partitions convert` does it live."""

from typing import Any

import structlog
from django.db import migrations

from distributor.partitions.brief_lock import TableBusyError
from distributor.partitions.catalogue import is_partitioned
from distributor.partitions.convert import CannotConvertError, byte_count, convert
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES

# Reading so much takes seconds.
SMALL_BYTES = 2**30

logger = structlog.get_logger(__name__)


def partition_small_tables(apps: Any, schema_editor: Any) -> None:
    for table in (ATTEMPTS, EVENT_BUNDLES):
        if is_partitioned(table):
            continue
        try:
            if byte_count(table) > SMALL_BYTES:
                logger.warning("table_not_partitioned", table=table.name, reason="it is large")
            else:
                convert(table)
        except (TableBusyError, CannotConvertError) as error:
            logger.warning("table_not_partitioned", table=table.name, reason=str(error))


class Migration(migrations.Migration):
    # Each step has a transaction of its own, so that no lock is held while a table is read.
    atomic = False

    dependencies = [("distributor", "0009_open_links")]

    operations = [migrations.RunPython(partition_small_tables, migrations.RunPython.noop)]
