"""A statement that travels with the next one."""

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from contacts.models import Organization
from distributor.engine.infrastructure.transactions import before_first_statement

pytestmark = pytest.mark.django_db

LOCK = "SELECT pg_advisory_xact_lock(%s)"
LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND pid = pg_backend_pid()"


def _read(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def test_it_runs_once_before_the_first_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(3), before_first_statement(LOCK, [71]):
        assert _read(LOCKED, 71) == [(1,)]
        assert _read("SELECT %s", "second") == [("second",)]


def test_a_block_without_statements_sends_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0), before_first_statement(LOCK, [72]):
        pass
    assert _read(LOCKED, 72) == [(0,)]


def test_rows_of_the_orm_can_be_read(organization: Organization) -> None:
    with before_first_statement(LOCK, [73]):
        assert [each.pk for each in Organization.objects.filter(pk=organization.pk)] == [organization.pk]


@pytest.mark.parametrize(("first", "error"), [("SELECT 1 FROM nowhere", ProgrammingError), (LOCK, ProgrammingError)])
def test_an_error_of_either_is_one_of_djangos(first: str, error: type[Exception]) -> None:
    wrong = "SELECT pg_advisory_xact_lock(%s::nothing)" if first == LOCK else LOCK
    with pytest.raises(error), transaction.atomic(), before_first_statement(wrong, [74]):
        _read(first, *([74] if first == LOCK else []))
    assert _read("SELECT 1") == [(1,)]


def test_the_connection_works_on_after_a_constraint_was_broken(organization: Organization) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), before_first_statement(LOCK, [75]):
        _read("INSERT INTO contacts_organization SELECT * FROM contacts_organization RETURNING id")
    assert Organization.objects.count() == 1
