"""What providers tell afterwards, and what becomes of tries, journeys and counts by it."""

from datetime import timedelta

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, Distribution, ProviderEvent, Touch
from distributor.rules.journey.delivery_events import Progress, Trouble
from distributor.rules.requests import LinkType
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, events_of, fail_addresses, make_due, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
FAILURES = [
    (EventKind.HARD_BOUNCED, "bounced"),
    (EventKind.SOFT_BOUNCED, "undelivered"),
    (EventKind.FAILED, "undelivered"),
    (EventKind.DROPPED, "dropped"),
]


@pytest.fixture
def email(accounts: Accounts) -> ProviderAccount:
    return accounts[Channel.EMAIL]


def folded(accepted: Accepted, number: int = 1) -> tuple[str, str, str]:
    attempt = Attempt.objects.get(recipient_id=recipient_of(accepted).pk, number=number)
    return attempt.state, Progress(attempt.progress).name.lower(), Trouble(attempt.trouble).name.lower()


def standing(accepted: Accepted) -> tuple[str, str, str]:
    recipient = recipient_of(accepted)
    return recipient.state, recipient.outcome, recipient.reason


def test_an_event_is_kept_as_it_was_told(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    dispatch()
    told = {"event": "delivered", "text": "a\0b", "slash": "\\u0000"}
    report_events(email, event_of(accepted, EventKind.DELIVERED, event_id="x", code="250", raw=told))
    row = ProviderEvent.objects.get()
    assert (row.event_id, row.kind, row.code, row.attempt_number) == ("x", "delivered", "250", 1)
    assert row.recipient_id == recipient_of(accepted).pk
    assert row.raw == {"event": "delivered", "text": "ab", "slash": "\\u0000"}


def test_an_event_told_twice_counts_once(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    dispatch()
    event = event_of(accepted, EventKind.OPENED)
    report_events(email, event, event)
    report_events(email, event)
    assert ProviderEvent.objects.count() == 1
    assert Distribution.objects.get().opened_count == 1


def test_opening_is_counted_once_whoever_tells_of_it_first(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    dispatch()
    now = database_now()
    report_events(email, event_of(accepted, EventKind.CLICKED, occurred_at=now - timedelta(minutes=1)))
    report_events(email, event_of(accepted, EventKind.OPENED, occurred_at=now - timedelta(minutes=2)))
    record_response(accepted.recipients[0].code, {}, now)
    assert Distribution.objects.get().opened_count == 1
    assert recipient_of(accepted).first_opened_at == now - timedelta(minutes=2)
    assert folded(accepted) == ("sent", "clicked", "none")


def test_a_scanner_proves_delivery_and_no_opening(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    dispatch()
    report_events(email, event_of(accepted, EventKind.OPENED, is_machine=True))
    assert folded(accepted) == ("sent", "delivered", "none")
    assert recipient_of(accepted).first_opened_at is None
    assert Distribution.objects.get().opened_count == 0


@pytest.mark.parametrize(("kind", "reason"), FAILURES)
def test_what_fails_after_the_hand_over_ends_as_failed_in_single_mode(
    send: Send, email: ProviderAccount, kind: EventKind, reason: str
) -> None:
    accepted = send(2)
    dispatch()
    report_events(email, event_of(accepted, kind))
    assert standing(accepted) == ("finished", "failed", reason)
    assert recipient_of(accepted).first_sent_at is None
    assert totals_of(accepted) == {"sent": 1, "failed": 1}


@pytest.mark.parametrize(("kind", "reason"), FAILURES)
def test_what_fails_after_the_hand_over_brings_the_next_channel_at_once_in_multi_mode(
    send: Send, email: ProviderAccount, kind: EventKind, reason: str
) -> None:
    accepted = send(2, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    report_events(email, event_of(accepted, kind))
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    assert [(decision.kind, decision.reason) for decision in timeline_of(accepted).decisions] == [("rerouted", reason)]
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert SandboxMessage.objects.filter(channel="sms").count() == 1


def test_a_bounce_ends_the_wait_for_an_answer(send: Send, email: ProviderAccount) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    assert totals_of(accepted) == {"waiting": 1}
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    assert recipient_of(accepted).first_sent_at is None
    dispatch()
    assert [attempt.channel for attempt in timeline_of(accepted).attempts] == ["email", "sms"]
    assert totals_of(accepted) == {"sent": 1}


def test_a_chain_whose_only_sent_message_bounces_late_ends_as_failed(
    send: Send, accounts: Accounts, email: ProviderAccount
) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=0)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    assert standing(accepted) == ("finished", "failed", "bounced")
    assert totals_of(accepted) == {"failed": 1}


def test_a_bounce_of_one_message_does_not_undo_another_that_arrived(send: Send, email: ProviderAccount) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=0)
    dispatch()
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    assert standing(accepted) == ("finished", "sent", "")
    assert recipient_of(accepted).first_sent_at == timeline_of(accepted).attempts[1].begun_at


@pytest.mark.parametrize("kinds", [("delivered", "hard_bounced"), ("hard_bounced", "delivered")])
def test_delivery_and_bounce_fold_the_same_in_either_order(
    send: Send, email: ProviderAccount, kinds: tuple[str, ...]
) -> None:
    accepted = send(1)
    dispatch()
    for kind in kinds:
        report_events(email, event_of(accepted, EventKind(kind)))
    assert folded(accepted) == ("sent", "delivered", "bounced")
    assert standing(accepted) == ("finished", "failed", "bounced")


def test_nobody_who_answered_is_sent_to_again(send: Send, email: ProviderAccount) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    record_response(accepted.recipients[0].code, {}, database_now())
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    dispatch()
    assert standing(accepted) == ("finished", "sent", "")
    assert SandboxMessage.objects.count() == 1


def test_nobody_who_opted_out_is_sent_to_again(send: Send, email: ProviderAccount) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    make_due()
    dispatch()
    assert standing(accepted) == ("finished", "failed", "bounced")
    assert totals_of(accepted) == {"failed": 1}
    assert SandboxMessage.objects.count() == 1


def test_a_bounce_after_its_distribution_was_cancelled_brings_no_other_channel(
    send: Send, email: ProviderAccount
) -> None:
    accepted = send(2, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    cancel(accepted.distribution.id, database_now())
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    dispatch()
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED, 1))
    dispatch()
    assert totals_of(accepted) == {"stopped": 1, "failed": 1}
    assert not SandboxMessage.objects.filter(channel="sms").exists()


def test_who_was_stopped_stays_stopped(send: Send, email: ProviderAccount) -> None:
    accepted = send(1, scheduled_at=database_now() + timedelta(hours=1))
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED), event_of(accepted, EventKind.DELIVERED))
    assert standing(accepted) == ("stopped", "", "opted_out")
    assert totals_of(accepted) == {"stopped": 1}


