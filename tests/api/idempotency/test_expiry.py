"""An Idempotency-Key holds for 24 hours, and then its answer is let go."""

from datetime import timedelta
from typing import Any

import pytest
from celery.app import app_or_default
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from contacts.api_keys import create_api_key
from contacts.models import ApiKey, Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.idempotency import (
    DELETE_BATCH_SIZE,
    Answer,
    KeyedCall,
    delete_expired,
    store_answer,
)
from distributor.models import Distribution, IdempotencyKey
from distributor.tasks import delete_expired_keys
from tests.api.conftest import Post
from tests.support.simultaneous import run_together

ANSWER = Answer(201, "application/json", b"{}")
DAY = timedelta(hours=24)


@pytest.fixture
def caller(organization: Organization) -> ApiKey:
    return create_api_key(organization, "tests", [Scope.SEND])[0]


def age(by: timedelta) -> None:
    """As if all keys had been used so much earlier."""
    IdempotencyKey.objects.update(created_at=F("created_at") - by, expires_at=F("expires_at") - by)


def test_within_a_day_a_call_is_answered_again(post: Post, body: dict[str, Any]) -> None:
    first = post(body, idempotency_key="k")
    age(DAY - timedelta(minutes=5))
    assert post(body, idempotency_key="k").content == first.content


def test_after_a_day_a_key_is_a_new_one(post: Post, body: dict[str, Any]) -> None:
    post(body, idempotency_key="k")
    age(DAY)
    other = post({**body, "name": "Another"}, idempotency_key="k")
    assert (other.status_code, "Idempotent-Replayed" in other) == (201, False)
    assert post({**body, "name": "Another"}, idempotency_key="k").content == other.content
    assert (Distribution.objects.count(), IdempotencyKey.objects.count()) == (2, 1)


def test_answers_are_deleted_from_the_moment_that_they_expire_on(caller: ApiKey) -> None:
    now = database_now()
    store_answer(KeyedCall(caller.pk, "k", bytes(32)), ANSWER, now)
    assert delete_expired(now + DAY - timedelta(microseconds=1)) == 0
    assert delete_expired(now + DAY) == 1
    assert not IdempotencyKey.objects.exists()


def test_answers_are_deleted_in_portions_the_oldest_first(caller: ApiKey) -> None:
    now = database_now()
    for number in range(5):
        store_answer(KeyedCall(caller.pk, f"k{number}", bytes(32)), ANSWER, now + timedelta(seconds=number))
    later = now + DAY + timedelta(hours=1)
    assert delete_expired(later, limit=2) == 2
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"k2", "k3", "k4"}
    assert [delete_expired(later, limit=2) for _ in range(3)] == [2, 1, 0]


def test_the_task_deletes_all_that_has_expired_and_nothing_else(caller: ApiKey) -> None:
    now = database_now()
    rows = [stored(caller, f"k{number}", now - DAY - timedelta(minutes=1)) for number in range(DELETE_BATCH_SIZE + 1)]
    IdempotencyKey.objects.bulk_create([*rows, stored(caller, "live", now)])
    delete_expired_keys()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["live"]


@pytest.mark.django_db(transaction=True)
def test_while_one_deletes_another_does_nothing(caller: ApiKey) -> None:
    now = database_now()
    for key in ("k1", "k2"):
        store_answer(KeyedCall(caller.pk, key, bytes(32)), ANSWER, now - DAY)
    with transaction.atomic():
        assert delete_expired(now, limit=1) == 1
        assert run_together([lambda: delete_expired(now)]) == [0]
    assert delete_expired(now) == 1


def test_every_task_that_beat_asks_for_is_there() -> None:
    app = app_or_default()
    asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert asked >= {"distributor.sweep", "distributor.delete_expired_keys"}
    assert asked <= set(app.tasks)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"key": ""}, "an_idempotency_key_is_not_empty"),
        ({"status": 400}, "only_success_is_kept_for_a_replay"),
        ({"expires_at": F("created_at")}, "an_answer_is_kept_for_a_while"),
    ],
)
def test_the_table_holds_only_what_may_be_answered_again(caller: ApiKey, wrong: dict[str, Any], rule: str) -> None:
    stored(caller, "k", database_now()).save()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        IdempotencyKey.objects.update(**wrong)
    assert connection.is_usable()


def stored(caller: ApiKey, key: str, now: Any) -> IdempotencyKey:
    return IdempotencyKey(
        api_key=caller,
        key=key,
        fingerprint=bytes(32),
        status=201,
        content_type="application/json",
        body=b"{}",
        created_at=now,
        expires_at=now + DAY,
    )
