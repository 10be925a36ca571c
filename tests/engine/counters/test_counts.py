"""The counters of minutes: equal to the tables whatever happens, added up by the hour, and in nobody's way."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.ids import new_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.counters.answer_times import BOUNDS, CLASSES, class_of, percentile
from distributor.engine.counters.compact import KEPT, compact_counts
from distributor.engine.counters.count import Route, Tally, count_recipient
from distributor.engine.counters.shards import SHARDS
from distributor.engine.counters.totals import NO_ACCOUNT
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.engine.route.step_context import as_account
from distributor.models import MinuteCount, Recipient
from tests.engine.conftest import Send
from tests.support.engine.counters import assert_counters_agree, counted
from tests.support.engine.people import dispatch, dispatch_at
from tests.support.engine.provider_events import event_of
from tests.support.simultaneous import run_together

Accounts = dict[Channel, ProviderAccount]


def recipients() -> list[Recipient]:
    return list(Recipient.objects.select_related("distribution", "contact").order_by("id"))


def test_counts_equal_the_tables_after_failures_retries_webhooks_and_answers(send: Send, accounts: Accounts) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person1@example.com": "permanent", "person2@example.com": "transient"}}
    email.save()
    accepted = send(6, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    later = database_now() + timedelta(minutes=5)
    dispatch_at(later)  # person 2's second attempt
    kinds = [EventKind.DELIVERED, EventKind.CLICKED, EventKind.HARD_BOUNCED, EventKind.DROPPED, EventKind.DELIVERED]
    told = [event_of(accepted, kind, place) for kind, place in zip(kinds, [0, 0, 3, 4, 5], strict=True)]
    ingest_events(as_account(email), [*told, *told], later)
    ingest_events(as_account(email), told, later)
    dispatch_at(later)  # what bounced or was dropped goes on by SMS
    people = recipients()
    record_open(people[5], later)
    record_open(people[5], later)
    record_response(people[5].code, {"score": 9, "comment": "good"}, later)
    record_response(people[0].code, {"score": 4}, later)
    assert unsubscribe(people[3].code, "page", later)
    assert unsubscribe(people[3].code, "page", later)
    assert [opt_out(people[4].contact_id, later, source="API") for _ in range(2)] == [True, False]
    assert_counters_agree()
    sums = counted()
    assert (sums["failed"], sums["bounced"], sums["clicked"]) == (4, 1, 1)
    assert (sums["opened"], sums["responded"], sums["scored"], sums["score_sum"]) == (2, 2, 2, 13)
    assert (sums["events"], sums["opted_out"]) == (5, 2)
    by_channel = MinuteCount.objects.values("channel").annotate(sent=Sum("sent"))
    assert {row["channel"]: row["sent"] for row in by_channel}["sms"] == 3


def test_a_link_that_is_opened_before_anything_was_sent_counts_by_no_account(send: Send) -> None:
    send(1, scheduled_at=database_now() + timedelta(days=1))
    record_open(recipients()[0], database_now())
    row = MinuteCount.objects.get()
    assert (row.opened, row.channel, row.provider_account_id) == (1, "", NO_ACCOUNT)


def test_calls_are_counted_by_how_long_the_answer_took(send: Send, accounts: Accounts) -> None:
    send(3)
    dispatch()
    rows = MinuteCount.objects.filter(provider_account_id=accounts[Channel.EMAIL].pk)
    assert [sum(row.answers) for row in rows] == [1]


def test_classes_of_answer_times_and_percentiles() -> None:
    assert [class_of(seconds) for seconds in (0.0, 0.1, 0.11, 30, 31)] == [0, 0, 1, 7, 8]
    assert len(BOUNDS) + 1 == CLASSES
    answers = [90, 5, 4, 0, 0, 0, 0, 0, 1]
    assert [percentile(answers, share) for share in (0.5, 0.95, 0.99, 1.0)] == [0.1, 0.25, 0.5, float("inf")]
    assert percentile([0] * CLASSES, 0.95) is None


def tally_of(route: Route, **counts: int) -> Tally:
    tally = Tally()
    tally[route].update(counts)
    return tally


@pytest.mark.django_db
def test_minutes_become_hours_hours_become_days_and_days_are_deleted() -> None:
    organization_id, route = new_id(), Route("email", new_id())
    now = datetime(2026, 3, 20, 12, 30, tzinfo=UTC)
    for hours, count in ((0, 1), (5, 10), (6, 100), (24 * 10, 1_000), (24 * 10 + 3, 1_000)):
        for minute in (0, 7, 7, 21):
            tally = tally_of(route, sent=count, score_sum=count * 2)
            tally.add_answer(route, minute / 10)
            tally.write(organization_id, now.replace(minute=minute) - timedelta(hours=hours))
    MinuteCount.objects.filter(sent=20).update(shard=3)
    tally_of(route, sent=1).write(organization_id, now - KEPT - timedelta(minutes=1))
    for _ in range(2):
        compact_counts(now)
    rows = [(row.minute, row.sent, row.score_sum, row.answers) for row in MinuteCount.objects.order_by("minute")]
    assert rows[:3] == [
        (datetime(2026, 3, 10, tzinfo=UTC), 8_000, 16_000, [2, 0, 0, 4, 2, 0, 0, 0, 0]),
        (datetime(2026, 3, 20, 6, tzinfo=UTC), 400, 800, [1, 0, 0, 2, 1, 0, 0, 0, 0]),
        (datetime(2026, 3, 20, 7, tzinfo=UTC), 40, 80, [1, 0, 0, 2, 1, 0, 0, 0, 0]),
    ]
    assert [sent for _, sent, _, _ in rows[3:]] == [1, 2, 1]


@pytest.mark.django_db(transaction=True)
def test_who_counts_waits_for_nobody_who_counts() -> None:
    """Transactions that stay open hold a shard each, and the next one writes another row."""
    organization_id, route = new_id(), Route("sms", new_id())
    now = database_now()
    written = [Signal() for _ in range(SHARDS)]

    def count(place: int) -> None:
        with transaction.atomic():
            tally_of(route, sent=1).write(organization_id, now)
            written[place].set()
            assert all(other.wait(20) for other in written)

    run_together([lambda place=place: count(place) for place in range(SHARDS)])  # type: ignore[misc]
    assert sorted(MinuteCount.objects.values_list("shard", "sent")) == [(shard, 1) for shard in range(SHARDS)]
    tally_of(route, sent=1).write(organization_id, now)
    assert MinuteCount.objects.get(shard=0).sent == 2


@pytest.mark.django_db
def test_nothing_is_written_if_nothing_is_counted(django_assert_num_queries: Any) -> None:
    now = database_now()
    with django_assert_num_queries(0):
        tally_of(Route("email", UUID(int=1)), sent=0).write(new_id(), now)


@pytest.mark.django_db
def test_a_repeated_name_in_one_transaction_adds_up() -> None:
    organization_id = new_id()
    now = database_now()
    for _ in range(3):
        count_recipient(organization_id, 1, Counter(opened=1), now)
    assert MinuteCount.objects.get().opened == 3
    assert connection.in_atomic_block
