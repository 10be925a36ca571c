"""The totals of monitoring: equal to the tables, and never smaller than before."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from contacts.channel import Channel
from contacts.ids import new_id
from distributor.engine.counters.count import Route
from distributor.engine.counters.shards import SHARDS
from distributor.engine.counters.totals import ATTEMPTS, PROVIDER_CALLS, PROVIDER_EVENTS, Total, Totals
from distributor.engine.dispatch.result_totals import count_results, reason_of, totals_of
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account
from distributor.models import MetricTotal
from tests.engine.conftest import Send
from tests.support.engine.counters import assert_totals_agree
from tests.support.engine.people import dispatch, dispatch_at
from tests.support.engine.provider_events import event_of

Accounts = dict[Channel, ProviderAccount]


def totals(name: str) -> dict[tuple[str, str, str], int]:
    rows = MetricTotal.objects.filter(name=name).values_list("channel", "kind", "reason").annotate(Sum("count"))
    return {(channel, kind, reason): count for channel, kind, reason, count in rows}


def test_attempts_equal_the_table_and_know_their_reasons(send: Send, accounts: Accounts) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person1@example.com": "permanent", "person2@example.com": "transient"}}
    email.save()
    send(4, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    dispatch_at(database_now() + timedelta(minutes=5))
    assert_totals_agree()
    assert {reason for (_, state, reason) in totals(ATTEMPTS) if state == "sent"} == {""}
    calls = MetricTotal.objects.filter(name=PROVIDER_CALLS)
    assert all(sum(row.classes) == row.count and row.seconds > 0 for row in calls)
    assert {row.provider for row in calls} == {"sandbox"}


def test_reports_are_counted_once_and_a_correction_takes_nothing_away(send: Send, accounts: Accounts) -> None:
    accepted = send(2)
    dispatch()
    before, now = totals(ATTEMPTS), database_now() + timedelta(minutes=2)
    told = [event_of(accepted, EventKind.DROPPED, 0), event_of(accepted, EventKind.DELIVERED, 1)]
    for _ in range(2):
        ingest_events(as_account(accounts[Channel.EMAIL]), told, now)
    assert totals(PROVIDER_EVENTS) == {("email", "dropped", ""): 1, ("email", "delivered", ""): 1}
    assert totals(ATTEMPTS) == before


def test_what_is_no_attempt_is_deferred() -> None:
    refused = Result(Outcome.PERMANENT, scope=Scope.ACCOUNT)
    results = [Result(Outcome.ACCEPTED), Result(Outcome.THROTTLED), refused, refused, Result(Outcome.UNKNOWN)]
    counted = totals_of(Route("email", new_id()), results, count_results([results[0], results[4]]), 0.2)
    assert counted._counts == {
        Total(ATTEMPTS, "email", "sent", ""): 1,
        Total(ATTEMPTS, "email", "unknown", "unspecified"): 1,
        Total(ATTEMPTS, "email", "deferred", "throttled"): 1,
        Total(ATTEMPTS, "email", "deferred", "account"): 2,
        Total(PROVIDER_CALLS, "email"): 1,
    }


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Result(Outcome.ACCEPTED), ""),
        (Result(Outcome.PERMANENT, opted_out=True, scope=Scope.RECIPIENT), "opted_out"),
        (Result(Outcome.PERMANENT, is_bad_address=True, scope=Scope.RECIPIENT), "bad_address"),
        (Result(Outcome.THROTTLED, scope=Scope.ACCOUNT), "throttled"),
        (Result(Outcome.TRANSIENT, code="a code of the provider's", scope=Scope.ROUTE), "route"),
        (Result(Outcome.UNKNOWN), "unspecified"),
    ],
)
def test_reasons_are_few_words(result: Result, reason: str) -> None:
    assert reason_of(result) == reason


@pytest.mark.django_db
def test_times_are_added_up_by_class_and_shard() -> None:
    for seconds in (0.05, 0.3, 99.0, -5.0):
        added = Totals()
        added.add_seconds(Total(PROVIDER_CALLS, "email"), seconds)
        added.write()
    row = MetricTotal.objects.get()
    assert (row.count, row.classes) == (4, [2, 0, 1, 0, 0, 0, 0, 0, 1])
    assert row.seconds == pytest.approx(99.35)
    assert 0 <= row.shard < SHARDS
