"""A real worker, killed in the middle of its work."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest
from django.db.models import Count

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Distribution, Handover, Recipient
from distributor.rules.requests import Selection
from tests.engine.conftest import Send, SendTo
from tests.support.engine.counters import assert_counters_agree, assert_totals_agree
from tests.support.engine.people import given, totals_of
from tests.support.engine.workers import connected, kill, start_worker, sweep_until

__all__ = ["start_worker"]

CALLS, PEOPLE = 3, 1_000
MEMBERS = 6_000


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
    assert_counters_agree()
    assert_totals_agree()


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
