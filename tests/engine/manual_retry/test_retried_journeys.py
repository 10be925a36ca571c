"""Retried journeys: today's rules hold, and late news of earlier messages counts."""

from typing import Any

import pytest

from channels.events import EventKind
from channels.models import SandboxMessage
from contacts.channel import Channel
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch import recheck
from distributor.engine.dispatch.recover import POISON_CLAIMS
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from tests.engine.conftest import Send
from tests.engine.manual_retry.conftest import EVERYBODY, Accounts, retry, works_again
from tests.support.engine.people import (
    dispatch,
    events_of,
    fail_addresses,
    make_due,
    timeline_of,
    totals_of,
)
from tests.support.engine.provider_events import event_of, report_events

pytestmark = pytest.mark.django_db


def test_a_second_copy_is_counted(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS)
    dispatch()
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    works_again(accounts[Channel.SMS])
    retry(accepted, EVERYBODY)
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "duplicate_risk": 1}


def test_an_unknown_outcome_of_a_retry_is_treated_as_the_first(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS)
    for number in (1, 2):
        dispatch()
        make_due()
        dispatch()
        assert totals_of(accepted)["indeterminate"] == 1
        assert len(timeline_of(accepted).attempts) == number
        retry(accepted, EVERYBODY)


def test_who_said_no_meanwhile_is_not_sent_to(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent")
    accepted = send(2)
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="test")
    works_again(accounts[Channel.EMAIL])
    retry(accepted)
    dispatch()
    assert SandboxMessage.objects.filter(to="person0@example.com").count() == 0
    assert events_of(accepted, 1)[-1] == "sent"


def test_who_was_stopped_with_an_unknown_outcome_is_not_retried(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS, Channel.EMAIL, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="test")
    assert totals_of(accepted) == {"indeterminate": 1}
    assert retry(accepted, EVERYBODY).retried_count == 0


def test_whom_an_error_of_ours_failed_is_retried_with_fallbacks(
    send: Send, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a fault of ours")

    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    with monkeypatch.context() as patch:
        patch.setattr(recheck, "gather_facts", fail)
        for _ in range(POISON_CLAIMS):
            make_due()
            dispatch()
    assert timeline_of(accepted).recipient.reason == "processing_failed"
    retry(accepted)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.SOFT_BOUNCED))
    dispatch()
    assert [attempt.channel for attempt in timeline_of(accepted).attempts] == ["email", "sms"]


def test_who_responded_is_not_sent_to_again(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent")
    accepted = send(2)
    dispatch()
    record_response(accepted.recipients[0].code, {}, database_now())
    assert retry(accepted).retried_count == 1
    record_response(accepted.recipients[1].code, {}, database_now())
    works_again(accounts[Channel.EMAIL])
    dispatch()
    assert SandboxMessage.objects.count() == 0


@pytest.mark.parametrize("kind", [EventKind.DELIVERED, EventKind.OPENED])
def test_an_earlier_message_that_arrived_after_all_ends_the_retry(
    send: Send, accounts: Accounts, kind: EventKind
) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS)
    dispatch()
    make_due()
    dispatch()
    retry(accepted, EVERYBODY)
    report_events(accounts[Channel.SMS], event_of(accepted, kind, address="+48600000000"))
    assert totals_of(accepted) == {"sent": 1}
    dispatch()
    assert len(timeline_of(accepted).attempts) == 1


def test_late_news_of_an_earlier_failure_does_not_end_the_retry(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    account = accounts[Channel.EMAIL]
    report_events(account, event_of(accepted, EventKind.FAILED))
    assert totals_of(accepted) == {"failed": 1}
    retry(accepted)
    report_events(account, event_of(accepted, EventKind.DROPPED))
    assert totals_of(accepted) == {"waiting": 1}
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
