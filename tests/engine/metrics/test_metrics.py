"""Metrics: read by a foreign parser, equal to the tables, and cheap to ask for."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from prometheus_client.parser import text_string_to_metric_families

from channels.events import EventKind
from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.calls.record import Call, recorder
from distributor.engine.dispatch.result_totals import REASONS
from distributor.engine.events.endpoints import create_endpoint, send_ping
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure import valkey
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.metrics import accounts as accounts_module
from distributor.engine.metrics import backlog, collect, work
from distributor.engine.metrics.catalogue import METRICS
from distributor.engine.metrics.family import Family, Kind, Metric, write_text
from distributor.engine.route.step_context import as_account
from distributor.engine.schedule.sweep import sweep
from distributor.models import Attempt, Batch, Distribution, EventEndpoint
from tests.engine.conftest import Ask, Send
from tests.support.engine.people import dispatch
from tests.support.engine.provider_events import event_of
from tests.support.queries import count_queries

# Seven, and the savepoint that stands for the transaction within a test's.
STATEMENTS = 7 + 2
Accounts = dict[Channel, ProviderAccount]
Samples = Mapping[str, Mapping[tuple[tuple[str, str], ...], float]]


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "_paused_until", 0.0)
    collect.forget_metrics()


def parse(text: str) -> Samples:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def scrape() -> Samples:
    return parse(write_text(collect.collect()))


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name][tuple(sorted(labels.items()))]


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum over all series that have these labels."""
    return sum(number for given, number in samples.get(name, {}).items() if set(labels.items()) <= set(given))


@pytest.mark.django_db
def test_a_foreign_parser_reads_every_metric_with_its_type_and_help() -> None:
    families = list(text_string_to_metric_families(write_text(collect.collect())))
    described = {(family.name, family.type, family.documentation) for family in families}
    assert described == {(metric.name.removesuffix("_total"), metric.kind.value, metric.help) for metric in METRICS}
    assert all(metric.name.endswith("_total") == (metric.kind is Kind.COUNTER) for metric in METRICS)
    assert all(metric.name.endswith("_seconds") for metric in METRICS if metric.kind is Kind.HISTOGRAM)


def test_what_happened_equals_the_tables(send: Send, accounts: Accounts) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person1@example.com": "permanent"}}
    email.save()
    accepted = send(5)
    dispatch()
    told = [event_of(accepted, EventKind.DELIVERED, 0), event_of(accepted, EventKind.HARD_BOUNCED, 2)]
    ingest_events(as_account(email), told, database_now() + timedelta(seconds=90))
    samples = scrape()
    for state in ("sent", "failed", "unknown"):
        count = Attempt.objects.filter(state=state).count()
        assert total(samples, "distributor_attempts_total", result=state, channel="email") == count
    assert total(samples, "distributor_attempts_total", result="sent", reason="", provider="sandbox") == 4
    assert total(samples, "distributor_provider_call_duration_seconds_count") == 1
    assert total(samples, "distributor_provider_events_total", kind="delivered") == 1
    lag = "distributor_provider_event_lag_seconds"
    assert value(samples, f"{lag}_count", provider="sandbox") == 2
    assert value(samples, f"{lag}_bucket", provider="sandbox", le="15") == 0
    assert value(samples, f"{lag}_bucket", provider="sandbox", le="+Inf") == 2
    assert 150 < value(samples, f"{lag}_sum", provider="sandbox") < 240


def test_what_alerts_ask_for_begins_at_0(send: Send) -> None:
    """Of a series that begins with a number, Prometheus sees no increase."""
    send(1)
    dispatch()
    recorder.add(Call(0.0, "native", "GET", "api/v1/contacts", 200, 0.01, "1"))
    recorder.write_now()
    samples, of_account = scrape(), {"provider": "sandbox", "channel": "email"}
    for result in ("failed", "unknown"):
        for reason in REASONS:
            assert value(samples, "distributor_attempts_total", result=result, reason=reason, **of_account) == 0
    answered = {"api": "native", "method": "GET", "status": "5xx"}
    assert value(samples, "distributor_call_duration_seconds_count", **answered) == 0


def test_what_waits_is_told_by_lane_and_reason(send: Send, accounts: Accounts) -> None:
    now = database_now()
    send(3)
    send(2, scheduled_at=now + timedelta(days=1))
    broken, paused = send(1), send(4)
    Batch.objects.filter(distribution=broken.distribution).update(held_by=accounts[Channel.EMAIL].pk)
    Pace.objects.create(account=accounts[Channel.EMAIL], broken_because="refused", failing_since=now)
    Batch.objects.filter(distribution=paused.distribution).update(state="paused")
    Batch.objects.update(lane="urgent")
    due = Batch.objects.order_by("created_at")[:1].get()
    Batch.objects.filter(pk=due.pk).update(due_at=now - timedelta(minutes=10))
    samples = scrape()
    waiting = {why: value(samples, "distributor_waiting_recipients", lane="urgent", why=why) for why in backlog.REASONS}
    assert waiting == {
        **dict.fromkeys(backlog.REASONS, 0),
        "due": 3,
        "later": 2,
        "account_broken": 1,
        "paused": 4,
    }
    assert value(samples, "distributor_waiting_batches", lane="urgent", why="later") == 1
    assert 600 <= value(samples, "distributor_oldest_due_seconds", lane="urgent") < 660
    assert value(samples, "distributor_oldest_due_seconds", lane="bulk") == 0
    assert value(samples, "distributor_waiting_is_capped") == 0
    account = {"account": str(accounts[Channel.EMAIL].pk), "provider": "sandbox"}
    assert value(samples, "distributor_account_breaker_open", **account) == 1
    assert value(samples, "distributor_provider_accounts", provider="sandbox", channel="email", state="broken") == 1


