"""Thank-yous: whom a response brings one, when, and what holds it back."""

from datetime import timedelta

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution
from distributor.rules.requests import Throttle
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
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_ONCE = [(Channel.EMAIL, 0)]


def respond(code: str) -> None:
    record_response(code, {"score": 9}, database_now())


def test_who_answers_is_thanked_and_nobody_else(send: Send) -> None:
    accepted = send(3, thank_yous=AT_ONCE)
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    respond(accepted.recipients[1].code)
    assert totals_of(accepted) == {"sent": 2, "waiting": 1}
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    assert messages() == ["invitation email"] * 3 + ["thank_you email"]
    assert [attempt.channel for attempt in timeline_of(accepted, 1).attempts] == ["email"] * 2
    assert Distribution.objects.get().reached_count == 3


def test_thanks_come_after_their_delay(send: Send) -> None:
    accepted = send(1, thank_yous=[(Channel.EMAIL, 60)])
    dispatch()
    before = database_now()
    respond(accepted.recipients[0].code)
    due_at = timeline_of(accepted).due_at
    assert due_at is not None
    assert HOUR <= due_at - before < HOUR + timedelta(minutes=1)
    dispatch()
    assert messages() == ["invitation email"]
    dispatch_at(due_at)
    assert messages() == ["invitation email", "thank_you email"]


def test_thanks_take_the_place_of_reminders(send: Send) -> None:
    accepted = send(1, reminders=[(Channel.SMS, 24 * 60)], thank_yous=AT_ONCE)
    dispatch()
    respond(accepted.recipients[0].code)
    dispatch()
    dispatch_at(database_now() + 2 * DAY)
    assert messages() == ["invitation email", "thank_you email"]
    assert totals_of(accepted) == {"sent": 1}
    assert events_of(accepted) == ["accepted", "sent", "stopped", "opened", "responded", "sent"]


def test_thanks_take_the_channel_that_there_is_an_address_for(send: Send) -> None:
    accepted = send([given(0, phone="")], thank_yous=[(Channel.SMS, 0), (Channel.EMAIL, 0)])
    dispatch()
    respond(accepted.recipients[0].code)
    dispatch()
    assert messages() == ["invitation email", "thank_you email"]


@pytest.mark.parametrize("trouble", ["suppressed", "refused"])
def test_thanks_that_do_not_arrive_leave_by_the_next_channel(
    send: Send, accounts: Accounts, organization: Organization, trouble: str
) -> None:
    accepted = send(1, thank_yous=[(Channel.SMS, 0), (Channel.EMAIL, 0)])
    dispatch()
    if trouble == "suppressed":
        Suppression.objects.create(organization=organization, channel="sms", address="+48600000000", reason="bounce")
    else:
        fail_addresses(accounts[Channel.SMS], person0="permanent")
    respond(accepted.recipients[0].code)
    dispatch()
    assert messages() == ["invitation email", "thank_you email"]
    assert totals_of(accepted) == {"sent": 1}


def test_who_answers_before_the_invitation_is_thanked_instead(send: Send) -> None:
    accepted = send(1, scheduled_at=database_now() + HOUR, thank_yous=AT_ONCE)
    respond(accepted.recipients[0].code)
    assert totals_of(accepted) == {"waiting": 1}
    dispatch_at(database_now() + 2 * HOUR)
    assert messages() == ["thank_you email"]
    assert totals_of(accepted) == {"sent": 1}


def test_without_a_thank_you_step_a_response_ends_the_journey(send: Send) -> None:
    accepted = send(1)
    dispatch()
    respond(accepted.recipients[0].code)
    assert totals_of(accepted) == {"sent": 1}


def test_who_is_only_registered_is_not_written_to(send: Send) -> None:
    accepted = send(1, is_sent=False, thank_yous=AT_ONCE)
    respond(accepted.recipients[0].code)
    dispatch()
    assert recipient_of(accepted).state == "registered"
    assert messages() == []


def test_who_opted_out_is_not_thanked(send: Send) -> None:
    accepted = send(2, thank_yous=AT_ONCE)
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    respond(accepted.recipients[0].code)
    respond(accepted.recipients[1].code)
    opt_out(accepted.recipients[1].contact.id, database_now(), source="a test")
    dispatch()
    assert messages() == ["invitation email"] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_who_was_stopped_or_not_reached_is_not_thanked(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(2, thank_yous=[(Channel.SMS, 0)])
    opt_out(accepted.recipients[1].contact.id, database_now(), source="a test")
    dispatch()
    assert totals_of(accepted) == {"failed": 1, "stopped": 1}
    for one in accepted.recipients:
        respond(one.code)
    dispatch()
    assert totals_of(accepted) == {"failed": 1, "stopped": 1}
    assert messages() == []


def test_rules_of_frequency_do_not_hold_thanks_back(send: Send, organization: Organization) -> None:
    accepted = send(1, thank_yous=AT_ONCE, throttle=Throttle(7 * DAY))
    dispatch()
    send(1)  # a later send of the same survey, by another journey
    dispatch()
    Organization.objects.update(minimum_days_between_contacts=30)
    respond(accepted.recipients[0].code)
    dispatch()
    assert messages() == ["invitation email", "invitation email", "thank_you email"]


def test_thanks_wait_while_their_distribution_is_paused(send: Send) -> None:
    accepted = send(2, reminders=[(Channel.EMAIL, 60)], thank_yous=AT_ONCE)
    dispatch()
    pause(accepted.distribution.id, database_now())
    respond(accepted.recipients[0].code)
    dispatch()
    assert len(messages()) == 2
    resume(accepted.distribution.id, database_now())
    dispatch()
    assert messages() == ["invitation email"] * 2 + ["thank_you email"]


def test_a_cancel_ends_thanks_that_wait(send: Send) -> None:
    accepted = send(1, thank_yous=[(Channel.EMAIL, 60)])
    dispatch()
    respond(accepted.recipients[0].code)
    cancel(accepted.distribution.id, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert SandboxMessage.objects.count() == 1


def test_a_bounce_of_the_invitation_does_not_keep_a_responder_from_thanks(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, thank_yous=[(Channel.SMS, 60)])
    dispatch()
    respond(accepted.recipients[0].code)
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"waiting": 1}
    dispatch_at(database_now() + 2 * HOUR)
    assert messages() == ["invitation email", "thank_you sms"]
    assert totals_of(accepted) == {"sent": 1}


def test_thanks_that_bounce_bring_nothing_more(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, thank_yous=AT_ONCE)
    dispatch()
    respond(accepted.recipients[0].code)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.FAILED, number=2))
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert messages() == ["invitation email", "thank_you email"]
