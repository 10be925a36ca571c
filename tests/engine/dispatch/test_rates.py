"""Limits of an account: how many leave, who waits until when, whoever asks and whatever the broker forgets."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis import Redis

from channels.models import Pace, ProviderAccount, SandboxMessage
from contacts.channel import Channel
from distributor.engine.dispatch import begin
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Decision
from distributor.models.batch import Lane
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, given, timeline_of, totals_of
from tests.support.simultaneous import run_together

Accounts = dict[Channel, ProviderAccount]
SECOND = timedelta(seconds=1)


def limit(account: ProviderAccount, **limits: float) -> None:
    ProviderAccount.objects.filter(id=account.id).update(**{"urgent_reserve_percent": 0, **limits})


@pytest.mark.django_db
def test_as_many_leave_as_there_are_tokens_and_the_rest_waits_until_there_are_more(
    send: Send, accounts: Accounts
) -> None:
    limit(accounts[Channel.EMAIL], rate_per_second=10)
    accepted = send(100)
    start = database_now()
    dispatch_at(start)
    assert totals_of(accepted) == {"sent": 30, "waiting": 70}
    batch = Batch.objects.get()
    assert (batch.due_at, batch.lease_expires_at, batch.claims, batch.last_error) == (start + SECOND, None, 0, "")
    dispatch_at(start + SECOND)
    assert totals_of(accepted) == {"sent": 40, "waiting": 60}


@pytest.mark.django_db
def test_a_slow_account_empties_its_batches_at_its_rate_and_nobody_fails(send: Send, accounts: Accounts) -> None:
    limit(accounts[Channel.EMAIL], rate_per_second=10)
    accepted = [send(100), send([given(number) for number in range(100, 200)])]
    start = database_now()
    claims = 0
    for tick in range(12):  # a sweep every 2 s
        dispatch_at(start + 2 * tick * SECOND)
        assert SandboxMessage.objects.count() <= 30 + 20 * tick
    claims = sum(Batch.objects.values_list("fence", flat=True))
    assert [totals_of(one) for one in accepted] == [{"sent": 100}] * 2
    # 200 messages by the bite of a second's worth: no more holds than bites, and those that find the rest.
    assert claims <= 30
    assert not Attempt.objects.exclude(state="sent").exists()
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_no_more_than_a_full_bucket_is_locked_and_judged(send: Send, accounts: Accounts) -> None:
    limit(accounts[Channel.EMAIL], rate_per_second=1)
    send(100)
    with CaptureQueriesContext(connection) as captured:
        dispatch_at(database_now())
    locking = [query["sql"] for query in captured if "FOR NO KEY UPDATE OF r" in query["sql"]]
    assert locking
    assert all("LIMIT 3 " in statement for statement in locking)


@pytest.mark.django_db
def test_a_days_messages_are_counted_and_the_rest_waits_for_the_next_utc_day(send: Send, accounts: Accounts) -> None:
    limit(accounts[Channel.EMAIL], daily_limit=60)
    accepted = [send(50), send([given(number) for number in range(50, 150)])]
    today = database_now()
    midnight = datetime.combine(today.date() + timedelta(days=1), datetime.min.time(), today.tzinfo)
    dispatch_at(today)
    assert SandboxMessage.objects.count() == 60
    waiting = Batch.objects.get(state="waiting")
    assert waiting.due_at == midnight
    assert waiting.last_error == "e-mail sandbox has reached its daily limit"
    dispatch_at(midnight)
    assert SandboxMessage.objects.count() == 120
    dispatch_at(midnight + timedelta(days=1))
    assert [totals_of(one) for one in accepted] == [{"sent": 50}, {"sent": 100}]


@pytest.mark.django_db
def test_a_small_urgent_send_uses_what_bulk_must_leave(send: Send, accounts: Accounts) -> None:
    limit(accounts[Channel.EMAIL], daily_limit=100, urgent_reserve_percent=5)
    bulk = send(600)
    dispatch_at(database_now())
    assert totals_of(bulk) == {"sent": 95, "waiting": 505}
    urgent = send([given(number) for number in range(600, 605)])
    assert Batch.objects.get(distribution=urgent.distribution).lane == Lane.URGENT
    dispatch_at(database_now())
    assert totals_of(urgent) == {"sent": 5}


@pytest.mark.django_db
def test_who_must_not_be_sent_to_takes_no_token(send: Send, accounts: Accounts) -> None:
    from distributor.engine.consent.opt_out import opt_out

    limit(accounts[Channel.EMAIL], daily_limit=2)
    accepted = send(4)
    for place in (0, 1):
        opt_out(accepted.recipients[place].contact.id, database_now(), source="a test")
    dispatch()
    assert totals_of(accepted) == {"sent": 2, "stopped": 2}


@pytest.mark.django_db
def test_what_was_rolled_back_was_not_taken(send: Send, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    limit(accounts[Channel.EMAIL], daily_limit=5)
    accepted = send(5)
    with monkeypatch.context() as broken:
        broken.setattr(begin, "write_handover", fail)
        dispatch()
    assert not Pace.objects.exclude(sent_today=0).exists()
    Batch.objects.update(lease_expires_at=None)
    dispatch()
    assert totals_of(accepted) == {"sent": 5}


@pytest.mark.django_db
def test_an_account_without_limits_has_no_row_to_lock(send: Send) -> None:
    accepted = send(1_500)
    with CaptureQueriesContext(connection) as captured:
        dispatch()
    assert totals_of(accepted) == {"sent": 1_500}
    assert not Pace.objects.exists()
    naming = [query["sql"] for query in captured if "channels_pace" in query["sql"]]
    # Read with the route, once a batch: no statement of its own.
    assert len(naming) == 2
    assert all("distributor_step" in statement for statement in naming)


@pytest.mark.django_db(transaction=True)
def test_workers_that_drain_a_limited_account_together_never_exceed_its_tokens_and_no_flush_of_the_broker_matters(
    send: Send, accounts: Accounts
) -> None:
    limit(accounts[Channel.EMAIL], rate_per_second=100, daily_limit=1_000)
    accepted = [send([given(call * 600 + number) for number in range(600)]) for call in range(3)]
    # Noon, so that all happens on one UTC day.
    start = (database_now() + timedelta(days=1)).replace(hour=12)
    for tick in range(9):
        moment = start + tick * SECOND
        run_together([lambda moment=moment: dispatch_at(moment)] * 3)  # type: ignore[misc]
        Redis.from_url(settings.REDIS_URL).flushdb()
        # By the bucket 300 at once and 100 a second; each worker may miss a batch that another holds at the moment.
        assert SandboxMessage.objects.count() <= min(300 + 100 * tick, 1_000)
    assert SandboxMessage.objects.count() == 1_000
    assert SandboxMessage.objects.values("to").distinct().count() == 1_000
    assert Pace.objects.get().sent_today == 1_000
    assert sum(totals_of(one).get("waiting", 0) for one in accepted) == 800


@pytest.mark.django_db
def test_a_recipient_that_waits_for_its_turn_says_until_when(send: Send, accounts: Accounts) -> None:
    limit(accounts[Channel.EMAIL], rate_per_second=0.1)
    accepted = send(4)
    start = database_now()
    dispatch_at(start)
    last = timeline_of(accepted, 3)
    assert last.state == "waiting"
    assert last.due_at is not None
    assert start < last.due_at <= start + 20 * SECOND
