"""Pause, resume, cancel, reschedule: nothing forbidden begins, nothing that was sent is sent again."""

from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from channels.models import SandboxMessage
from channels.providers.registry import open_provider
from contacts.channel import Channel
from distributor.engine.control import DistributionOverError, cancel, delete, pause, reschedule, resume
from distributor.engine.dispatch.begin import begin
from distributor.engine.dispatch.claim import claim_batch, close_batch
from distributor.engine.dispatch.handover import Begun, hand_over
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.switch import lock_switch
from distributor.engine.responses.links import find_link
from distributor.engine.route.step_context import load_step_context
from distributor.models import Batch, Distribution
from distributor.rules.links import LinkState
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, events_of, fail_addresses, make_due, timeline_of, totals_of
from tests.support.simultaneous import DEADLINE_SECONDS, wait_until_blocked

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def status_of(distribution_id: UUID) -> str:
    return Distribution.objects.get(id=distribution_id).status_at(database_now()).value


def test_a_paused_distribution_waits_and_goes_on_when_resumed(send: Send) -> None:
    accepted = send(3)
    pause(accepted.distribution.id, database_now())
    dispatch()
    assert totals_of(accepted) == {"waiting": 3}
    assert status_of(accepted.distribution.id) == "paused"
    resume(accepted.distribution.id, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    assert SandboxMessage.objects.count() == 3


def test_no_worker_even_looks_at_a_paused_distribution(send: Send) -> None:
    accepted = send(3)
    pause(accepted.distribution.id, database_now())
    assert claim_batch("urgent", database_now()) is None


def test_pausing_and_resuming_twice_changes_nothing_more(send: Send) -> None:
    accepted = send(1)
    first = pause(accepted.distribution.id, database_now()).paused_at
    assert pause(accepted.distribution.id, database_now()).paused_at == first
    for _ in range(2):
        assert resume(accepted.distribution.id, database_now()).paused_at is None
    assert cancel(accepted.distribution.id, database_now()).cancelled_at is not None
    cancel(accepted.distribution.id, database_now())


def test_a_pause_in_the_middle_of_a_batch_lets_the_call_in_flight_end_and_nothing_more(send: Send) -> None:
    accepted = send(4)
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    provider = open_provider(context.provider_kind, context.account)
    begun = begin(claim, context, 2, database_now())
    assert isinstance(begun, Begun)
    pause(accepted.distribution.id, database_now())
    settle(claim, context, begun, hand_over(context, provider, begun), database_now())
    assert begin(claim, context, 2, database_now()) is None
    close_batch(claim)
    assert totals_of(accepted) == {"sent": 2, "waiting": 2}
    assert Batch.objects.get().state == "paused"
    resume(accepted.distribution.id, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 4}
    assert SandboxMessage.objects.count() == 4


def test_resuming_at_once_leaves_a_call_in_flight_to_the_worker_that_made_it(send: Send) -> None:
    accepted = send(2)
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    assert begin(claim, context, 1, database_now()) is not None
    pause(accepted.distribution.id, database_now())
    resume(accepted.distribution.id, database_now())
    assert claim_batch("urgent", database_now()) is None


def test_a_retry_of_a_paused_distribution_waits_too(send: Send) -> None:
    accepted = send(1)
    fail_addresses(Distribution.objects.get().steps.get().provider_account, person0="transient")
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    begun = begin(claim, context, 1, database_now())
    assert isinstance(begun, Begun)
    pause(accepted.distribution.id, database_now())
    settle(
        claim,
        context,
        begun,
        hand_over(context, open_provider(context.provider_kind, context.account), begun),
        database_now(),
    )
    close_batch(claim)
    make_due()
    dispatch()
    assert timeline_of(accepted).recipient.attempt_count == 1
    assert set(Batch.objects.values_list("state", flat=True)) == {"done", "paused"}


def test_a_cancelled_distribution_says_so_at_once_and_its_recipients_are_stopped(send: Send) -> None:
    accepted = send(3, scheduled_at=database_now() + HOUR)
    cancel(accepted.distribution.id, database_now())
    row = Distribution.objects.get()
    assert (row.totals["waiting"], row.totals["stopped"], row.status_at(database_now())) == (0, 3, "cancelled")
    assert (timeline_of(accepted).state, timeline_of(accepted).reason, timeline_of(accepted).due_at) == (
        "stopped",
        "cancelled",
        None,
    )
    dispatch()
    assert totals_of(accepted) == {"stopped": 3}
    assert events_of(accepted) == ["accepted", "stopped"]
    assert not SandboxMessage.objects.exists()
    assert not Batch.objects.exclude(state="done").exists()


def test_cancelling_keeps_what_was_sent_and_ends_its_chain(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    cancel(accepted.distribution.id, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert SandboxMessage.objects.count() == 1


def test_a_call_in_flight_at_a_cancel_keeps_its_attempt(send: Send) -> None:
    accepted = send(1)
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    begun = begin(claim, context, 1, database_now())
    assert isinstance(begun, Begun)
    cancel(accepted.distribution.id, database_now())
    settle(
        claim,
        context,
        begun,
        hand_over(context, open_provider(context.provider_kind, context.account), begun),
        database_now(),
    )
    close_batch(claim)
    assert totals_of(accepted) == {"sent": 1}


def test_what_has_ended_cannot_be_steered(send: Send) -> None:
    accepted = send(1)
    dispatch()
    for steer in (pause, resume, cancel):
        with pytest.raises(DistributionOverError, match="completed"):
            steer(accepted.distribution.id, database_now())
    other = send(1)
    cancel(other.distribution.id, database_now())
    with pytest.raises(DistributionOverError, match="cancelled"):
        reschedule(other.distribution.id, None, database_now())


def test_a_schedule_moves_both_ways(send: Send) -> None:
    now = database_now()
    accepted = send(2, scheduled_at=now + HOUR)
    reschedule(accepted.distribution.id, now + 3 * HOUR, now)
    assert Batch.objects.get().due_at == now + 3 * HOUR
    reschedule(accepted.distribution.id, now + 2 * HOUR, now)
    assert Batch.objects.get().due_at == now + 2 * HOUR
    reschedule(accepted.distribution.id, None, now)
    dispatch()
    assert totals_of(accepted) == {"sent": 2}


def test_moving_a_half_sent_distribution_sends_nobody_twice(send: Send) -> None:
    accepted = send(4)
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    provider = open_provider(context.provider_kind, context.account)
    begun = begin(claim, context, 2, database_now())
    assert isinstance(begun, Begun)
    later = database_now() + HOUR
    reschedule(accepted.distribution.id, later, database_now())
    settle(claim, context, begun, hand_over(context, provider, begun), database_now())
    assert begin(claim, context, 2, database_now()) is None
    close_batch(claim)
    assert totals_of(accepted) == {"sent": 2, "waiting": 2}
    assert Batch.objects.get().due_at == later
    reschedule(accepted.distribution.id, None, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 4}
    assert SandboxMessage.objects.count() == 4


def test_what_waits_for_later_by_itself_does_not_come_earlier(send: Send) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=120)
    dispatch()
    fallback_due_at = Batch.objects.get(state="waiting").due_at
    reschedule(accepted.distribution.id, database_now() + HOUR, database_now())
    assert Batch.objects.get(state="waiting").due_at == fallback_due_at
    reschedule(accepted.distribution.id, database_now() + 3 * HOUR, database_now())
    assert Batch.objects.get(state="waiting").due_at > fallback_due_at


def test_who_is_too_late_is_stopped_and_says_so(send: Send) -> None:
    accepted = send(2, not_after=database_now() + HOUR)
    Distribution.objects.update(not_after=database_now() - HOUR)
    dispatch()
    assert totals_of(accepted) == {"stopped": 2}
    assert timeline_of(accepted).reason == "too_late"
    assert "notAfter" in timeline_of(accepted).decisions[0].detail


@pytest.mark.django_db(transaction=True)
def test_a_pause_waits_for_whoever_is_beginning(send: Send) -> None:
    accepted = send(1)
    done = []

    def pause_elsewhere() -> None:
        pause(accepted.distribution.id, database_now())
        done.append(True)
        connection.close()

    with transaction.atomic():
        lock_switch(accepted.distribution.id)
        thread = Thread(target=pause_elsewhere)
        thread.start()
        wait_until_blocked(1)
        assert not done
    thread.join(DEADLINE_SECONDS)
    assert done


def test_what_is_deleted_is_cancelled_and_its_record_stays(send: Send) -> None:
    accepted = send(2, scheduled_at=database_now() + HOUR)
    delete(accepted.distribution.id, database_now())
    row = Distribution.objects.get()
    assert row.deleted_at == row.cancelled_at is not None
    dispatch()
    assert totals_of(accepted) == {"stopped": 2}
    assert timeline_of(accepted).reason == "cancelled"


def test_deleting_what_has_ended_closes_its_links_and_keeps_what_was_sent(send: Send) -> None:
    accepted = send(1)
    dispatch()
    delete(accepted.distribution.id, database_now())
    assert (totals_of(accepted), status_of(accepted.distribution.id)) == ({"sent": 1}, "cancelled")
    link = find_link(accepted.recipients[0].code, database_now())
    assert link is not None
    assert link.state is LinkState.CANCELLED


def test_deleting_again_and_what_was_cancelled_keeps_the_first_moments(send: Send) -> None:
    accepted = send(1)
    cancelled_at = cancel(accepted.distribution.id, database_now()).cancelled_at
    delete(accepted.distribution.id, database_now())
    deleted_at = Distribution.objects.get().deleted_at
    delete(accepted.distribution.id, database_now())
    row = Distribution.objects.get()
    assert (row.cancelled_at, row.deleted_at) == (cancelled_at, deleted_at)


def test_what_is_deleted_and_not_cancelled_is_refused_by_the_database(send: Send) -> None:
    send(1)
    with pytest.raises(IntegrityError, match="what_is_deleted_is_cancelled"):
        Distribution.objects.update(deleted_at=database_now())
