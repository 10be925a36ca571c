"""Adding a reminder to a distribution: people are looked at in chunks, until a cancel, a pause or the expiry."""

from datetime import timedelta
from typing import Any

import pytest

from distributor.engine.control import cancel, pause, resume
from distributor.engine.follow_up.add import arm_next_chunk, has_due_follow_ups
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Distribution, FollowUp
from tests.engine.conftest import Follow, Send
from tests.engine.follow_up.conftest import INVITATION, REMINDER, days_on, status_of
from tests.support.engine.people import (
    arm_follow_ups,
    dispatch,
    given,
    messages,
    totals_of,
)

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_adding_makes_as_many_queries_whatever_the_size(
    send: Send, follow: Follow, django_assert_num_queries: Any
) -> None:
    for people in (2, 1_500):
        accepted = send(people)
        dispatch()
        with django_assert_num_queries(10):  # Including the clock's and the savepoint's.
            follow(accepted.distribution)


def test_people_are_looked_at_in_chunks_and_each_is_reminded_once(send: Send, follow: Follow) -> None:
    accepted = send(25)
    dispatch()
    follow(accepted.distribution)
    looked = 0
    while arm_next_chunk(database_now(), 10):
        looked += 1
        counts = Distribution.objects.get()
        assert FollowUp.objects.get().armed_count == counts.waiting_count
        assert counts.arming_count == (looked < 3)
    assert looked == 3
    assert totals_of(accepted) == {"waiting": 25}
    added = Batch.objects.filter(step__kind="reminder").order_by("pk")
    assert list(added.values_list("size", "lane")) == [(10, "bulk"), (10, "bulk"), (5, "bulk")]
    assert not has_due_follow_ups(database_now())
    dispatch()
    assert messages() == [INVITATION] * 25 + [REMINDER] * 25
    assert Attempt.objects.values("recipient_id", "step_id").distinct().count() == 50


def test_a_small_distributions_reminder_overtakes_large_ones(send: Send, follow: Follow) -> None:
    accepted = send(3)
    dispatch()
    follow(accepted.distribution)
    arm_follow_ups()
    assert Batch.objects.get(step__kind="reminder").lane == "urgent"


def test_a_cancel_before_anybody_was_looked_at_ends_it(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    cancel(accepted.distribution.pk, database_now())
    arm_follow_ups()
    assert (totals_of(accepted), status_of(accepted)) == ({"sent": 2}, "cancelled")
    assert (Distribution.objects.get().arming_count, has_due_follow_ups(database_now())) == (0, False)


def test_a_cancel_ends_those_who_wait_for_it_as_sent(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    cancel(accepted.distribution.pk, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert messages() == [INVITATION] * 2


def test_a_pause_holds_it_back(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution)
    pause(accepted.distribution.pk, database_now())
    arm_follow_ups()
    dispatch()
    assert messages() == [INVITATION] * 2
    resume(accepted.distribution.pk, database_now())
    dispatch()
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2


def test_what_expired_meanwhile_is_brought_to_nobody(send: Send, follow: Follow) -> None:
    accepted = send(2, expires_at=days_on(2))
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    while arm_next_chunk(days_on(2) + MINUTE):
        pass
    assert totals_of(accepted) == {"sent": 2}
    assert FollowUp.objects.get().is_done


def test_a_chunk_that_fails_waits_and_is_done_again(send: Send, follow: Follow) -> None:
    accepted = send(25)
    dispatch()
    follow(accepted.distribution)
    now = database_now()
    arm_next_chunk(now, 10)
    # The counts do not bear it: the database refuses to have fewer sent to than none.
    Distribution.objects.update(sent_count=5)
    while arm_next_chunk(now, 10):
        pass
    follow_up = FollowUp.objects.get()
    assert (follow_up.failures, follow_up.due_at, follow_up.armed_count) == (1, now + timedelta(seconds=2), 10)
    assert "sent_count" in follow_up.last_error
    Distribution.objects.update(sent_count=15)
    while arm_next_chunk(now + timedelta(seconds=2), 10):
        pass
    assert totals_of(accepted) == {"waiting": 25}


def test_several_take_turns(send: Send, follow: Follow) -> None:
    made = [send([given(number + 100 * one) for number in range(20)]) for one in range(2)]
    dispatch()
    for accepted in made:
        follow(accepted.distribution)
    for _ in range(2):
        arm_next_chunk(database_now(), 10)
    assert [totals_of(accepted) for accepted in made] == [{"sent": 10, "waiting": 10}] * 2
