"""A real worker, killed while it delivers events."""

import subprocess
from collections import defaultdict
from collections.abc import Callable

import pytest

from contacts.models import Organization
from distributor.engine.events.endpoints import create_endpoint
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import EventDelivery, EventEndpoint, Recipient
from distributor.rules.event_types import EventType
from tests.engine.conftest import Send
from tests.support.engine.workers import connected, kill, start_worker, sweep_until
from tests.support.standins.receiver import Receiver

__all__ = ["start_worker"]
PEOPLE, ROUNDS = 500, 19


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_no_event_and_keeps_everybodys_order(
    organization: Organization, send: Send, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with Receiver(latency_seconds=0.02).running() as receiver:
        types = [EventType.ACCEPTED, EventType.CLICKED]  # the worker also sends the messages
        values = {"name": "CRM", "url": receiver.url, "batch_size": 20, "types": types}
        create_endpoint(organization, values, database_now())
        send(PEOPLE)
        recipient_ids = list(Recipient.objects.values_list("pk", flat=True))
        for number in range(1, ROUNDS + 1):
            details = {"ordinal": number}
            write_bundles([NewBundle(EventType.CLICKED, organization.pk, subject_ids=recipient_ids, details=details)])
        connected_before = connected()
        worker = start_worker()
        sweep_until(lambda: len(receiver.taken) > 100)
        kill(worker)
        sweep_until(lambda: connected() <= connected_before)
        first = len({event["id"] for event in receiver.events})
        assert 0 < first < PEOPLE * (ROUNDS + 1)
        EventEndpoint.objects.update(claimed_until=database_now())  # the lease of the dead worker runs out
        start_worker()
        sweep_until(lambda: len({event["id"] for event in receiver.events}) == PEOPLE * (ROUNDS + 1))
        sweep_until(lambda: sum(len(row.places) for row in EventDelivery.objects.all()) == PEOPLE * (ROUNDS + 1))
        events = receiver.events
    told: defaultdict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for event in events:
        if event["id"] not in seen:
            told[event["data"]["externalId"]].append(event["data"].get("ordinal", 0))
        seen.add(event["id"])
    assert set(map(tuple, told.values())) == {tuple(range(ROUNDS + 1))}
    assert len(events) - len(seen) <= 1_000, "only what the dead worker had not written down came twice"