def test_a_message_that_never_left_frees_its_frequency_slot_once(send: Send, email: ProviderAccount) -> None:
    earlier = send(1)
    dispatch()
    accepted = send(1)
    dispatch()
    before = recipient_of(earlier).first_sent_at
    for _ in range(2):
        report_events(email, event_of(accepted, EventKind.DROPPED))
    assert Touch.objects.get().last_sent_at == before
    assert folded(accepted) == ("failed", "none", "dropped")


def test_an_event_of_a_stranger_or_of_nobody_is_kept_and_moves_nobody(
    send: Send, email: ProviderAccount, organization: Organization
) -> None:
    accepted = send(1)
    dispatch()
    other = Organization.objects.create(name="Other", slug="other")
    stranger = ProviderAccount.objects.create(organization=other, name="Theirs", kind="sandbox", channel="email")
    report_events(stranger, event_of(accepted, EventKind.HARD_BOUNCED))
    for nobody in ("", "zz", "ffffffffffffffff-1", "1-99999", "7fffffffffffffff-1", "-1", "1-0"):
        report_events(email, event_of(accepted, EventKind.HARD_BOUNCED, attempt_id=nobody, address=""))
    assert ProviderEvent.objects.filter(recipient_id=None).count() == ProviderEvent.objects.count() == 8
    assert standing(accepted) == ("finished", "sent", "")


def test_another_account_of_the_organisation_cannot_tell_of_a_try(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.HARD_BOUNCED))
    assert folded(accepted) == ("sent", "none", "none")
    assert standing(accepted) == ("finished", "sent", "")


def test_an_event_of_a_try_that_is_yet_to_come_waits_for_it(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    report_events(email, event_of(accepted, EventKind.HARD_BOUNCED))
    assert standing(accepted) == ("waiting", "", "")
    assert recipient_of(accepted).has_early_events
    Suppression.objects.all().delete()  # an operator's doing: otherwise begin would send nothing
    dispatch()
    assert standing(accepted) == ("finished", "failed", "bounced")
    assert not recipient_of(accepted).has_early_events
    assert totals_of(accepted) == {"failed": 1}


def test_the_story_tells_what_happened_and_when(send: Send, email: ProviderAccount) -> None:
    accepted = send(1)
    dispatch()
    for kind in (EventKind.SENT, EventKind.DELIVERED, EventKind.OPENED, EventKind.OPENED, EventKind.CLICKED):
        report_events(email, event_of(accepted, kind))
    report_events(email, event_of(accepted, EventKind.COMPLAINED, code="arf"))
    assert events_of(accepted) == ["accepted", "sent", "delivered", "opened", "clicked", "complained"]
    assert timeline_of(accepted).events[-1].detail == "email arf"


@pytest.mark.parametrize("kind", [EventKind.OPENED, EventKind.CLICKED])
def test_who_opens_an_anonymous_link_is_not_kept(send: Send, email: ProviderAccount, kind: EventKind) -> None:
    accepted = send(1, link_type=LinkType.ANONYMOUS)
    dispatch()
    report_events(email, event_of(accepted, EventKind.DELIVERED), event_of(accepted, kind))
    assert list(ProviderEvent.objects.values_list("kind", flat=True)) == ["delivered"]
    assert folded(accepted) == ("sent", "delivered", "none")
    assert recipient_of(accepted).first_opened_at is None
