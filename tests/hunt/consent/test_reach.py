"""How far a no reaches: other channels, other contacts with the address, former addresses, and after erasure."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from channels.events import EventKind
from channels.models import SandboxMessage
from channels.providers.base import Outcome, Result, Scope
from contacts.channel import Channel
from contacts.models import ConsentEvent, Organization, Suppression
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, given, make_due, totals_of
from tests.support.engine.signals import (
    EMAIL,
    PHONE,
    SIGNALS,
    Accounts,
    click_unsubscribe,
    report_on_email,
    say_no,
    stop_by,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("later", list(Channel))
def test_a_later_call_sends_nothing_where_a_no_closes_everything(
    send: Send, accounts: Accounts, signal: str, later: Channel
) -> None:
    accepted = send(1, SIGNALS[signal][0])
    dispatch()
    say_no(signal, accounts, accepted)
    assert totals_of(send(1, later)) == {"skipped": 1}


@pytest.mark.parametrize(("said_by", "asked_on"), [(Channel.SMS, Channel.WHATSAPP), (Channel.WHATSAPP, Channel.SMS)])
def test_one_number_is_one_wish(send: Send, accounts: Accounts, said_by: Channel, asked_on: Channel) -> None:
    Organization.objects.update(stop_closes="channel")
    accepted = send(1, said_by)
    dispatch()
    stop_by(accounts, said_by)(accepted)
    assert totals_of(send(1, asked_on)) == {"skipped": 1}
    assert totals_of(send(1, Channel.EMAIL)) == {"waiting": 1}  # this organisation lets a STOP close the number only


def test_a_complaint_that_closes_the_channel_leaves_the_phone_open(send: Send, accounts: Accounts) -> None:
    Organization.objects.update(complaint_closes="channel")
    accepted = send(1)
    dispatch()
    report_on_email(accounts, EventKind.COMPLAINED)(accepted)
    assert totals_of(send(1, Channel.EMAIL)) == {"skipped": 1}
    assert totals_of(send(1, Channel.SMS)) == {"waiting": 1}


def test_a_number_that_the_provider_refuses_after_a_stop_gets_nothing_by_whatsapp(send: Send) -> None:
    """Twilio answers 400 with code 21610 (https://www.twilio.com/docs/api/errors/21610)."""
    accepted = send([given(0), given(1)], Channel.SMS, Channel.WHATSAPP, is_multi=True)
    other = send([given(0)], Channel.EMAIL, scheduled_at=database_now() + timedelta(days=1))
    claim, context, _ = claim_next()
    begun = begin_claim(claim, context)
    refused = Result(Outcome.PERMANENT, code="21610", scope=Scope.RECIPIENT, opted_out=True)
    settle(claim, context, begun, [refused, Result(Outcome.ACCEPTED)], database_now())
    make_due()
    dispatch()
    assert SandboxMessage.objects.count() == 0  # the first message was handed over outside the sandbox
    assert totals_of(accepted)["failed"] == 1
    assert totals_of(other) == {"stopped": 1}
    assert set(Suppression.objects.filter(address=PHONE).values_list("channel", flat=True)) == {"sms", "whatsapp"}


def test_an_opt_out_holds_for_the_same_address_under_another_external_id(send: Send) -> None:
    accepted = send([given(0, email="o@example.com")])
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    assert totals_of(send([given(7, email="O@example.com", phone="")])) == {"skipped": 1}


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("external_id", ["PAT-0", "another"])
def test_an_opt_out_survives_erasure(send: Send, channel: Channel, external_id: str) -> None:
    accepted = send(1)
    contact_id = accepted.recipients[0].contact.id
    opt_out(contact_id, database_now(), source="a test")
    erase_contact(contact_id, database_now())
    assert not Suppression.objects.filter(address__in=[EMAIL, PHONE]).exists()  # only keyed hashes are left
    assert totals_of(send([given(0, external_id=external_id)], channel)) == {"skipped": 1}
    assert totals_of(send([given(1)], channel)) == {"waiting": 1}


@pytest.mark.parametrize("channel", list(Channel))
def test_the_link_of_the_last_message_works_after_erasure(send: Send, channel: Channel) -> None:
    accepted = send(1, channel)
    dispatch()
    erase_contact(accepted.recipients[0].contact.id, database_now())
    click_unsubscribe(accepted)
    assert totals_of(send(1, channel)) == {"skipped": 1}


def test_unsubscribing_closes_the_address_that_was_written_to_as_well_as_todays(send: Send) -> None:
    accepted = send([given(0, email="old@example.com")])
    dispatch()
    send([given(0, email="new@example.com")])
    click_unsubscribe(accepted)
    for number, address in enumerate(["old@example.com", "new@example.com"], start=5):
        assert totals_of(send([given(number, email=address)])) == {"skipped": 1}


def test_an_address_that_was_left_before_the_message_stays_open(send: Send) -> None:
    send([given(0, email="older@example.com")])
    send([given(0, email="old@example.com")])
    accepted = send([given(0, email="old@example.com")])
    click_unsubscribe(accepted)
    assert totals_of(send([given(5, email="older@example.com")])) == {"waiting": 1}


def test_every_signal_is_on_record_and_stays_there(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    report_on_email(accounts, EventKind.COMPLAINED)(accepted)
    event = ConsentEvent.objects.get()
    assert (event.what, event.channel, event.address, event.closes) == ("complaint", "email", EMAIL, "everything")
    assert event.contact_id == accepted.recipients[0].contact.id
    assert str(accounts[Channel.EMAIL].id) in event.source
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        ConsentEvent.objects.update(what="start")
