"""Make a plain table partitioned, while it is in use: it becomes the first partition of a new table with its name.

1. A constraint says that all keys are below a bound that ids reach in years. It is validated without keeping anybody
   from the table, however long that takes.
2. In one short transaction the table is renamed, the partitioned one made, and the old one attached. The constraint
   proves its range and its indexes are taken over, so nothing is read or built.

Killed at any point, it goes on where it was when it is run again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from distributor.partitions.brief_lock import PATIENT_TRIES, change_briefly
from distributor.partitions.catalogue import is_partitioned, last_id, read_value
from distributor.partitions.changes import add_range, attach, bound_beyond, create_partition
from distributor.partitions.tables import PartitionedTable

# What would go on to mean the old table alone, or would be lost.
_OBSTACLES: Final = """
SELECT format('%%s reads it', r.ev_class::regclass) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = %(table)s::regclass
UNION SELECT format('trigger %%s', tgname) FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION SELECT format('foreign key %%s of %%s', conname, conrelid::regclass) FROM pg_constraint
    WHERE contype = 'f' AND %(table)s::regclass IN (conrelid, confrelid)
UNION SELECT format('policy %%s', polname) FROM pg_policy WHERE polrelid = %(table)s::regclass
UNION SELECT format('publication %%s', p.pubname) FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid
    WHERE pr.prrelid = %(table)s::regclass
UNION SELECT format('parent %%s', inhparent::regclass) FROM pg_inherits WHERE inhrelid = %(table)s::regclass
"""
_INDEXES: Final = """
SELECT c.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(k.oid) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid = %s::regclass ORDER BY c.relname
"""
_RANGE: Final = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND conname = %s AND contype = 'c' AND convalidated
"""
_OWNER: Final = "SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = %s::regclass"
_GRANTS: Final = """
SELECT format('GRANT %%s ON %%s TO %%s%%s', acl.privilege_type, %s::text,
    CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(acl.grantee::regrole::text) END,
    CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class c, aclexplode(c.relacl) acl WHERE c.oid = %s::regclass AND acl.grantee <> c.relowner
"""


class CannotConvertError(Exception):
    """Something else in the database depends on the table. The message says what."""


@dataclass(frozen=True, slots=True)
class _Index:
    """An index: its name, the statement that makes it, and the constraint that it belongs to, if to any."""

    name: str
    statement: str
    constraint: str | None

    def statement_for(self, table: str) -> str:
        if self.constraint is not None:
            return f"ALTER TABLE {table} ADD CONSTRAINT {self.name} {self.constraint}"
        # As the old table is renamed by then, its own statement names the new one.
        return self.statement


def convert(table: PartitionedTable, tell: Callable[[str], object] = lambda line: None) -> bool:
    """Make the table partitioned. Returns whether it was not yet.

    `tell` gets a line per step. Raises TableBusyError (try again) and CannotConvertError.
    """
    if is_partitioned(table):
        return False
    _require_no_obstacles(table)
    bound = bound_beyond(_highest_key(table))
    if _proven_bound(table) != bound:
        tell(f"{table.name}: reading it once, to prove the range of its first partition")
        add_range(table.name, f"{table.key} < {bound}", PATIENT_TRIES)
    change_briefly(table.name, lambda: _swap(table, bound), PATIENT_TRIES)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE ONLY {table.name}")
    tell(f"{table.name}: partitioned")
    return True


def byte_count(table: PartitionedTable) -> int:
    """Return the size of a plain table without its indexes."""
    return int(read_value("SELECT pg_table_size(%s::regclass)", table.name))


def _swap(table: PartitionedTable, bound: int) -> None:
    """Put a partitioned table in the place of the plain one. Only the catalogue changes."""
    _require_no_obstacles(table)
    old, new = f"{table.name}_p0", f"{table.name}_p1"
    indexes = [_Index(*row) for row in _rows(_INDEXES, table.name)]
    grants = [grant for (grant,) in _rows(_GRANTS, table.name, table.name)]
    sequence = read_value("SELECT pg_get_serial_sequence(%s, %s)", table.name, table.key)
    next_id = read_value("SELECT nextval(%s::regclass)", sequence) if sequence else None
    owner = read_value(_OWNER, table.name)
    kind = f"PARTITION BY RANGE ({table.key})"
    statements = [
        *(f"ALTER INDEX {index.name} RENAME TO {index.name}_p0" for index in indexes),
        f"ALTER TABLE {table.name} RENAME TO {old}",
        *([f"ALTER TABLE {old} ALTER COLUMN {table.key} DROP IDENTITY"] if sequence else []),
        f"CREATE TABLE {table.name} (LIKE {old} INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY) {kind}",
        f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {table.name}_range",
        *(index.statement_for(table.name) for index in indexes),
    ]
    if sequence:
        name = re.sub(r"^.*\.", "", sequence)
        statements.append(
            f"ALTER TABLE {table.name} ALTER COLUMN {table.key}"
            f" ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {name} START WITH {next_id})"
        )
    statements += [f"ALTER TABLE {table.name} OWNER TO {owner}", *grants]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        attach(table, old, None, bound)
        cursor.execute(f"ALTER TABLE {old} DROP CONSTRAINT IF EXISTS {table.name}_range")
        create_partition(table, new, like=old)
        attach(table, new, bound, None)


def _proven_bound(table: PartitionedTable) -> int | None:
    """Return the bound that an earlier run, which was interrupted, has proven; None if none has."""
    found = re.search(r"\d{10,}", read_value(_RANGE, table.name, f"{table.name}_range") or "")
    return int(found[0]) if found else None


def _highest_key(table: PartitionedTable) -> int:
    highest: int | None = read_value(f"SELECT max({table.key}) FROM {table.name}")
    return max(last_id(table), highest or 0)


def _require_no_obstacles(table: PartitionedTable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OBSTACLES, {"table": table.name})
        obstacles = sorted(obstacle for (obstacle,) in cursor)
    if obstacles:
        raise CannotConvertError(f"{table.name} is used by {', '.join(obstacles)}")


def _rows(statement: str, *parameters: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
