"""Make a partition ahead, begin the next one, and drop one.

Between two changes every key has a partition: the first one has no lower bound and the last one no upper bound, and a
dropped one's range goes to the partition before it. So an insert never fails for want of a partition, even if nobody
makes any for years.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from django.db import connection, transaction

from distributor.partitions.brief_lock import change_briefly
from distributor.partitions.catalogue import Partition, is_empty, last_id, read_partitions, read_value
from distributor.partitions.tables import WIDTH, PartitionedTable

# PostgreSQL keeps two-number advisory locks apart from those with one number, which the rest of the engine uses.
_LOCK_CLASS: Final = 20_264
_NUMBER: Final = re.compile(r"_p(\d+)$")


class PartitionsChangedError(Exception):
    """The partitions are not what they were when the change was decided. Nothing was changed."""


def make_ahead(table: PartitionedTable) -> None:
    """Give the last partition an upper bound, and make a new last one behind it. Raises TableBusyError.

    The last one is empty unless more ids were given than a partition holds.
    """
    before = read_partitions(table)
    tail = before[-1]
    upper = bound_beyond(max(last_id(table), tail.lower or 0))
    prove_range(table, tail, tail.lower, upper)

    def change() -> None:
        _require_unchanged(table, before)
        _detach(table, tail.name)
        attach(table, tail.name, tail.lower, upper)
        drop_range(tail.name)
        name = next_name(table, before)
        create_partition(table, name, like=tail.name)
        attach(table, name, upper, None)

    change_briefly(table.name, change)


def begin(table: PartitionedTable, partition: Partition) -> None:
    """Let the next ids belong to this partition, unless they soon do by themselves."""
    if partition.lower is None:
        raise ValueError("the first partition has begun already")
    with transaction.atomic(), connection.cursor() as cursor:
        # Of two that set the sequence one after the other, the second would give ids again.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_CLASS, table.id_table])
        if partition.lower - last_id(table) > WIDTH // 2:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table.id_table, partition.lower])


def drop(table: PartitionedTable, name: str, is_still_old: Callable[[], bool]) -> bool:
    """Drop a closed partition with all its rows. Returns whether `is_still_old` allowed it, under the lock.

    Raises TableBusyError and PartitionsChangedError.
    """
    before = read_partitions(table)
    place = next((place for place, partition in enumerate(before) if partition.name == name), None)
    if place is None:
        raise PartitionsChangedError(f"{name} is dropped already")
    partition, previous = before[place], before[place - 1] if place else None
    if previous is not None:
        prove_range(table, previous, previous.lower, previous.upper)

    def change() -> bool:
        _require_unchanged(table, before)
        if not is_still_old():
            return False
        _detach(table, name)
        if previous is None:
            substitute = next_name(table, before)
            create_partition(table, substitute, like=name)
            attach(table, substitute, None, partition.upper)
        else:
            _detach(table, previous.name)
            attach(table, previous.name, previous.lower, partition.upper)
            drop_range(previous.name)
        _execute(f"DROP TABLE {name}")
        return True

    return change_briefly(table.name, change)


def bound_beyond(key: int) -> int:
    """Return a bound with room for at least a tenth of a partition's ids above the key."""
    bound = (key // WIDTH + 1) * WIDTH
    return bound if bound - key > WIDTH // 10 else bound + WIDTH


def prove_range(table: PartitionedTable, partition: Partition, lower: int | None, upper: int | None) -> None:
    """Let PostgreSQL know that all rows lie within the range, so that attaching reads none of them under the lock."""
    if is_empty(partition):
        return
    low = [f"{table.key} >= {lower}"] if lower is not None else []
    high = [f"{table.key} < {upper}"] if upper is not None else []
    add_range(partition.name, " AND ".join([*low, *high]))


def add_range(name: str, condition: str, tries: int | None = None) -> None:
    """Add a constraint to a table that is in use, and read its rows without keeping anybody from them."""
    add = f"ALTER TABLE {name} ADD CONSTRAINT {name}_range CHECK ({condition}) NOT VALID"

    def change() -> None:
        drop_range(name)  # an earlier one, left by a process that was killed
        _execute(add)

    change_briefly(name, change, tries)
    with transaction.atomic():
        _execute("SET LOCAL statement_timeout = 0", f"ALTER TABLE {name} VALIDATE CONSTRAINT {name}_range")


def drop_range(name: str) -> None:
    _execute(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {name}_range")


def create_partition(table: PartitionedTable, name: str, *, like: str) -> None:
    """Make an empty table that can be attached, with the storage settings of another partition."""
    _execute(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL EXCLUDING IDENTITY)")
    options: list[str] | None = read_value("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", like)
    if options:
        _execute(f"ALTER TABLE {name} SET ({', '.join(options)})")


def attach(table: PartitionedTable, name: str, lower: int | None, upper: int | None) -> None:
    start = "MINVALUE" if lower is None else lower
    end = "MAXVALUE" if upper is None else upper
    _execute(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})")


def next_name(table: PartitionedTable, partitions: Sequence[Partition]) -> str:
    """Return a name that no partition has: `distributor_attempt_p12` after `distributor_attempt_p11`."""
    numbers = [int(found[1]) for partition in partitions if (found := _NUMBER.search(partition.name))]
    return f"{table.name}_p{max(numbers, default=-1) + 1}"


def _detach(table: PartitionedTable, name: str) -> None:
    _execute(f"ALTER TABLE {table.name} DETACH PARTITION {name}")


def _require_unchanged(table: PartitionedTable, before: Sequence[Partition]) -> None:
    """Raise PartitionsChangedError if somebody else was faster."""
    ranges = [(partition.name, partition.lower, partition.upper) for partition in read_partitions(table)]
    if ranges != [(partition.name, partition.lower, partition.upper) for partition in before]:
        raise PartitionsChangedError(f"the partitions of {table.name} were changed meanwhile")


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
