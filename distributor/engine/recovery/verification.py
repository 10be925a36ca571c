"""Verify a restored database: is everything there, does every constraint hold, can its secrets be read?"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db import connection

from channels.credentials import UnreadableCredentials
from channels.models import ProviderAccount
from contacts.organization_boundary import SameOrganization

# What PostgreSQL knows of, but does not enforce: a restore that went wrong half-way, or triggers that were left off.
_NOT_ENFORCED = """
SELECT format('constraint %%I of %%s is not validated', conname, conrelid::regclass)
FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema::regnamespace
UNION ALL
SELECT format('index %%s is not valid', indexrelid::regclass)
FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE NOT indisvalid AND c.relnamespace = current_schema::regnamespace
UNION ALL
SELECT format('trigger %%I of %%s is switched off', tgname, tgrelid::regclass)
FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
WHERE tgenabled = 'D' AND c.relnamespace = current_schema::regnamespace
"""
_KNOWN_NAMES = """
SELECT conname FROM pg_constraint WHERE connamespace = current_schema::regnamespace
UNION SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = current_schema::regnamespace
UNION SELECT proname FROM pg_proc WHERE pronamespace = current_schema::regnamespace
"""


def count_rows() -> dict[str, int]:
    """Return the number of rows of each table."""
    tables = sorted(connection.introspection.table_names())
    counts = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            [counts[table]] = cursor.fetchone()
    return counts


def count_faults(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Return a sentence for each table that does not have the rows it should."""
    return [
        f"{table} has {found.get(table, 0):,} rows instead of {count:,}"
        for table, count in expected.items()
        if found.get(table) != count
    ]


def find_faults() -> list[str]:
    """Return a sentence for each thing that is wrong with the database. Reads all rows that a boundary compares."""
    with connection.cursor() as cursor:
        cursor.execute(_NOT_ENFORCED)
        faults = [str(fault) for (fault,) in cursor]
        cursor.execute(_KNOWN_NAMES)
        known = {name for (name,) in cursor}
    faults += [f"constraint {name} is missing" for name in _constraint_names() if name not in known]
    return [*faults, *_crossed_rows(), *_unreadable_credentials()]


def _constraint_names() -> list[str]:
    return sorted(
        constraint.name for model in apps.get_models() if model._meta.managed for constraint in model._meta.constraints
    )


def _crossed_rows() -> Iterator[str]:
    """Yield the tables with rows between two organisations. Triggers compare what is written, not what was restored."""
    for model in apps.get_models():
        for boundary in model._meta.constraints:
            if isinstance(boundary, SameOrganization):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) " + boundary.crossing_sql(model, f'"{model._meta.db_table}"'))
                    [count] = cursor.fetchone()
                if count:
                    yield f"{count:,} rows of {model._meta.db_table} break {boundary.name}"


def _unreadable_credentials() -> Iterator[str]:
    accounts: Any = ProviderAccount.objects.order_by("pk").only("name", "credentials")
    for account in accounts:
        if isinstance(account.credentials, UnreadableCredentials):
            yield f"the credentials of account {account.pk} cannot be read with CREDENTIAL_KEYS"
