"""Delivering events to endpoints: each at least once, in the order of each person, and nobody waits for another."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import standardwebhooks.webhooks
import svix.webhooks

from contacts.models import Contact
from distributor.engine.consent.erase import erase_contact
from distributor.engine.events import work
from distributor.engine.events.claims import has_due_endpoints
from distributor.engine.events.endpoints import (
    redeliver,
    replay,
    rotate_secret,
    send_ping,
)
from distributor.engine.events.expiry import DELIVERIES_KEPT, EVENTS_KEPT, delete_old_events
from distributor.engine.events.signature import valid_secrets
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventBundle, EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_types import EventType
from tests.engine.conftest import Send
from tests.support.engine.deliveries import DOWN, Make, by_person, deliver_at, deliveries, open_all
from tests.support.engine.people import dispatch
from tests.support.standins.receiver import Receiver
from tests.support.standins.server import Answer, Request


@pytest.mark.parametrize("batch_size", [1, 7])
def test_everything_arrives_once_in_the_order_of_each_person(
    receiver: Receiver, make: Make, send: Send, batch_size: int
) -> None:
    make(receiver.url, batch_size=batch_size)
    send(20)
    dispatch()
    open_all()
    deliver_at()
    assert by_person(receiver.events) == {f"PAT-{number}": ["accepted", "sent", "opened"] for number in range(20)}
    assert len({event["id"] for event in receiver.events}) == len(receiver.events)
    assert receiver.connections <= 8, "connections are kept open"
    assert all((body["type"] == "events") == (batch_size > 1) for body in receiver.bodies)
    assert deliveries(DeliveryState.DELIVERED) == len(receiver.taken)
    assert not has_due_endpoints(database_now())


def test_a_rotation_that_is_repeated_leaves_the_receivers_secret_valid_for_a_day(make: Make) -> None:
    endpoint = make("https://example.com/")
    now = database_now()
    secrets = [endpoint.secrets["current"]]
    for hours in (0, 1, 2):
        rotate_secret(endpoint, now + timedelta(hours=hours))
        secrets.insert(0, endpoint.secrets["current"])
    assert valid_secrets(endpoint.secrets, now + timedelta(hours=3)) == secrets
    assert valid_secrets(endpoint.secrets, now + timedelta(hours=24)) == secrets[:3]
    rotate_secret(endpoint, now + timedelta(hours=25))
    assert valid_secrets(endpoint.secrets, now + timedelta(hours=25)) == [endpoint.secrets["current"], *secrets[:2]]


@pytest.mark.parametrize("verifier", [standardwebhooks.webhooks, svix.webhooks], ids=lambda module: module.__name__)
def test_a_foreign_verifier_accepts_the_signatures_of_both_secrets_and_nothing_altered(
    receiver: Receiver, make: Make, send: Send, verifier: Any
) -> None:
    check, refusal = verifier.Webhook, verifier.WebhookVerificationError
    endpoint = make(receiver.url, headers={"Authorization": "Bearer 1"})
    before = endpoint.secrets["current"]
    rotate_secret(endpoint, database_now())
    send(1)
    deliver_at()
    request = receiver.taken[0]
    headers = dict(request.headers)
    for secret in (before, endpoint.secrets["current"]):
        check(secret).verify(request.body, headers)  # raises if it does not accept them
        with pytest.raises(refusal):
            check(secret).verify(request.body.replace(b"live", b"test"), headers)
        old = {**headers, "webhook-timestamp": str(int(time.time()) - 600)}
        with pytest.raises(refusal):
            check(secret).verify(request.body, old)
    assert headers["webhook-id"] == json.loads(request.body)["id"]
    assert headers["authorization"] == "Bearer 1"
    later = database_now() + timedelta(hours=25)
    send(1)
    deliver_at(later)
    request = receiver.taken[-1]
    with pytest.raises(refusal):
        check(before).verify(request.body, dict(request.headers))


def test_a_refused_event_is_tried_again_and_later_ones_of_its_person_wait_behind_it(
    receiver: Receiver, make: Make, send: Send
) -> None:
    make(receiver.url)
    refused = {"PAT-1"}

    def answer(request: Request) -> Answer:
        return DOWN if json.loads(request.body)["data"].get("externalId") in refused else Answer(200)

    receiver.answer = answer
    send(3)
    dispatch()
    now = database_now()
    deliver_at(now)
    assert receiver.requests == 5, "one try of person 1, and two events of each other"
    assert deliveries(DeliveryState.PENDING) == 2
    open_all()
    now = database_now()
    deliver_at(now)
    assert deliveries(DeliveryState.PENDING) == 3
    first = EventDelivery.objects.filter(state=DeliveryState.PENDING).order_by("id")[0]
    assert (first.tries, first.status, first.answer) == (1, 500, "out of order")
    refused.clear()
    receiver.taken.clear()
    deliver_at(now + timedelta(seconds=8))
    assert by_person(receiver.events) == {"PAT-1": ["accepted", "sent", "opened"]}
    assert deliveries(DeliveryState.PENDING) == 0


@pytest.mark.parametrize("is_failing", [False, True])
def test_a_ping_is_sent_before_everything_that_waits(
    receiver: Receiver, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch, is_failing: bool
) -> None:
    endpoint = make(receiver.url)
    receiver.answer = lambda request: DOWN
    now = database_now()
    send(3)
    deliver_at(now)
    if is_failing:
        EventEndpoint.objects.update(failures=6, failing_since=now, retry_at=now)
    monkeypatch.setattr(work, "MOST_PENDING", 2)
    monkeypatch.setattr(work, "_MOST_RETRIES", 1)
    receiver.answer = lambda request: Answer(200)
    receiver.taken.clear()
    send_ping(endpoint, now)
    deliver_at(now + timedelta(seconds=8))
    assert receiver.bodies[0]["type"] == "ping"


def test_a_ping_a_redelivery_and_a_replay_send_what_was_asked_for(receiver: Receiver, make: Make, send: Send) -> None:
    endpoint = make(receiver.url, types=[EventType.SENT])
    began_at = database_now()
    send(3)
    dispatch()
    deliver_at()
    first = [request.headers["webhook-id"] for request in receiver.taken]
    assert len(first) == 3
    ping = send_ping(endpoint, database_now())
    deliver_at()
    assert receiver.bodies[-1] | {"occurredAt": ""} == {
        "id": ping.message_id, "type": "ping", "version": 1, "occurredAt": "", "data": {}
    }  # fmt: skip
    again = redeliver(EventDelivery.objects.order_by("id")[1], database_now())
    deliver_at()
    again.refresh_from_db()
    assert (again.state, receiver.taken[-1].headers["webhook-id"]) == (DeliveryState.DELIVERED, again.message_id)
    receiver.taken.clear()
    made = replay(endpoint, began_at, database_now(), [EventType.ACCEPTED, EventType.SENT], database_now())
    deliver_at()
    made.refresh_from_db()
    assert made.finished_at is not None
    assert by_person(receiver.events) == {f"PAT-{number}": ["accepted", "sent"] for number in range(3)}
    assert set(first) < {request.headers["webhook-id"] for request in receiver.taken}


def test_a_request_delivered_meanwhile_is_sent_again_as_a_copy(receiver: Receiver, make: Make) -> None:
    ping = send_ping(make(receiver.url), database_now())
    deliver_at()
    again = redeliver(ping, database_now())
    assert (again.pk == ping.pk, again.state, again.message_id) == (False, DeliveryState.PENDING, ping.message_id)


def test_a_new_endpoint_is_not_sent_what_happened_before_it(receiver: Receiver, make: Make, send: Send) -> None:
    send(2)
    make(receiver.url)
    dispatch()
    deliver_at()
    assert by_person(receiver.events) == {"PAT-0": ["sent"], "PAT-1": ["sent"]}


def test_what_waits_for_an_erased_person_names_nobody_when_it_is_sent(
    receiver: Receiver, make: Make, send: Send
) -> None:
    make(receiver.url)
    receiver.answer = lambda request: DOWN
    send(1)
    now = database_now()
    deliver_at(now)
    erase_contact(Contact.objects.get().pk, now)
    receiver.answer = lambda request: Answer(200)
    receiver.taken.clear()
    deliver_at(now + timedelta(seconds=8))
    assert receiver.events[0]["type"] == "recipient.accepted"
    assert receiver.events[0]["data"]["externalId"] is None


def test_old_events_and_deliveries_are_deleted_and_what_waits_for_them_is_discarded(
    receiver: Receiver, make: Make, send: Send
) -> None:
    make(receiver.url)
    receiver.answer = lambda request: DOWN
    send(1)
    now = database_now()
    deliver_at(now)
    delete_old_events(now + DELIVERIES_KEPT + timedelta(seconds=1))
    assert (EventBundle.objects.count(), EventDelivery.objects.count()) == (1, 1)
    later = now + EVENTS_KEPT + timedelta(seconds=1)
    delete_old_events(later)
    assert EventBundle.objects.count() == 0
    EventEndpoint.objects.update(failing_since=None, retry_at=None)
    deliver_at(later)
    assert deliveries(DeliveryState.DISCARDED) == 1
    delete_old_events(later)
    assert EventDelivery.objects.count() == 0


def test_what_waits_for_an_endpoint_that_is_off_is_deleted_with_its_events(make: Make) -> None:
    endpoint, now = make("https://example.com/"), database_now()
    send_ping(endpoint, now)
    later = now + EVENTS_KEPT + timedelta(seconds=1)
    delete_old_events(later)
    assert EventDelivery.objects.count() == 1
    EventEndpoint.objects.update(is_active=False)
    delete_old_events(later - timedelta(seconds=2))
    assert EventDelivery.objects.count() == 1
    delete_old_events(later)
    assert EventDelivery.objects.count() == 0
