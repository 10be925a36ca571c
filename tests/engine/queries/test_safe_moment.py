"""A reader who goes on from `updated_until` misses nothing that is committed late, and reads nothing twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from contacts.contact_changes import save_contact
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.contacts import find_contacts
from distributor.engine.queries.page import Window
from distributor.engine.queries.safe_moment import safe_moment
from tests.support.simultaneous import DEADLINE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(seconds=2)


@pytest.fixture
def commit_late(organization: Organization) -> Iterator[Any]:
    """Save a contact in another connection, and let it commit when called."""
    is_written, may_commit = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                save_contact(organization.pk, {"external_id": "LATE"}, database_now())
                is_written.set()
                may_commit.wait(DEADLINE_SECONDS)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert is_written.wait(DEADLINE_SECONDS)

        def commit() -> None:
            may_commit.set()
            writing.result(DEADLINE_SECONDS)

        yield commit
        may_commit.set()


def read_since(organization: Organization, since: datetime) -> tuple[list[str | None], datetime]:
    found = find_contacts(organization.pk, Window(10, is_ascending=True, updated_after=since))
    assert found.updated_until is not None
    return [contact.external_id for contact in found.rows], found.updated_until


def test_a_change_that_is_committed_late_is_read_after_one_that_was_made_later(
    organization: Organization, commit_late: Any
) -> None:
    began = database_now() - timedelta(minutes=1)
    # As if it had been made later than the safe moment's lead.
    save_contact(organization.pk, {"external_id": "EARLY"}, began)
    save_contact(organization.pk, {"external_id": "NEW"}, database_now())
    first, until = read_since(organization, began)
    assert first == ["EARLY"]
    commit_late()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1.1)")
    second, _until = read_since(organization, until)
    assert second == ["LATE", "NEW"]


def test_a_transaction_that_runs_holds_the_moment_back(commit_late: Any) -> None:
    held = safe_moment()
    assert safe_moment() == held
    commit_late()
    assert safe_moment() > held
