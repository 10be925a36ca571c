"""Partitions are dropped, and tables converted, while a real worker sends: nothing is lost, doubled or held up."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.db.models import Count

from channels.models import SandboxMessage
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.models import Attempt, Batch, EventBundle, Recipient, RetentionRun
from distributor.partitions import brief_lock
from distributor.partitions.catalogue import is_partitioned, last_id, read_partitions
from distributor.partitions.convert import convert
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PARTITIONED
from tests.engine.conftest import Send
from tests.engine.partitions.conftest import Pass
from tests.support.engine.counters import assert_counters_agree
from tests.support.engine.people import dispatch, given
from tests.support.engine.plain_tables import make_plain
from tests.support.engine.workers import start_worker, sweep_until

__all__ = ["start_worker"]

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 200
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def waiting_long_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that waits for a lock for as long as a reader reads fails, and its message is sent again or not at all.

    It may wait for LOCK_TIMEOUT_MS, and for the catalogue to be changed.
    """
    monkeypatch.setenv("WORKER_LOCK_TIMEOUT_SECONDS", str(10 * brief_lock.LOCK_TIMEOUT_MS / 1_000))


class Campaign:
    """Calls to new people, one after the other, while a worker sends."""

    def __init__(self, send: Send) -> None:
        self.send, self.distribution_ids = send, list[UUID]()

    def call(self) -> None:
        first = 1_000 + self.people_called
        accepted = self.send([given(number) for number in range(first, first + PEOPLE)])
        self.distribution_ids.append(accepted.distribution.pk)

    @property
    def people_called(self) -> int:
        return len(self.distribution_ids) * PEOPLE

    def send_more(self) -> None:
        """Call again, and wait until something more is sent."""
        before = SandboxMessage.objects.count()
        self.call()
        sweep_until(lambda: SandboxMessage.objects.count() > before)

    def assert_everybody_got_one(self) -> None:
        sweep_until(lambda: not Batch.objects.exclude(state="done").exists())
        campaign = Recipient.objects.filter(distribution_id__in=self.distribution_ids)
        assert campaign.count() == self.people_called
        assert set(campaign.values_list("outcome", "attempt_count")) == {("sent", 1)}
        states = Attempt.objects.filter(recipient_id__in=campaign.values("pk")).values("state")
        assert list(states.annotate(count=Count("pk"))) == [{"state": "sent", "count": self.people_called}]
        twice = SandboxMessage.objects.values("to").annotate(copies=Count("id")).filter(copies__gt=1)
        assert list(twice) == []
        assert Batch.objects.exclude(last_error="").count() == 0


@contextmanager
def long_reader() -> Iterator[None]:
    """A transaction that has read the tables and goes on, such as an export's."""
    with psycopg.connect(**connection.get_connection_params()) as reader:
        for table in PARTITIONED:
            reader.execute(f"SELECT count(*) FROM {table.name}")
        yield
        reader.rollback()


def test_a_month_is_dropped_while_a_worker_sends(
    send: Send, let_pass: Pass, kept_for_a_year: Organization, start_worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(3)
    dispatch()
    let_pass(timedelta(days=398))
    [old] = [each.name for each in read_partitions(ATTEMPTS) if each.holds(Recipient.objects.latest("pk").pk)]
    send([given(7)])
    dispatch()
    Recipient.objects.filter(pk=last_id(ATTEMPTS)).update(created_at=database_now() - timedelta(days=2))
    EventBundle.objects.update(at=database_now() - timedelta(days=2))
    Attempt.objects.filter(recipient_id__lt=last_id(ATTEMPTS)).update(ended_at=database_now() - timedelta(days=366))
    SandboxMessage.objects.all().delete()
    campaign = Campaign(send)
    start_worker()
    campaign.send_more()

    def try_to_drop() -> bool:
        RetentionRun.objects.update(due_at=database_now())
        keep_partitions(database_now())
        return old not in [each.name for each in read_partitions(ATTEMPTS)]

    with long_reader():
        # As if it had not been looked first: whoever comes later waits behind it, for the length of a try.
        monkeypatch.setattr(brief_lock, "_is_held", lambda table: False)
        monkeypatch.setattr(brief_lock, "TRIES", 3)
        for _ in range(3):
            campaign.call()
            assert not try_to_drop()
        campaign.send_more()
    monkeypatch.undo()
    while not try_to_drop():
        campaign.send_more()
    campaign.call()
    campaign.assert_everybody_got_one()
    assert Attempt.objects.count() == campaign.people_called + 1


def test_tables_are_converted_while_a_worker_sends(send: Send, start_worker: Start) -> None:
    for table in PARTITIONED:
        make_plain(table)
    try:
        campaign = Campaign(send)
        start_worker()
        campaign.send_more()
        campaign.call()
        for table in PARTITIONED:
            assert convert(table)
            campaign.send_more()
        campaign.call()
        campaign.assert_everybody_got_one()
        ids = list(EventBundle.objects.order_by("pk").values_list("pk", flat=True))
        assert last_id(EVENT_BUNDLES) >= ids[-1]
        assert_counters_agree()
    finally:
        for table in PARTITIONED:
            is_partitioned(table) or convert(table)