def test_begun_batches_count_those_who_still_wait(send: Send) -> None:
    accepted = send(3)
    batch = Batch.objects.get(distribution=accepted.distribution)
    batch.recipients.filter(pk=batch.recipients.earliest("pk").pk).update(state="finished", outcome="sent")
    Batch.objects.update(fence=1)
    assert total(scrape(), "distributor_waiting_recipients", why="due") == 2


def test_work_events_and_heartbeats_are_told(send: Send, organization: Organization) -> None:
    create_endpoint(organization, {"name": "CRM", "url": "https://crm.example.com/in"}, database_now())
    send(2)
    sweep(database_now(), 2.0)
    Distribution.objects.update(is_preparing=False)
    samples = scrape()
    assert value(samples, "distributor_event_endpoints", state="active") == 1
    assert 0 < value(samples, "distributor_undelivered_event_seconds") < 60
    assert value(samples, "distributor_background_work", work="imports") == 0
    assert value(samples, "distributor_background_work_due_seconds", work="expansions") == 0
    assert value(samples, "distributor_heartbeat_age_seconds", task="sweep") < 60
    assert value(samples, "distributor_recovering") == value(samples, "distributor_journal_failed") == 0
    assert value(samples, "distributor_database_up") == value(samples, "distributor_valkey_up") == 1


def test_what_an_endpoint_that_is_off_was_not_sent_is_not_late(organization: Organization) -> None:
    endpoint = create_endpoint(organization, {"name": "CRM", "url": "https://crm.example.com/in"}, database_now())
    send_ping(endpoint, database_now() - timedelta(hours=1))
    samples = scrape()
    assert value(samples, "distributor_undelivered_event_seconds") >= 3600
    assert value(samples, "distributor_pending_event_requests") == 1
    EventEndpoint.objects.update(is_active=False)
    samples = scrape()
    assert value(samples, "distributor_undelivered_event_seconds") == 0
    assert value(samples, "distributor_pending_event_requests") == 0


def test_a_scrape_is_seven_statements_however_much_there_is(ask: Ask, send: Send) -> None:
    for _ in range(3):
        send(2)
    dispatch()
    send(1)
    assert count_queries(collect.collect) == STATEMENTS


def test_scrapes_within_five_seconds_ask_the_database_once(db: None) -> None:
    assert count_queries(collect.read_metrics) == STATEMENTS
    assert count_queries(collect.read_metrics) == 0


def test_the_indexes_are_used(db: None) -> None:
    plan = plan_of(backlog.READ, backlog.parameters(database_now()))
    assert {name for name in ("waiting_batches", "paused_batches") if name in plan} == {
        "waiting_batches",
        "paused_batches",
    }
    plan = plan_of(work.READ, {"now": database_now()})
    # Of several indexes, the statistics of tables that are nearly empty decide.
    tables = ("distribution", "fileimport", "export", "followup", "manualretry", "eventbundle", "eventdelivery")
    assert [table for table in tables if f"Seq Scan on distributor_{table} " in plan] == []
    assert all(f"distributor_{table} " in plan for table in tables)


def plan_of(statement: str, parameters: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        return re.sub(r"_p\d+ ", " ", plan)  # a partition counts as its table


def test_only_so_many_accounts_have_series_of_their_own(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "ACCOUNT_LIMIT", 1)
    worst = accounts[Channel.SMS]
    Pace.objects.create(account=worst, broken_because="refused", failing_since=database_now())
    samples = scrape()
    assert list(samples["distributor_account_breaker_open"]) == [
        (("account", str(worst.pk)), ("provider", "sandbox")),
    ]
    assert total(samples, "distributor_provider_accounts") == len(accounts)


@pytest.mark.django_db
def test_a_database_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(collect, "read_work", fail)
    with pytest.raises(DatabaseError):
        fail(None)
    samples = scrape()
    assert value(samples, "distributor_database_up") == 0
    assert value(samples, "distributor_valkey_up") == 1
    assert "distributor_waiting_recipients" not in samples


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(now: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(collect, "read_work", sleep)
    monkeypatch.setattr(collect, "STATEMENT_SECONDS", 0.05)
    assert value(scrape(), "distributor_database_up") == 0


def test_labels_are_escaped() -> None:
    family = Family(Metric("a_metric", Kind.GAUGE, "Help.", ("label",)))
    family.add(0.5, 'back\\slash "quote"\nline')
    assert parse(write_text([family])) == {"a_metric": {(("label", 'back\\slash "quote"\nline'),): 0.5}}
