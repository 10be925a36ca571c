"""Endpoints that fail, hang, move or are gone: each is treated as it must be, and nobody waits for another."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from structlog.testing import capture_logs

from distributor.engine.events import deliver, post, stream
from distributor.engine.events.claims import claim_endpoint, give_back, has_due_endpoints
from distributor.engine.events.endpoints import change_endpoint, send_ping
from distributor.engine.events.work import find_work, outcome_of
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState
from tests.engine.conftest import Send
from tests.support.engine.deliveries import DOWN, Make, by_person, deliver_at, deliveries, refuse_events_of
from tests.support.engine.people import dispatch
from tests.support.standins.receiver import Receiver
from tests.support.standins.server import Answer, Fault


def test_an_endpoint_that_is_down_for_an_hour_gets_few_probes_and_then_everything(
    receiver: Receiver, make: Make, send: Send
) -> None:
    endpoint = make(receiver.url)
    receiver.answer = lambda request: DOWN
    send(40)
    now = database_now()
    for minute in range(60 * 6):
        deliver_at(now + timedelta(seconds=10 * minute))
    assert receiver.requests < 30, "five failures, and then a probe in a while"
    endpoint.refresh_from_db()
    assert endpoint.state == "failing"
    assert endpoint.last_error == "It answered 500."
    dispatch()
    receiver.answer = lambda request: Answer(204)
    receiver.taken.clear()
    for minute in range(3):
        deliver_at(now + timedelta(minutes=75 + 15 * minute))
    assert by_person(receiver.events) == {f"PAT-{number}": ["accepted", "sent"] for number in range(40)}
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failures, endpoint.last_error) == ("active", 0, "")


def test_an_endpoint_that_fails_for_a_day_is_disabled_and_goes_on_when_it_is_switched_on(
    receiver: Receiver, make: Make, send: Send
) -> None:
    endpoint = make(receiver.url)
    receiver.answer = lambda request: DOWN
    send(6)
    now = database_now()
    for hour in range(26):
        deliver_at(now + timedelta(hours=hour))
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_because) == ("disabled", "It took nothing for 24 hours.")
    tried = receiver.requests
    deliver_at(now + timedelta(hours=30))
    assert receiver.requests == tried
    receiver.answer = lambda request: Answer(200)
    receiver.taken.clear()
    change_endpoint(endpoint, {"is_active": True})
    deliver_at(now + timedelta(hours=31))
    assert by_person(receiver.events) == {f"PAT-{number}": ["accepted"] for number in range(6)}


def test_a_failing_endpoint_is_probed_with_new_events_too(receiver: Receiver, make: Make, send: Send) -> None:
    endpoint = make(receiver.url)
    receiver.answer = refuse_events_of("PAT-0")
    now = database_now()
    send(1)
    deliver_at(now)
    EventEndpoint.objects.update(failures=5, failing_since=now, retry_at=now)
    send(2)
    deliver_at(now + timedelta(seconds=1))
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failures) == ("active", 0)
    assert by_person(receiver.events)["PAT-1"] == ["accepted"]


def test_a_failing_endpoint_is_probed_with_each_waiting_request_in_turn(
    receiver: Receiver, make: Make, send: Send
) -> None:
    endpoint = make(receiver.url)
    receiver.answer = lambda request: DOWN
    now = database_now()
    send(2)
    deliver_at(now)
    receiver.answer = refuse_events_of("PAT-0")
    EventEndpoint.objects.update(failures=5, failing_since=now, retry_at=now)
    for seconds in (8, 30):
        deliver_at(now + timedelta(seconds=seconds))
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failures) == ("active", 0)
    assert deliveries(DeliveryState.DELIVERED) == 1


def test_an_endpoint_that_is_gone_is_disabled_at_once(receiver: Receiver, make: Make, send: Send) -> None:
    endpoint = make(receiver.url)
    receiver.answer = lambda request: Answer(410)
    send(30)
    deliver_at()
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_because) == ("disabled", "It answered 410 Gone.")
    assert receiver.requests <= 8


def test_no_redirect_is_followed(receiver: Receiver, make: Make, send: Send) -> None:
    make(receiver.url)
    with Receiver().running() as elsewhere:
        receiver.answer = lambda request: Answer(302, headers={"Location": elsewhere.url})
        send(1)
        deliver_at()
        assert (receiver.requests, elsewhere.requests) == (1, 0)
    assert "Redirects are not followed" in EventDelivery.objects.get().error


def test_private_addresses_are_not_connected_to(
    receiver: Receiver, make: Make, send: Send, settings: LazySettings
) -> None:
    make(receiver.url)
    make(receiver.url.replace("127.0.0.1", "localhost"))
    send(1)
    settings.ALLOWED_PROVIDER_HOSTS = []
    deliver_at()
    assert receiver.connections == 0
    assert deliveries(DeliveryState.PENDING) == 2


def test_one_that_hangs_delays_nobody_else(
    receiver: Receiver, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "WHOLE_SECONDS", 1.0)
    with Receiver(shares={Fault.SILENT: 1.0}).running() as silent:
        hanging = make(silent.url)
        make(receiver.url)
        send(30)
        deliver_at()
        assert len(receiver.events) == 30
        hanging.refresh_from_db()
        assert hanging.state == "failing"
        assert silent.requests <= 8 * 2


def test_pages_of_a_slow_endpoint_end_with_the_slice(
    receiver: Receiver, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(receiver.url)
    receiver.latency_seconds = 0.2
    send(160)
    monkeypatch.setattr(deliver, "SLICE_SECONDS", 0.5)
    began_at = time.monotonic()
    assert deliver.deliver_due(database_now)
    assert time.monotonic() - began_at < 2, "all of them take 4 s"
    monkeypatch.undo()
    receiver.latency_seconds = 0
    deliver_at()
    assert len({event["id"] for event in receiver.events}) == len(receiver.events) == 160


def test_one_that_fails_is_not_tried_shortly_before_the_end_of_the_slice(
    receiver: Receiver, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = make(f"{receiver.url}/failing")
    make(f"{receiver.url}/working")
    EventEndpoint.objects.filter(pk=failing.pk).update(
        failures=5, failing_since=database_now(), retry_at=database_now()
    )
    send(1)
    monkeypatch.setattr(deliver, "SLICE_SECONDS", post.WHOLE_SECONDS - 1)
    deliver_at()
    assert [request.path for request in receiver.taken] == ["/working"]
    assert has_due_endpoints(database_now())


def test_claiming_stops_after_a_while_though_pages_yield_nothing(
    make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("https://example.com/", survey_ids=[uuid4()])
    send(1)
    dispatch()
    monkeypatch.setattr(stream, "MOST_BUNDLES", 1)
    monkeypatch.setattr(deliver, "CLAIM_SECONDS", 0.0)
    with ThreadPoolExecutor() as pool:
        assert deliver._claim_more([], {}, database_now, pool, time.monotonic() + 30)
    assert has_due_endpoints(database_now())
    deliver_at()
    assert not has_due_endpoints(database_now())


@pytest.mark.parametrize("place", ["find_work", "give_back", "write_request"])
def test_a_fault_of_ours_stops_no_other_endpoint(
    receiver: Receiver, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    broken = make(f"{receiver.url}/broken", headers={"x-broken": "1"})
    make(receiver.url)
    send(10)
    working = getattr(deliver, place)

    def fail(*args: Any) -> Any:
        if args[0] == broken:
            raise ValueError("no luck")
        return working(*args)

    monkeypatch.setattr(deliver, place, fail)
    with capture_logs() as logs:
        deliver_at()
    assert [log["event"] for log in logs] == ["event_endpoint_fault"]
    assert deliveries(DeliveryState.DELIVERED) == 10
    monkeypatch.setattr(deliver, place, working)
    deliver_at(database_now() + timedelta(seconds=61))
    assert deliveries(DeliveryState.DELIVERED) == 20


def test_a_claim_that_was_lost_writes_nothing_and_the_events_come_again_with_the_same_ids(
    receiver: Receiver, make: Make, send: Send
) -> None:
    make(receiver.url)
    send(5)
    now = database_now()
    lost = claim_endpoint(now)
    assert lost is not None
    lost_work = find_work(lost, now)
    for message in lost_work.messages:
        message.answer = post.Line(receiver.url).post(message.body(now), {"webhook-id": message.message_id})
    assert claim_endpoint(now + timedelta(seconds=59)) is None
    deliver_at(now + timedelta(seconds=61))
    assert not give_back(lost, outcome_of(lost_work, now), now)
    ids = [request.headers["webhook-id"] for request in receiver.taken]
    assert (len(ids), len(set(ids))) == (10, 5)
    assert deliveries(DeliveryState.DELIVERED) == 5


def test_a_connection_that_was_closed_meanwhile_is_opened_again(receiver: Receiver, make: Make, send: Send) -> None:
    make(receiver.url)
    send(1)
    deliver_at()
    receiver.cut_connections()
    dispatch()
    deliver_at()
    assert deliveries(DeliveryState.PENDING) == 0


def test_what_a_claim_found_is_ignored_after_the_endpoint_was_repaired(
    receiver: Receiver, make: Make, send: Send
) -> None:
    endpoint = make("https://old.example.com/")
    send(1)
    now = database_now()
    claimed = claim_endpoint(now)
    assert claimed is not None
    gone = find_work(claimed, now)
    for message in gone.messages:
        message.answer = post.PostAnswer(410)
    endpoint.refresh_from_db()
    change_endpoint(endpoint, {"url": receiver.url})
    assert not give_back(claimed, outcome_of(gone, now), now)
    deliver_at(now)
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_because) == ("active", "")
    assert len(receiver.events) == 1


def test_an_answer_of_any_size_is_read_to_its_limit_only(receiver: Receiver, make: Make, send: Send) -> None:
    make(receiver.url)
    receiver.answer = lambda request: Answer(500, b"x" * 3_000_000)
    send(1)
    deliver_at()
    delivery = EventDelivery.objects.get()
    assert (delivery.status, delivery.answer) == (500, "x" * post.EXCERPT_LENGTH)


def test_an_endpoint_that_is_deleted_while_it_is_claimed_is_left_out(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_ping(make("https://example.com/"), database_now())
    rows = EventEndpoint.objects.select_related("organization")

    def select(*_: str) -> Any:
        rows.delete()
        return rows

    monkeypatch.setattr(EventEndpoint.objects, "select_related", select)
    assert claim_endpoint(database_now()) is None
