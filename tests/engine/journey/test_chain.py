"""The chain of channels: which is tried first, and what brings the next one."""

from datetime import timedelta

import pytest

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.dispatch.handover import hand_over
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import (
    channels_used,
    dispatch,
    dispatch_at,
    events_of,
    fail_addresses,
    given,
    make_due,
    timeline_of,
    totals_of,
)

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


def test_single_mode_takes_the_first_channel_that_reaches_the_contact(send: Send) -> None:
    accepted = send([given(1), given(2, phone="")], Channel.SMS, Channel.EMAIL)
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert timeline_of(accepted, 0).attempts[0].channel == "sms"
    assert timeline_of(accepted, 1).attempts[0].channel == "email"


def test_single_mode_does_not_fall_over_to_another_channel(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1, Channel.EMAIL, Channel.SMS)
    dispatch()
    assert totals_of(accepted) == {"failed": 1}


def test_a_refusal_brings_the_next_channel_at_once(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(2, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert events_of(accepted, 0) == ["accepted", "failed", "rerouted", "sent"]
    assert sorted(channels_used()) == ["email", "sms"]


def test_an_address_suppressed_meanwhile_brings_the_next_channel(send: Send, organization: Organization) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    Suppression.objects.create(
        organization=organization, channel="email", address="person0@example.com", reason="bounce"
    )
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert channels_used() == ["sms"]


def test_no_response_brings_the_next_channel_after_the_delay(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    first = timeline_of(accepted)
    assert (first.state, first.batch.step.channel) == ("waiting", "sms")
    assert first.recipient.first_sent_at is not None
    assert first.due_at == first.recipient.first_sent_at + timedelta(minutes=60)
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert channels_used() == ["email", "sms"]


def test_each_delay_counts_from_its_own_steps_first_hand_over(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    dispatch_at(database_now() + timedelta(minutes=61))
    waits = timeline_of(accepted)
    assert (waits.batch.step.channel, len(waits.attempts)) == ("whatsapp", 2)
    assert waits.due_at == waits.attempts[1].begun_at + timedelta(minutes=60)


def test_a_resend_does_not_start_the_delay_anew(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="unknown")
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    claim, route, provider = claim_next()
    begun = begin_claim(claim, route)
    settle(claim, route, begun, hand_over(route, provider, begun), database_now())
    fail_addresses(accounts[Channel.EMAIL])
    dispatch_at(database_now() + timedelta(minutes=20))
    waits = timeline_of(accepted)
    assert [attempt.state for attempt in waits.attempts] == ["unknown", "sent"]
    assert waits.due_at == waits.attempts[0].begun_at + timedelta(minutes=60)


def test_a_try_that_certainly_failed_does_not_start_the_delay(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    fail_addresses(accounts[Channel.EMAIL])
    dispatch_at(database_now() + timedelta(hours=1))
    waits = timeline_of(accepted)
    assert [attempt.state for attempt in waits.attempts][-1] == "sent"
    assert waits.due_at == waits.attempts[-1].begun_at + timedelta(minutes=60)


def test_a_fallback_whose_channel_is_shut_is_stepped_over_at_once(send: Send, organization: Organization) -> None:
    accepted = send(
        [given(0), given(1, phone="")], Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.EMAIL, is_multi=True
    )
    for channel, address in (("email", "person0@example.com"), ("sms", "+48600000000")):
        Suppression.objects.create(organization=organization, channel=channel, address=address, reason="bounce")
    Suppression.objects.create(
        organization=organization, channel="email", address="person1@example.com", reason="bounce"
    )
    dispatch()
    assert channels_used() == ["whatsapp"]
    assert [(one.kind, one.reason) for one in timeline_of(accepted, 0).decisions] == [("rerouted", "suppressed")]
    assert totals_of(accepted) == {"sent": 1, "stopped": 1}


def test_a_channel_that_the_person_told_to_stop_is_not_stepped_over(send: Send, organization: Organization) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, is_multi=True)
    for channel, address, reason in (("email", "person0@example.com", "bounce"), ("sms", "+48600000000", "stop")):
        Suppression.objects.create(organization=organization, channel=channel, address=address, reason=reason)
    dispatch()
    assert channels_used() == []
    assert (totals_of(accepted), timeline_of(accepted).reason) == ({"stopped": 1}, "opted_out")


def test_a_response_stops_the_chain(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    record_response(accepted.recipients[0].code, {"score": 9}, database_now())
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert channels_used() == ["email"]


def test_without_a_delay_only_a_failure_brings_the_next_channel(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert channels_used() == ["email"]


def test_a_fallback_that_fails_does_not_undo_what_was_sent(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=0)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert [attempt.state for attempt in timeline_of(accepted).attempts] == ["sent", "failed"]


def test_every_channel_refusing_ends_as_failed(send: Send, accounts: Accounts) -> None:
    for channel in Channel:
        fail_addresses(accounts[channel], person0="permanent")
    accepted = send(1, Channel.WHATSAPP, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    assert totals_of(accepted) == {"failed": 1}
    assert [attempt.channel for attempt in timeline_of(accepted).attempts] == ["whatsapp", "email", "sms"]
