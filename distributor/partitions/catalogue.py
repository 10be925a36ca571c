"""Read from PostgreSQL's catalogue which partitions a table has, and which of them takes new rows."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from distributor.partitions.tables import PartitionedTable

_PARTITIONS: Final = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass
"""
_BOUNDS: Final = re.compile(r"FROM \((?:'(\d+)'|MINVALUE)\) TO \((?:'(\d+)'|MAXVALUE)\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """The rows with keys from `lower` to before `upper`. The first and the last partition have no such bound.

    `row_count` is an estimate. `byte_count` includes the indexes.
    """

    name: str
    lower: int | None
    upper: int | None
    byte_count: int
    row_count: int

    def holds(self, key: int) -> bool:
        return (self.lower is None or self.lower <= key) and (self.upper is None or key < self.upper)


def is_partitioned(table: PartitionedTable) -> bool:
    """Return whether the table is partitioned. An older database's is not until it is converted."""
    return bool(read_value("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", table.name))


def read_partitions(table: PartitionedTable) -> list[Partition]:
    """Return the partitions in the order of their ranges; none if the table is not partitioned."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [table.name])
        rows = cursor.fetchall()
    partitions = []
    for name, bounds, byte_count, row_count in rows:
        found = _BOUNDS.search(bounds)
        if found is None:
            raise ValueError(f"{name} has other bounds than ours: {bounds}")
        lower, upper = (int(bound) if bound else None for bound in found.groups())
        partitions.append(Partition(name, lower, upper, byte_count, row_count))
    return sorted(partitions, key=lambda partition: partition.lower or 0)


def last_id(table: PartitionedTable) -> int:
    """Return the last id that was given; 0 if none was."""
    return read_value("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", table.id_table) or 0


def find_current(table: PartitionedTable, partitions: list[Partition]) -> int | None:
    """Return the place of the partition that new ids belong to; None if the table is not partitioned."""
    last = last_id(table)
    return next((place for place, partition in enumerate(partitions) if partition.holds(last)), None)


def closed_below(table: PartitionedTable) -> int:
    """Return the key below which all partitions are closed: no new id belongs to them. 0 if there is none."""
    partitions = read_partitions(table)
    place = find_current(table, partitions)
    return 0 if place is None else partitions[place].lower or 0


def is_empty(partition: Partition) -> bool:
    return bool(read_value(f"SELECT NOT EXISTS (SELECT FROM {partition.name})"))


def opened_at(table: PartitionedTable, partition: Partition) -> datetime | None:
    """Return when the partition's first id was given, as far as rows tell; None if there is no row yet."""
    statement = f"SELECT {table.born_at} FROM {table.id_table} WHERE id >= %s ORDER BY id LIMIT 1"
    born_at: datetime | None = read_value(statement, partition.lower or 0)
    return born_at


def read_value(statement: str, *parameters: str | int | None) -> Any:
    """Return the first column of a statement's first row; None if it has no row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
