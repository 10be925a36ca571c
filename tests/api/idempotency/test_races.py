"""Calls with the same Idempotency-Key at the same moment, and calls that end in the middle."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Contact, Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.idempotency import (
    Answer,
    CallInFlightError,
    KeyedCall,
    answer_once,
    store_answer,
)
from distributor.models import Distribution, IdempotencyKey, Recipient, Survey
from tests.support.api.bodies import NOTHING, people, rows_written
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
REPLAYED = "Idempotent-Replayed"
CALLERS = 20
# Shorter than what a call in flight is given itself, so that a call that waits fails the test and does not hang it.
PATIENCE_SECONDS = DEADLINE_SECONDS / 3

Call = Callable[..., Any]


@pytest.fixture
def call(api_key: str, survey: Survey, body: dict[str, Any]) -> Call:
    """One quick call with a key, as a client of its own."""

    def send(key: str, **changes: Any) -> Any:
        path = f"/api/surveys/{survey.pk}/distributions/quick"
        client = Client(headers={"x-api-key": api_key, "idempotency-key": key})
        return client.post(path, json.dumps({**body, **changes}), content_type="application/json")

    return send


@contextmanager
def writers_wait(table: str) -> Iterator[None]:
    """Whoever writes to the table waits until the end; readers do not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield


def test_a_call_that_is_still_being_made_is_409_at_once(call: Call) -> None:
    with ThreadPoolExecutor(2) as pool:
        with writers_wait("distributor_distribution"):
            first = pool.submit(run_together, [partial(call, "k")])
            wait_until_blocked(1)
            later = pool.submit(run_together, [partial(call, "k"), partial(call, "k", name="Another")])
            same, other_body = later.result(PATIENCE_SECONDS)
            assert not first.done()
        (made,) = first.result(DEADLINE_SECONDS)
    for refused in (same, other_body):
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_in_flight")
        assert refused["Content-Type"] == "application/problem+json"
    assert made.status_code == 201
    again = call("k")
    assert (again.content, again[REPLAYED]) == (made.content, "true")
    assert Distribution.objects.count() == 1


def test_a_kept_answer_does_not_wait_for_a_call_with_another_key(call: Call) -> None:
    call("kept")
    with ThreadPoolExecutor(2) as pool:
        with writers_wait("distributor_distribution"):
            first = pool.submit(run_together, [partial(call, "k")])
            wait_until_blocked(1)
            (kept,) = pool.submit(run_together, [partial(call, "kept")]).result(PATIENCE_SECONDS)
            assert not first.done()
        first.result(DEADLINE_SECONDS)
    assert (kept.status_code, kept[REPLAYED]) == (201, "true")


@pytest.mark.parametrize("table", ["distributor_distribution", "distributor_idempotencykey"])
def test_a_call_that_dies_in_the_middle_leaves_nothing_and_is_made_afresh(call: Call, table: str) -> None:
    with ThreadPoolExecutor(1) as pool, writers_wait(table):
        first = pool.submit(run_together, [partial(call, "k")])
        wait_until_blocked(1)
        kill_who_waits()
        (failed,) = first.result(DEADLINE_SECONDS)
    assert (failed.status_code, failed.json()["code"], REPLAYED in failed) == (500, "internal_error", False)
    assert rows_written() == NOTHING
    assert not IdempotencyKey.objects.exists()
    again = call("k")
    assert (again.status_code, REPLAYED in again) == (201, False)
    assert Distribution.objects.count() == 1


def kill_who_waits() -> None:
    """End the session of whoever waits for a lock, as PostgreSQL does for a process that was killed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert cursor.fetchall() == [(True,)]


def test_of_twenty_simultaneous_calls_one_is_made(call: Call) -> None:
    answers = run_together([partial(call, "k", contacts=people(100))] * CALLERS)
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert [REPLAYED in answer for answer in made].count(False) == 1
    assert len({answer.content for answer in made}) == 1
    assert (Distribution.objects.count(), Recipient.objects.count(), Contact.objects.count()) == (1, 100, 100)
    assert call("k", contacts=people(100)).content == made[0].content


def test_twenty_simultaneous_repeats_are_all_answered(call: Call) -> None:
    first = call("k")
    answers = run_together([partial(call, "k")] * CALLERS)
    assert {(answer.status_code, answer[REPLAYED], answer.content) for answer in answers} == {
        (201, "true", first.content)
    }


def test_keyed_calls_for_the_same_people_by_different_names_all_succeed(call: Call) -> None:
    by_id = people(100)
    call("everybody", contacts=by_id)
    by_email = [{"email": person["email"]} for person in reversed(by_id)]
    mixed = by_id[50:] + by_email[50:]
    lists = [by_id, by_email, mixed, mixed[::-1]] * 2
    answers = run_together([partial(call, f"k{number}", contacts=one) for number, one in enumerate(lists)])
    assert [answer.status_code for answer in answers] == [201] * len(lists)
    assert IdempotencyKey.objects.count() == 1 + len(lists)


def test_an_answer_that_was_kept_in_between_undoes_the_call(organization: Organization) -> None:
    key = create_api_key(organization, "tests", [Scope.SEND])[0]
    call = KeyedCall(key.pk, "k", b"f" * 32)

    def work() -> Answer:
        Organization.objects.create(name="Made by the later call", slug="later")
        run_together([partial(store_answer, call, Answer(201, "text/plain", b"theirs"), database_now())])
        return Answer(201, "text/plain", b"ours")

    with pytest.raises(CallInFlightError):
        answer_once(call, work)
    assert not Organization.objects.filter(slug="later").exists()
    assert bytes(IdempotencyKey.objects.get().body) == b"theirs"
