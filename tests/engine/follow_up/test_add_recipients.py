"""Whom an added reminder goes to."""

from datetime import timedelta

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, FollowUp
from distributor.rules.requests import LinkType
from tests.engine.conftest import Follow, Send
from tests.engine.follow_up.conftest import A_DAY, INVITATION, REMINDER, days_on, respond, status_of
from tests.support.engine.people import (
    arm_follow_ups,
    dispatch,
    dispatch_at,
    fail_addresses,
    given,
    messages,
    timeline_of,
    totals_of,
)
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db

Accounts = dict[Channel, ProviderAccount]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_who_was_sent_to_and_has_not_answered_is_reminded_at_once(
    send: Send, follow: Follow, accounts: Accounts
) -> None:
    fail_addresses(accounts[Channel.EMAIL], person1="permanent")
    accepted = send(4)
    dispatch()
    respond(accepted, 2)
    assert status_of(accepted) == "completed"
    step = follow(accepted.distribution)
    assert status_of(accepted) == "sending"
    arm_follow_ups()
    assert totals_of(accepted) == {"failed": 1, "sent": 1, "waiting": 2}
    dispatch()
    assert messages() == [INVITATION] * 3 + [REMINDER] * 2
    assert set(Attempt.objects.filter(step_id=step.pk).values_list("recipient_id", flat=True)) == {
        recipient_of(accepted, place).pk for place in (0, 3)
    }
    assert (totals_of(accepted), status_of(accepted)) == ({"failed": 1, "sent": 3}, "completed")


def test_a_reminder_by_a_channel_that_is_shut_leaves_the_later_ones(
    send: Send, follow: Follow, organization: Organization
) -> None:
    accepted = send([given(0, phone=""), given(1)])
    Suppression.objects.create(organization=organization, channel="sms", address="+48600000001", reason="bounce")
    dispatch()
    follow(accepted.distribution, Channel.SMS)
    arm_follow_ups()
    dispatch()
    assert messages() == [INVITATION] * 2
    follow(accepted.distribution)
    arm_follow_ups()
    dispatch()
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_nobody_who_opted_out_is_reminded_not_even_after_opting_in(send: Send, follow: Follow) -> None:
    accepted = send(2, reminders=[(Channel.EMAIL, A_DAY)])
    dispatch()
    for place in (0, 1):
        opt_out(accepted.recipients[place].contact.id, database_now(), source="a test")
    lift_opt_out(accepted.recipients[1].contact.id, database_now(), source="a test", is_asked_by_person=True)
    follow(accepted.distribution)
    arm_follow_ups()
    dispatch()
    assert messages() == [INVITATION] * 2


def test_who_was_erased_is_not_reminded(send: Send, follow: Follow) -> None:
    accepted = send(1)
    dispatch()
    erase_contact(accepted.recipients[0].contact.id, database_now())
    follow(accepted.distribution)
    arm_follow_ups()
    assert FollowUp.objects.get().armed_count == 0


def test_of_what_bounced_after_all_nobody_is_reminded(send: Send, follow: Follow, accounts: Accounts) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"failed": 1, "waiting": 1}
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER]


def test_an_added_reminder_says_its_own_subject(send: Send, follow: Follow) -> None:
    from channels.models import SandboxMessage

    accepted = send(1)
    dispatch()
    follow(accepted.distribution, subject="Still there, ${contact:firstName}?")
    arm_follow_ups()
    dispatch()
    assert SandboxMessage.objects.order_by("-pk")[0].subject == "Still there, Person 0?"


def test_one_contact_alone_is_reminded(send: Send, follow: Follow) -> None:
    accepted = send(3)
    dispatch()
    follow(accepted.distribution, Channel.SMS, contact_id=accepted.recipients[1].contact.id)
    arm_follow_ups()
    assert totals_of(accepted) == {"sent": 2, "waiting": 1}
    dispatch()
    assert messages() == [INVITATION] * 3 + ["reminder sms"]
    assert [attempt.channel for attempt in timeline_of(accepted, 1).attempts] == ["email", "sms"]


def test_one_contact_that_waits_for_the_invitation_comes_by_its_own_reminder(send: Send, follow: Follow) -> None:
    accepted = send(2, scheduled_at=days_on(1))
    follow(accepted.distribution, Channel.SMS, at=days_on(2), contact_id=accepted.recipients[0].contact.id)
    arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    assert [timeline_of(accepted, place).state for place in (0, 1)] == ["waiting", "sent"]
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION] * 2 + ["reminder sms"]


def test_ones_own_reminder_and_everybodys_both_come(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, Channel.SMS, at=days_on(2), contact_id=accepted.recipients[0].contact.id)
    arm_follow_ups()
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2 + ["reminder sms"]


def test_who_has_an_anonymous_link_is_reminded_whether_somebody_answered_or_not(send: Send, follow: Follow) -> None:
    accepted = send(1, link_type=LinkType.ANONYMOUS)
    dispatch()
    respond(accepted)
    follow(accepted.distribution)
    arm_follow_ups()
    dispatch()
    assert messages() == [INVITATION, REMINDER]
