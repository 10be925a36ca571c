"""Tries of unknown outcome: the wait for evidence, what it settles, and what is done without any."""

from datetime import timedelta
from uuid import uuid4

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.recover import POISON_CLAIMS, release_failed_claim
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Decision
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, events_of, fail_addresses, make_due, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


@pytest.fixture(autouse=True)
def evidence_accounts(accounts: Accounts, kinds: dict[str, str]) -> None:
    """Every account's provider loses the answer for person0 and may tell later what became of the message."""
    kinds["evidence"] = "tests.support.engine.providers.EvidenceSandbox"
    for account in accounts.values():
        ProviderAccount.objects.filter(id=account.id).update(kind="evidence")
        fail_addresses(account, person0="unknown")


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_an_unknown_outcome_waits_for_evidence(send: Send, channel: Channel) -> None:
    accepted = send(2, channel)
    before = database_now()
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    assert SandboxMessage.objects.count() == 2
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason) == ("deferred", "awaiting_evidence")
    assert decision.until is not None
    assert timedelta(minutes=15) <= decision.until - before < timedelta(minutes=16)
    assert timeline_of(accepted).due_at == decision.until


@pytest.mark.parametrize("kind", [EventKind.SENT, EventKind.DELIVERED, EventKind.OPENED, EventKind.DELAYED])
def test_evidence_ends_the_wait_as_sent(send: Send, accounts: Accounts, kind: EventKind) -> None:
    accepted = send(1)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, kind, provider_message_id="their-id"))
    assert totals_of(accepted) == {"sent": 1}
    attempt = timeline_of(accepted).attempts[0]
    assert (attempt.state, attempt.provider_message_id) == ("sent", "their-id")
    assert recipient_of(accepted).first_sent_at == attempt.begun_at
    make_due()
    dispatch()
    assert SandboxMessage.objects.count() == 1


def test_evidence_that_it_never_left_ends_the_wait_as_failed(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DROPPED))
    assert totals_of(accepted) == {"failed": 1}
    assert timeline_of(accepted).attempts[0].state == "failed"


def test_evidence_of_a_failure_brings_the_next_channel_at_once(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS])
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert [attempt.channel for attempt in timeline_of(accepted).attempts] == ["email", "sms"]


def test_evidence_of_sending_starts_the_wait_for_an_answer(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))
    timeline = timeline_of(accepted)
    assert (timeline.state, timeline.batch.step.channel) == ("waiting", "sms")
    assert timeline.due_at == timeline.attempts[0].begun_at + timedelta(minutes=60)


def test_without_evidence_an_email_is_resent_once_and_counted(send: Send) -> None:
    accepted = send(1)
    dispatch()
    make_due()
    dispatch()  # the resend is unknown, too, and waits again
    assert totals_of(accepted) == {"waiting": 1, "duplicate_risk": 1}
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1, "duplicate_risk": 1}
    assert SandboxMessage.objects.count() == 2
    assert recipient_of(accepted).reason == "unknown_outcome"


def test_a_resend_that_is_taken_counts_as_duplicate_risk(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    fail_addresses(accounts[Channel.EMAIL])
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "duplicate_risk": 1}
    assert events_of(accepted) == ["accepted", "unknown", "deferred", "sent"]


def test_a_resend_that_is_refused_leaves_it_open_whether_the_first_arrived(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_without_evidence_nothing_else_is_resent(send: Send, channel: Channel) -> None:
    accepted = send(1, channel)
    dispatch()
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    assert SandboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "totals"), [(EventKind.DELIVERED, {"sent": 1}), (EventKind.HARD_BOUNCED, {"failed": 1})]
)
def test_a_late_event_corrects_who_ended_as_indeterminate(
    send: Send, accounts: Accounts, kind: EventKind, totals: dict[str, int]
) -> None:
    accepted = send(1, Channel.SMS)
    dispatch()
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    report_events(accounts[Channel.SMS], event_of(accepted, kind))
    assert totals_of(accepted) == totals


def test_without_evidence_the_chain_goes_on_after_its_delay(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL])
    accepted = send(1, Channel.SMS, Channel.EMAIL, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    make_due()
    dispatch()
    timeline = timeline_of(accepted)
    assert (timeline.state, timeline.batch.step.channel) == ("waiting", "email")
    assert timeline.due_at == timeline.attempts[0].begun_at + timedelta(minutes=60)
    assert [attempt.state for attempt in timeline.attempts] == ["unknown"]
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1}


def test_who_may_not_be_written_to_by_then_is_not_called_stopped(send: Send, organization: Organization) -> None:
    accepted = send(1)
    dispatch()
    Suppression.objects.create(
        organization=organization, channel="email", address="person0@example.com", reason="complaint"
    )
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    assert SandboxMessage.objects.count() == 1


def test_a_stopped_journey_of_unknown_outcome_is_indeterminate_until_evidence_comes(
    send: Send, accounts: Accounts
) -> None:
    accepted = send(1)
    dispatch()
    opt_out(recipient_of(accepted).contact_id, database_now(), source="a test")
    assert totals_of(accepted) == {"indeterminate": 1}
    assert Decision.objects.latest("id").reason == "opted_out"
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))
    assert totals_of(accepted) == {"sent": 1}
    make_due()
    dispatch()
    assert SandboxMessage.objects.count() == 1


def test_a_recipient_that_our_own_code_fails_on_stays_indeterminate(send: Send) -> None:
    accepted = send(1)
    dispatch()
    recipient = recipient_of(accepted)
    claim = Claim(recipient.batch_id, uuid4(), recipient.distribution_id, uuid4(), 0, POISON_CLAIMS, "urgent", 1)
    Batch.objects.filter(id=recipient.batch_id).update(fence=0)
    release_failed_claim(claim, ZeroDivisionError(), database_now())
    assert totals_of(accepted) == {"indeterminate": 1}
    assert Decision.objects.latest("id").reason == "processing_failed"
