"""Empty the database after a test that commits, by deleting the few rows that it wrote.

Django's flush truncates all tables and creates the permissions of all models again: 0.23 s a test. This takes 0.02 s.
"""

from typing import Final

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

# What `migrate` fills and no test changes.
_KEPT: Final = ("django_migrations", "django_content_type", "auth_permission")
# As a replica, the server checks no foreign keys and runs no triggers, so the order of tables does not matter.
_EMPTY: Final = f"""
SET LOCAL session_replication_role = 'replica';
DO $$
DECLARE
    table_name text;
BEGIN
    FOR table_name IN
        SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN {_KEPT}
    LOOP
        EXECUTE format('DELETE FROM %I', table_name);
    END LOOP;
END $$
"""


def flush_by_deleting(patch: pytest.MonkeyPatch) -> None:
    """Let tests that commit end with this flush."""
    patch.setattr(TransactionTestCase, "_fixture_teardown", _empty)


def _empty(_: TransactionTestCase) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EMPTY)
