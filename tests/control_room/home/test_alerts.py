"""Alerts, each with what can be done about it, and the buttons of accounts and distributions."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from channels.account_state.buckets import break_account
from channels.account_state.refused_senders import hold_sender, release_sender
from channels.models import Pace, ProviderAccount
from contacts.models import Organization
from distributor.control_room.home.alerts import find_alerts
from distributor.engine.counters.count import Route, Tally
from distributor.engine.events.endpoints import create_endpoint
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    AuditEntry,
    Batch,
    EventEndpoint,
    Heartbeat,
)
from tests.control_room.home.conftest import DAY, Sent, alerts_of, data_of, page_of
from tests.support.operators import member, signed_in


def test_a_broken_account_is_an_alert_with_buttons(operator: Client, email: ProviderAccount, sent: Sent) -> None:
    break_account(email.pk, "connection refused", database_now())
    Pace.objects.update(is_unreachable=True)
    sent("anna", "dora")
    [alert] = find_alerts(data_of(operator))
    assert re.fullmatch(
        "e-mail sandbox has been unreachable since .+: “connection refused”; 2 wait for it.", alert.text, re.IGNORECASE
    )
    page = page_of(operator)
    assert page.count(f"/admin/accounts/{email.pk}/close/") == 2  # in the alert and in the list
    assert data_of(operator).backlog.by_reason() == {"account_broken": 2}
    operator.post(f"/admin/accounts/{email.pk}/test/")
    pace = Pace.objects.get()
    assert pace.probe_at is not None
    assert pace.probe_at <= database_now()
    assert Batch.objects.get(state="waiting").held_by is None
    operator.post(f"/admin/accounts/{email.pk}/close/")
    pace.refresh_from_db()
    assert pace.broken_because == ""
    assert not alerts_of(operator)
    assert AuditEntry.objects.filter(object_id=str(email.pk)).count() == 2


def test_a_refused_sender_is_an_alert_until_the_account_takes_it(operator: Client, email: ProviderAccount) -> None:
    hold_sender(email.pk, "me@elsewhere.example", "550 5.7.1 Sender address not owned by user", database_now())
    [alert] = find_alerts(data_of(operator))
    assert not alert.is_grave
    assert re.fullmatch(
        "e-mail sandbox has refused the sender me@elsewhere.example since .+: “550 5.7.1 Sender address not owned by"
        " user”; messages with it wait.",
        alert.text,
        re.IGNORECASE,
    )
    release_sender(email.pk, "me@elsewhere.example")
    assert not find_alerts(data_of(operator))


def test_an_account_is_paused_for_an_hour(operator: Client, email: ProviderAccount) -> None:
    operator.post(f"/admin/accounts/{email.pk}/pause/", {"next": "/admin/tables/"})
    paused_until = Pace.objects.get().paused_until
    assert paused_until is not None
    assert timedelta(minutes=59) < paused_until - database_now() <= timedelta(hours=1)
    assert "paused until" in page_of(operator, "?fragment=providers")
    assert AuditEntry.objects.get(object_id=str(email.pk)).action == "paused"
    answer = operator.post(f"/admin/accounts/{email.pk}/test/", follow=True)
    assert "is not broken" in answer.content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("manager", 302)])
def test_only_managers_touch_accounts(
    organization: Organization, email: ProviderAccount, role: str, status: int
) -> None:
    client = signed_in(member(organization, role, "ada"))
    assert client.post(f"/admin/accounts/{email.pk}/pause/").status_code == status
    assert client.post(f"/admin/accounts/{email.pk}/nonsense/").status_code == (404 if status == 302 else 403)
    assert ("/pause/" in page_of(client, "?fragment=providers")) == (status == 302)
    other = Organization.objects.create(name="Other", slug="other")
    stranger = signed_in(member(other, "manager", "stranger"))
    assert stranger.post(f"/admin/accounts/{email.pk}/pause/").status_code == 404


def test_distributions_are_paused_and_resumed(operator: Client, organization: Organization, sent: Sent) -> None:
    distribution = sent("carla")
    operator.post(f"/admin/distributor/distribution/{distribution.pk}/pause/")
    assert data_of(operator).backlog.by_reason() == {"paused": 1}
    assert "paused since" in page_of(operator)
    viewer = signed_in(member(organization, "viewer", "victor"))
    assert viewer.post(f"/admin/distributor/distribution/{distribution.pk}/resume/").status_code == 403
    operator.post(f"/admin/distributor/distribution/{distribution.pk}/resume/")
    distribution.refresh_from_db()
    assert distribution.paused_at is None
    done = sent("anna")
    refused = operator.post(f"/admin/distributor/distribution/{done.pk}/pause/", follow=True)
    assert "the distribution is over" in refused.content.decode()


def test_silence_of_beat_and_of_workers_is_an_alert(operator: Client, organization: Organization) -> None:
    Heartbeat.objects.update(beat_at=database_now() - timedelta(minutes=3))
    assert "for 3 min" in alerts_of(operator)[0]
    Heartbeat.objects.all().delete()
    assert "No worker has run yet" in alerts_of(operator)[0]


def test_messages_that_wait_for_a_worker_are_an_alert(operator: Client, sent: Sent) -> None:
    sent("carla")
    Batch.objects.filter(state="waiting").update(due_at=database_now() - timedelta(minutes=2))
    assert "have been due for 2 min" in alerts_of(operator)[0]
    assert data_of(operator).backlog.by_reason() == {"due": 1}
    sent("anna")
    assert not alerts_of(operator)  # workers are busy


def count(account: ProviderAccount, ago: timedelta, **counts: int) -> None:
    tally = Tally()
    tally[Route(account.channel, account.pk)].update(counts)
    tally.write(account.organization_id, database_now() - ago)


def test_more_failures_than_usual_are_an_alert(operator: Client, email: ProviderAccount) -> None:
    count(email, 3 * DAY, sent=990, failed=10)
    count(email, timedelta(hours=2), sent=970, failed=18)
    assert not alerts_of(operator)  # 1.8 %, usually 1 %
    count(email, timedelta(hours=2), failed=12)
    assert alerts_of(operator) == ["e-mail sandbox: 3.0 % failed in 24 hours, usually 1.0 %."]


def test_a_webhook_that_fell_silent_is_an_alert(operator: Client, email: ProviderAccount) -> None:
    count(email, 2 * DAY, sent=100, events=90)
    assert not alerts_of(operator)  # nothing was sent since
    count(email, timedelta(hours=2), sent=100)
    assert "has reported nothing since" in alerts_of(operator)[0]
    count(email, timedelta(minutes=2), events=1)
    assert not alerts_of(operator)


def test_an_event_endpoint_that_takes_nothing_or_was_switched_off_is_an_alert(
    operator: Client, organization: Organization, sent: Sent
) -> None:
    sent("anna")
    made = create_endpoint(organization, {"name": "CRM", "url": "https://example.com"}, database_now())
    assert not alerts_of(operator)
    EventEndpoint.objects.update(failing_since=database_now(), last_error="It answered 500.")
    assert "CRM has taken no events since" in alerts_of(operator)[0]
    EventEndpoint.objects.update(is_active=False, disabled_at=database_now(), disabled_because="It answered 410 Gone.")
    [alert] = find_alerts(data_of(operator))
    assert alert.is_grave
    assert "Events are no longer sent to CRM" in alert.text
    assert str(made.pk) in alert.url
