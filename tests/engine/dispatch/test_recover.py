"""Crashes, lost claims, poison: nothing is lost and nothing loops."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels.models import SandboxMessage
from channels.providers.base import Outcome, Result
from contacts.channel import Channel
from distributor.engine.dispatch import recheck
from distributor.engine.dispatch.begin import begin
from distributor.engine.dispatch.claim import LEASE, ClaimLostError, claim_batch
from distributor.engine.dispatch.handover import hand_over
from distributor.engine.dispatch.recover import POISON_CLAIMS
from distributor.engine.dispatch.settle import settle
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.people import Person
from distributor.models import Attempt, Batch, Handover
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, events_of, make_due, timeline_of, totals_of

pytestmark = pytest.mark.django_db


def test_a_crash_before_the_provider_call_resends_an_email_and_says_so(send: Send) -> None:
    accepted = send(3)
    claim, context, _ = claim_next()
    begin_claim(claim, context)  # and then the worker dies
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 3, "duplicate_risk": 3}
    assert events_of(accepted) == ["accepted", "unknown", "deferred", "sent"]
    assert SandboxMessage.objects.count() == 3


def test_a_crash_after_the_provider_call_sends_an_email_twice_at_most(send: Send) -> None:
    accepted = send(3)
    claim, context, provider = claim_next()
    hand_over(context, provider, begin_claim(claim, context))  # and then the worker dies
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 3, "duplicate_risk": 3}
    assert SandboxMessage.objects.count() == 6


def test_a_crash_never_sends_an_sms_twice(send: Send) -> None:
    accepted = send(3, Channel.SMS)
    claim, context, provider = claim_next()
    hand_over(context, provider, begin_claim(claim, context))
    make_due()
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 3}
    assert SandboxMessage.objects.count() == 3


def test_the_rest_of_a_crashed_batch_is_sent_once(send: Send) -> None:
    accepted = send(5)
    claim, context, _ = claim_next()
    begin_claim(claim, context, limit=2)
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 5, "duplicate_risk": 2}
    assert SandboxMessage.objects.count() == 5


def test_a_worker_whose_claim_was_taken_over_begins_nothing(send: Send) -> None:
    send(2)
    claim, context, _ = claim_next()
    make_due()
    claim_next()
    with pytest.raises(ClaimLostError):
        begin(claim, context, 1_000, database_now())
    assert not Handover.objects.exists()


def test_a_worker_whose_lease_ran_out_begins_nothing(send: Send) -> None:
    send(2)
    claim, context, _ = claim_next()
    with pytest.raises(ClaimLostError):
        begin(claim, context, 1_000, database_now() + LEASE)


def test_a_settle_that_comes_after_the_recovery_changes_nothing(send: Send) -> None:
    accepted = send(1, Channel.SMS)
    claim, context, provider = claim_next()
    begun = begin_claim(claim, context)
    results = hand_over(context, provider, begun)
    make_due()
    dispatch()
    settle(claim, context, begun, results, database_now())
    assert totals_of(accepted) == {"indeterminate": 1}
    assert Attempt.objects.count() == 1


def test_whoever_was_stopped_in_flight_keeps_the_attempt_and_stays_stopped(send: Send) -> None:
    from distributor.engine.consent.opt_out import opt_out

    accepted = send(1)
    claim, context, provider = claim_next()
    begun = begin_claim(claim, context)
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    settle(claim, context, begun, hand_over(context, provider, begun), database_now())
    assert totals_of(accepted) == {"stopped": 1}
    assert [attempt.state for attempt in timeline_of(accepted).attempts] == ["sent"]


def test_a_held_batch_is_not_due_until_its_lease_runs_out(send: Send) -> None:
    send(1)
    now = database_now()
    assert claim_batch("urgent", now) is not None
    assert claim_batch("urgent", now) is None
    assert claim_batch("urgent", now + LEASE) is not None


def test_one_poisonous_recipient_fails_alone_and_the_others_are_sent(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = send(9)
    poison = accepted.recipients[4].contact.id

    def gather(organization_id: UUID, contacts: Sequence[Person], *rest: Any, **options: Any) -> list[Any]:
        if any(contact.email == "person4@example.com" for contact in contacts):
            raise ZeroDivisionError("a fault of ours")
        return gather_facts(organization_id, contacts, *rest, **options)

    monkeypatch.setattr(recheck, "gather_facts", gather)
    for _ in range(POISON_CLAIMS + 12):
        make_due()
        dispatch()
    assert totals_of(accepted) == {"sent": 8, "failed": 1}
    timeline = timeline_of(accepted, 4)
    assert timeline.recipient.contact_id == poison
    assert timeline.recipient.reason == "processing_failed"
    assert "a fault of ours" in timeline.decisions[0].detail["error"]
    assert SandboxMessage.objects.count() == 8
    assert not Batch.objects.exclude(state="done").exists()


def test_a_failing_batch_waits_longer_each_time(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    send(1)

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(recheck, "gather_facts", fail)
    pauses = []
    for _ in range(4):
        make_due()
        before = database_now()
        dispatch()
        lease_expires_at = Batch.objects.get().lease_expires_at
        assert lease_expires_at is not None
        pauses.append(round((lease_expires_at - before) / timedelta(seconds=1)))
    assert pauses == [2, 4, 8, 16]
    assert "ZeroDivisionError" in Batch.objects.get().last_error


def test_results_in_the_order_of_the_people(send: Send) -> None:
    accepted = send(3)
    claim, context, _ = claim_next()
    begun = begin_claim(claim, context)
    outcomes = (Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.ACCEPTED)
    settle(claim, context, begun, [Result(outcome, f"id-{n}") for n, outcome in enumerate(outcomes)], database_now())
    assert [timeline_of(accepted, place).state for place in range(3)] == ["sent", "failed", "sent"]
    assert timeline_of(accepted, 2).attempts[0].provider_message_id == "id-2"
