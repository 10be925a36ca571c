"""A real worker, killed in the middle of its work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.sweep import sweep
from distributor.models import Attempt, Batch, Distribution, Handover, Recipient
from distributor.rules.requests import Selection
from tests.engine.conftest import Send, SendTo
from tests.support.engine.people import given, totals_of

PROJECT = Path(__file__).resolve().parents[3]
CALLS, PEOPLE = 3, 1_000
MEMBERS = 6_000


@pytest.fixture
def start_worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a Celery worker of its own process group on the tests' database and broker."""
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/distributor", f"/{database['NAME']}", 1),
        "REDIS_URL": settings.REDIS_URL,
        "SANDBOX_OPEN": "1",  # its calls take time
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "urgent,normal,bulk", "-c", "2"]
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9, children and all."""
    try:
        os.killpg(worker.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    worker.wait()


def kill_in_flight(worker: subprocess.Popen[bytes], connected_before: set[int]) -> int:
    """Kill the worker while a provider call is under way; returns how many people were in flight."""
    unsettled = Handover.objects.filter(settled_at=None)
    while True:
        sweep_until(unsettled.exists)
        os.killpg(worker.pid, signal.SIGSTOP)
        if unsettled.exists():
            break
        os.killpg(worker.pid, signal.SIGCONT)
    kill(worker)
    # PostgreSQL still works off what the dead worker had sent it.
    sweep_until(lambda: connected() <= connected_before)
    return sum(len(ids) for ids in unsettled.values_list("recipient_ids", flat=True))


def connected() -> set[int]:
    """The connections to this database, ours among them, by the process ids of their backends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def sweep_until(condition: Callable[[], bool], limit_seconds: float = 180) -> None:
    """What beat does, until the condition holds."""
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        sweep(database_now(), 1.0)
        time.sleep(0.1)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nobody_and_doubles_only_what_was_in_flight(
    send: Send, accounts: dict[Channel, ProviderAccount], start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(configuration={"latencySeconds": 0.3})
    accepted = [send([given(call * PEOPLE + number) for number in range(PEOPLE)]) for call in range(CALLS)]

    connected_before = connected()
    worker = start_worker()
    sweep_until(lambda: Attempt.objects.exists())
    in_flight = kill_in_flight(worker, connected_before)
    assert 0 < in_flight <= 2 * PEOPLE
    assert Distribution.objects.filter(sent_count=0).exists(), "everything was sent before the kill"

    # The lease of the dead worker runs out.
    Batch.objects.exclude(lease_expires_at=None).update(lease_expires_at=database_now())
    start_worker()
    sweep_until(lambda: not Batch.objects.exclude(state="done").exists())

    totals = [totals_of(one) for one in accepted]
    assert sum(total["sent"] for total in totals) == CALLS * PEOPLE
    per_person = SandboxMessage.objects.values("to").annotate(copies=Count("id"))
    assert len(per_person) == CALLS * PEOPLE
    twice = sum(row["copies"] == 2 for row in per_person)
    assert max(row["copies"] for row in per_person) <= 2
    assert twice <= sum(total.get("duplicate_risk", 0) for total in totals) == in_flight


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_reads_an_audience_loses_nobody_and_doubles_nobody(
    send_to: SendTo, organization: Organization, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    audience = MailingList.objects.create(organization=organization)
    rows = (Contact(id=new_id(), organization=organization, external_id=str(number)) for number in range(MEMBERS))
    people = Contact.objects.bulk_create(rows, batch_size=5_000)
    members = (Membership(mailing_list=audience, contact=one) for one in people)
    Membership.objects.bulk_create(members, batch_size=5_000)
    distribution = send_to(Selection(list_id=audience.pk), is_sent=False)

    connected_before = connected()
    worker = start_worker()
    sweep_until(Recipient.objects.exists)
    kill(worker)
    sweep_until(lambda: connected() <= connected_before)
    done = Recipient.objects.count()
    assert 0 < done < MEMBERS
    distribution.refresh_from_db()
    assert (distribution.registered_count, done % 1_000) == (done, 0)

    start_worker()
    sweep_until(lambda: not Distribution.objects.filter(is_preparing=True).exists())
    distribution.refresh_from_db()
    assert distribution.registered_count == distribution.accepted_count == Recipient.objects.count() == MEMBERS
