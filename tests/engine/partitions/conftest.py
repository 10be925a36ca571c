"""Time that passes for the tables that are partitioned, and a clean end of each test."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from pytest_django import DjangoDbBlocker

from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.models import Attempt, EventBundle, Recipient, RetentionRun
from distributor.partitions.catalogue import last_id
from distributor.partitions.tables import PARTITIONED

Pass = Callable[[timedelta], None]


@pytest.fixture(autouse=True, scope="module")
def sequences_go_back(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A sequence does not go back with its transaction, and other tests need not have ids of eleven digits."""
    with django_db_blocker.unblock():
        before = {table.id_table: last_id(table) for table in PARTITIONED}
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, last in before.items():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(%s, 1))", [table, last])


@pytest.fixture(autouse=True)
def beat_was_there(db: None) -> None:
    """Earlier tests have moved the sequences, and the partitions that they made are gone."""
    keep_partitions(database_now())


@pytest.fixture
def kept_for_a_year(organization: Organization) -> Organization:
    organization.keep_attempts_days = 365
    organization.save()
    return organization


@pytest.fixture
def let_pass(db: None) -> Pass:
    """Let time pass: everything gets older by it, and then beat does its work."""

    def let_pass(time: timedelta) -> None:
        Recipient.objects.update(created_at=F("created_at") - time)
        Attempt.objects.update(begun_at=F("begun_at") - time, ended_at=F("ended_at") - time)
        EventBundle.objects.update(at=F("at") - time)
        RetentionRun.objects.update(due_at=F("due_at") - time)
        keep_partitions(database_now())

    return let_pass
