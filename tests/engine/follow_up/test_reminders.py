"""Reminders to who has not answered: when, how often, by what, and what ends them."""

from datetime import timedelta

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Touch
from distributor.rules.requests import AudienceRules, Throttle
from tests.engine.conftest import Send
from tests.support.engine.people import (
    dispatch,
    dispatch_at,
    events_of,
    fail_addresses,
    given,
    messages,
    timeline_of,
    totals_of,
)
from tests.support.engine.provider_events import event_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A_DAY = 24 * 60
TWO_REMINDERS = [(Channel.EMAIL, A_DAY), (Channel.SMS, 3 * A_DAY)]


def days_on(days: float) -> None:
    """Work off all that is due so many days from now, and a minute."""
    dispatch_at(database_now() + days * DAY + MINUTE)


@pytest.mark.parametrize("is_multi", [False, True])
def test_each_reminder_counts_from_the_message_before(send: Send, is_multi: bool) -> None:
    accepted = send(2, is_multi=is_multi, reminders=TWO_REMINDERS)
    dispatch()
    first = timeline_of(accepted)
    assert (first.state, first.batch.step.described) == ("waiting", "email reminder")
    assert first.due_at == first.attempts[0].begun_at + DAY
    days_on(1)
    second = timeline_of(accepted)
    assert (second.state, second.batch.step.described) == ("waiting", "sms reminder")
    assert second.due_at == second.attempts[1].begun_at + 3 * DAY
    days_on(3.9)
    assert len(messages()) == 4
    days_on(4.1)
    assert totals_of(accepted) == {"sent": 2}
    assert messages() == ["invitation email"] * 2 + ["reminder email"] * 2 + ["reminder sms"] * 2
    about = [event.detail.removesuffix(" 202") for event in timeline_of(accepted).events[1:]]
    assert about == ["email", "email reminder", "sms reminder"]


def test_who_was_sent_to_and_waits_for_a_reminder_is_waiting_and_counts_as_reached(send: Send) -> None:
    accepted = send(3, reminders=TWO_REMINDERS)
    assert Distribution.objects.get().reached_count == 0
    dispatch()
    assert totals_of(accepted) == {"waiting": 3}
    assert Distribution.objects.get().reached_count == 3
    days_on(1)
    assert Distribution.objects.get().reached_count == 3


def test_in_a_chain_reminders_come_after_the_fallbacks(send: Send) -> None:
    accepted = send(
        1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, reminders=[(Channel.EMAIL, A_DAY)]
    )
    dispatch()
    dispatch_at(database_now() + timedelta(minutes=61))
    waits = timeline_of(accepted)
    assert waits.due_at == waits.attempts[1].begun_at + DAY
    days_on(1.1)
    assert messages() == ["invitation email", "invitation sms", "reminder email"]
    assert totals_of(accepted) == {"sent": 1}


def test_who_was_not_reached_is_not_reminded(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1, reminders=TWO_REMINDERS)
    dispatch()
    assert totals_of(accepted) == {"failed": 1}


def test_a_response_ends_the_reminders(send: Send) -> None:
    accepted = send(2, reminders=TWO_REMINDERS)
    dispatch()
    record_response(accepted.recipients[0].code, {}, database_now())
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    days_on(1)
    assert messages() == ["invitation email"] * 2 + ["reminder email"]
    assert events_of(accepted) == ["accepted", "sent", "stopped", "opened", "responded"]


def test_opting_out_ends_the_reminders(send: Send) -> None:
    accepted = send(1, reminders=TWO_REMINDERS)
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}
    assert messages() == ["invitation email"]


def test_cancelling_ends_the_reminders(send: Send) -> None:
    accepted = send(1, reminders=TWO_REMINDERS)
    dispatch()
    cancel(accepted.distribution.id, database_now())
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}
    assert messages() == ["invitation email"]


@pytest.mark.parametrize("end", ["expires_at", "not_after"])
def test_the_end_of_a_distribution_ends_the_reminders(send: Send, end: str) -> None:
    accepted = send(1, reminders=TWO_REMINDERS, **{end: database_now() + 12 * HOUR})
    dispatch()
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}
    assert messages() == ["invitation email"]


def test_reminders_wait_for_the_end_of_quiet_hours(send: Send, organization: Organization) -> None:
    accepted = send(1, reminders=[(Channel.EMAIL, A_DAY)])
    dispatch()
    due_at = timeline_of(accepted).due_at
    assert due_at is not None
    quiet_from, quiet_until = ((due_at + hours * HOUR).replace(second=0, microsecond=0) for hours in (-1, 2))
    Organization.objects.update(time_zone="UTC", quiet_from=quiet_from.time(), quiet_until=quiet_until.time())
    dispatch_at(due_at)
    waits = timeline_of(accepted)
    assert waits.decisions[-1].reason == "quiet_hours"
    assert waits.due_at == quiet_until
    dispatch_at(waits.due_at)
    assert messages() == ["invitation email", "reminder email"]


