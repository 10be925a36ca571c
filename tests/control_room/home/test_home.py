"""The home page: numbers that agree with the tables, few statements, each by an index."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from channels.account_state.buckets import pause_account
from channels.models import Pace, ProviderAccount
from contacts.models import MailingList, Membership, Organization
from distributor.control_room.home import backlog, counts, failures, running
from distributor.control_room.home.backlog import read_backlog
from distributor.control_room.home.counts import read_counts
from distributor.control_room.home.running import read_running
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.pace import first_id_at
from distributor.engine.responses.record import record_response
from distributor.engine.schedule.recurring import save_recurring
from distributor.engine.schedule.sweep import SWEEP
from distributor.models import (
    MinuteCount,
    Recipient,
    RecurringDistribution,
    Survey,
)
from tests.control_room.home.conftest import DAY, Sent, data_of, page_of
from tests.support.operators import member, signed_in


def test_the_page_shows_what_happened(operator: Client, sent: Sent) -> None:
    sent("anna", "bob", "carla", "dora")
    recipient = Recipient.objects.get(contact__external_id="anna")
    record_response(recipient.code, {"score": 9, "comment": "Kind people"}, database_now())
    page = page_of(operator)
    assert "Kind people" in page
    assert "550" in page  # the sandbox refused Bob in these words
    assert "Spring visits" in page
    assert 'href="/admin/distributor/distribution/' in page
    assert "nothing: failed" in page
    assert "sent again at" in page
    data = data_of(operator)
    assert (data.counts.total("sent_day"), data.counts.total("failed_day")) == (2, 2)
    assert data.backlog.by_reason() == {"transient_failure": 1}
    assert data.counts.funnels[7] == {"tried": 4, "sent": 2, "delivered": 0, "opened": 1, "responded": 1}
    assert data.counts.scores[-1] == 9
    assert {(failure.who, failure.words) for failure in data.failures} == {
        ("Bob", "550 The sandbox refuses this address."),
        ("Carla", "451 The sandbox has a temporary fault."),
    }
    minute = [minute for minute in data.counts.minutes if minute[1]]
    assert [(by_channel, failed) for _at, by_channel, failed in minute] == [({"email": 2}, 2)]


def test_the_panels_take_eight_statements(operator: Client, sent: Sent, django_assert_max_num_queries: Any) -> None:
    sent("anna", "bob", "carla")
    data = data_of(operator)
    with django_assert_max_num_queries(8):
        for name in ("counts", "backlog", "standings", "distributions", "upcoming", "failures", "voices", "memory"):
            getattr(data, name)
        assert not data.is_first_visit
        assert data.uses_sandbox_only
    # Also the session, the user with devices and roles, the organisations, the clock; and what a sample is made of.
    with django_assert_max_num_queries(9 + 8 + 3):
        page_of(operator)


def test_a_fragment_is_a_panel_alone(operator: Client, sent: Sent, django_assert_max_num_queries: Any) -> None:
    sent("anna")
    with django_assert_max_num_queries(8 + 1):
        part = page_of(operator, "?fragment=running&fragment=nonsense")
    assert part.startswith('<section id="running" class="panel" data-refresh-seconds="5">')
    assert part.count("<section") == 1
    assert re.findall('<section id="([a-z]+)"', page_of(operator, "?fragment=alerts&fragment=numbers")) == [
        "alerts",
        "numbers",
    ]


def test_strangers_see_nothing(organization: Organization, sent: Sent) -> None:
    sent("anna", "bob")
    other = Organization.objects.create(name="Other", slug="other")
    data = data_of(signed_in(member(other, "manager", "stranger")))
    assert not data.counts.accounts
    assert (data.backlog.waiting, data.distributions, data.standings, data.failures, data.voices) == (0, [], [], [], [])
    nobody = signed_in(User.objects.create_user("nobody", is_staff=True))
    assert "Nothing needs you" in page_of(nobody)


def test_what_waits_is_split_by_why(
    operator: Client, sent: Sent, email: ProviderAccount, organization: Organization
) -> None:
    sent("anna", "dora", delay=timedelta(hours=5), name="Later")
    now = database_now()
    pause_account(email.pk, now + timedelta(hours=1))
    sent("emil")
    backlog = read_backlog([organization.pk], now)
    assert backlog.by_reason() == {"scheduled": 2, "account_paused": 1}
    assert (backlog.waiting, backlog.next_day, backlog.sends, backlog.is_capped) == (3, 3, 2, False)
    assert backlog.by_hour[4] + backlog.by_hour[5] == 2
    assert backlog.people_held_by(email.pk) == 1
    Pace.objects.update(paused_until=None)
    assert read_backlog([organization.pk], now).by_reason()["rate_limit"] == 1
    page = page_of(operator)
    assert "Later" in page
    assert f'<a href="/admin/channels/provideraccount/{email.pk}/change/">1 rate limit</a>' in page


def test_beyond_the_limit_the_number_is_a_lower_bound(
    operator: Client, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent("anna", delay=DAY / 2)
    monkeypatch.setattr(backlog, "BATCH_LIMIT", 1)
    assert "≥ 1" in page_of(operator, "?fragment=numbers")


def test_a_running_distribution_has_a_pace_and_an_end(sent: Sent, organization: Organization) -> None:
    distribution = sent("anna", "dora", "carla")
    now = database_now()
    [running] = read_running([organization.pk], now)
    assert (running.id, running.people, running.reached, running.untried) == (distribution.pk, 3, 2, 1)
    assert running.pace.people == 3
    assert running.pace.per_minute == 18  # three in ten seconds, the least time that a pace is taken from
    assert running.done_at is not None
    assert running.done_at - now == timedelta(minutes=1 / 18)
    assert [part.count for part in running.parts] == [2, 0, 0, 0, 1]
    later = read_running([organization.pk], now + timedelta(hours=1))[0]
    assert (later.pace.people, later.done_at, later.next_at) == (0, None, None)


def test_ids_are_ordered_by_time() -> None:
    moment = database_now()
    assert first_id_at(moment) < first_id_at(moment + timedelta(milliseconds=1))
    assert first_id_at(moment).version == 7


def test_up_next_shows_schedules_and_recurrences(
    operator: Client, organization: Organization, survey: Survey, sent: Sent
) -> None:
    sent("anna", delay=DAY, name="Tomorrow")
    people = MailingList.objects.create(organization=organization, name="Ward B")
    contact = Recipient.objects.get().contact
    Membership.objects.create(mailing_list=people, contact=contact)
    recurring = RecurringDistribution(
        organization=organization, name="Weekly", survey=survey, mailing_list=people, cron="0 9 * * mon"
    )
    save_recurring(recurring, database_now())
    data = data_of(operator)
    assert [(each.title, each.people) for each in data.scheduled] == [("Tomorrow", 1)]
    assert not data.running
    assert [(each.name, each.list_name, each.size) for each in data.upcoming] == [("Weekly", "Ward B", 1)]
    page = page_of(operator)
    assert f"/admin/recurring/{recurring.pk}/run/" in page
    [occurs_at] = re.findall('name="occurs_at" value="([^"]+)"', page)
    operator.post(f"/admin/recurring/{recurring.pk}/skip/", {"occurs_at": occurs_at})
    [after_skip] = data_of(operator).upcoming
    assert after_skip.next_at > data.upcoming[0].next_at + timedelta(days=6)


def test_the_page_is_in_polish(operator: Client, sent: Sent) -> None:
    sent("anna", "bob", "carla")
    page = operator.get("/admin/", headers={"accept-language": "pl"}).content.decode()
    assert "Ostatnie 60 minut" in page
    assert "Najnowsze niepowodzenia" in page


def plan_of(statement: str, parameters: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_indexes_are_used() -> None:
    now = database_now()
    organizations = "{00000000-0000-7000-8000-000000000001}"
    shared = {"organizations": organizations, "now": now}
    plan = plan_of(failures._READ, shared)
    assert "failed_attempts_by_account" in plan
    assert "failures_of_an_account" in plan
    plan = plan_of(backlog._READ, shared | {"sweep": SWEEP})
    assert "waiting_batches" in plan
    assert "paused_batches" in plan
    plan = plan_of(running._READ, shared | {"recent_id": first_id_at(now)})
    assert "distributor_handover_pkey" in plan
    moments = dict.fromkeys(("pace_since", "hour_ago", "day_ago", "week_before"), now)
    assert "distributor_minutecount_pkey" in plan_of(counts._READ, shared | moments | {"funnel_days": "{7,30,90}"})


def test_an_empty_quarter_reads_as_nothing(organization: Organization) -> None:
    counts = read_counts([organization.pk], database_now())
    assert (counts.accounts, counts.total("sent_day")) == ({}, 0)
    assert set(counts.scores) == {None}
    assert len(counts.minutes) == 60
    assert not MinuteCount.objects.exists()