def test_a_reminder_is_not_held_back_by_its_own_journey_and_counts_for_others(
    send: Send, organization: Organization
) -> None:
    Organization.objects.update(minimum_days_between_contacts=30)
    organization.refresh_from_db()
    accepted = send(1, reminders=[(Channel.EMAIL, A_DAY)], throttle=Throttle(7 * DAY))
    dispatch()
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}
    reminded_at = timeline_of(accepted).attempts[1].begun_at
    assert Touch.objects.get().last_sent_at == reminded_at
    other = send(1, audience=AudienceRules(respect_frequency_rules=True), scheduled_at=database_now() + 30 * DAY)
    assert [one.refusal.reason for one in other.skipped] == ["frequency_rule"]


def test_a_reminder_by_a_channel_that_is_shut_is_left_out_for_the_next(send: Send, organization: Organization) -> None:
    accepted = send([given(0, phone=""), given(1)], reminders=[(Channel.SMS, A_DAY), (Channel.EMAIL, 2 * A_DAY)])
    Suppression.objects.create(organization=organization, channel="sms", address="+48600000001", reason="bounce")
    dispatch()
    without_phone = timeline_of(accepted, 0)
    assert without_phone.due_at == without_phone.attempts[0].begun_at + 2 * DAY
    days_on(1)
    suppressed = timeline_of(accepted, 1)
    assert suppressed.due_at == suppressed.attempts[0].begun_at + 2 * DAY
    assert [(one.kind, one.reason) for one in suppressed.decisions] == [("rerouted", "suppressed")]
    days_on(2)
    assert messages() == ["invitation email"] * 2 + ["reminder email"] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_a_reminder_that_fails_leaves_what_was_sent(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    accepted = send(1, reminders=[(Channel.SMS, A_DAY)])
    dispatch()
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}
    assert [attempt.state for attempt in timeline_of(accepted).attempts] == ["sent", "failed"]


def test_of_a_message_that_bounced_nobody_is_reminded(send: Send, accounts: Accounts) -> None:
    accepted = send(2, reminders=[(Channel.SMS, A_DAY)])
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"failed": 1, "waiting": 1}
    assert Distribution.objects.get().reached_count == 1
    days_on(1)
    assert messages() == ["invitation email"] * 2 + ["reminder sms"]


def test_a_bounce_while_a_reminder_waits_brings_the_next_channel_at_once(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, reminders=[(Channel.SMS, A_DAY)])
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    dispatch()
    assert messages() == ["invitation email", "invitation sms"]
    waits = timeline_of(accepted)
    assert (waits.batch.step.kind, waits.due_at) == ("reminder", waits.attempts[1].begun_at + DAY)


def test_a_bounce_of_one_message_leaves_the_reminder_of_another(send: Send, accounts: Accounts) -> None:
    accepted = send(
        1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=0, reminders=[(Channel.SMS, A_DAY)]
    )
    dispatch()
    due_at = timeline_of(accepted).due_at
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.FAILED, number=2))
    assert (timeline_of(accepted).state, timeline_of(accepted).due_at) == ("waiting", due_at)
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"failed": 1}


def test_evidence_that_comes_late_brings_the_reminders(send: Send, accounts: Accounts, kinds: dict[str, str]) -> None:
    kinds["evidence"] = "tests.support.engine.providers.EvidenceSandbox"
    ProviderAccount.objects.filter(id=accounts[Channel.SMS].id).update(kind="evidence")
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS, reminders=[(Channel.EMAIL, A_DAY)])
    dispatch()
    dispatch_at(database_now() + timedelta(minutes=20))
    assert totals_of(accepted) == {"indeterminate": 1}
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.DELIVERED))
    assert totals_of(accepted) == {"waiting": 1}
    waits = timeline_of(accepted)
    assert waits.due_at == waits.attempts[0].begun_at + DAY
    days_on(1)
    assert totals_of(accepted) == {"sent": 1}


def test_after_a_long_outage_reminders_keep_their_distance(send: Send) -> None:
    accepted = send(1, reminders=[(Channel.EMAIL, A_DAY), (Channel.EMAIL, A_DAY)])
    dispatch()
    late = database_now() + 10 * DAY
    dispatch_at(late)
    waits = timeline_of(accepted)
    assert len(waits.attempts) == 2
    assert waits.due_at == late + DAY
