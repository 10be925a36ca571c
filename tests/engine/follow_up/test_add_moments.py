"""When an added reminder goes out, beside the invitation, the fallbacks and other reminders."""

from datetime import timedelta

import pytest

from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.rules.journey.chain import StopsOn
from tests.engine.conftest import Follow, Send
from tests.engine.follow_up.conftest import A_DAY, INVITATION, REMINDER, days_on, respond
from tests.support.engine.people import (
    arm_follow_ups,
    dispatch,
    dispatch_at,
    messages,
    timeline_of,
    totals_of,
)
from tests.support.engine.provider_events import recipient_of

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_a_reminder_for_later_waits_for_its_moment_and_a_response_ends_it(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    at = days_on(2)
    follow(accepted.distribution, at=at)
    arm_follow_ups()
    assert (timeline_of(accepted).state, timeline_of(accepted).due_at) == ("waiting", at)
    respond(accepted)
    dispatch_at(at - MINUTE)
    assert messages() == [INVITATION] * 2
    dispatch_at(at)
    assert messages() == [INVITATION] * 2 + [REMINDER]
    assert totals_of(accepted) == {"sent": 2}


@pytest.mark.parametrize("is_brought_first", [True, False])
def test_who_still_waits_for_the_invitation_comes_by_the_reminder_afterwards(
    send: Send, follow: Follow, is_brought_first: bool
) -> None:
    accepted = send(2, scheduled_at=days_on(1))
    at = days_on(3)
    follow(accepted.distribution, at=at)
    if is_brought_first:
        arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    assert [timeline_of(accepted, place).due_at for place in (0, 1)] == [at, at]
    arm_follow_ups()
    dispatch_at(at)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_who_is_invited_after_the_reminders_moment_is_not_reminded_by_it(send: Send, follow: Follow) -> None:
    accepted = send(1, scheduled_at=days_on(2))
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION]
    assert totals_of(accepted) == {"sent": 1}


def test_a_reminder_comes_before_the_fallback_that_is_due_later_and_the_chain_goes_on(
    send: Send, follow: Follow
) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=2 * A_DAY)
    dispatch()
    fallback_at = timeline_of(accepted).due_at
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION, REMINDER]
    assert (timeline_of(accepted).batch.step.channel, timeline_of(accepted).due_at) == ("sms", fallback_at)
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION, REMINDER, "invitation sms"]
    assert totals_of(accepted) == {"sent": 1}


def test_a_fallback_that_is_due_first_goes_first(send: Send, follow: Follow) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    assert timeline_of(accepted).batch.step.channel == "sms"
    dispatch_at(database_now() + HOUR + MINUTE)
    assert timeline_of(accepted).batch.step.kind == "reminder"
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION, "invitation sms", REMINDER]


@pytest.mark.parametrize("is_opened_first", [True, False])
def test_an_opening_ends_the_fallbacks_across_a_reminder(send: Send, follow: Follow, is_opened_first: bool) -> None:
    accepted = send(
        1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=2 * A_DAY, stops_on=StopsOn.OPENED
    )
    dispatch()
    if is_opened_first:
        record_open(recipient_of(accepted), database_now())
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    if not is_opened_first:
        record_open(recipient_of(accepted), database_now())
    dispatch_at(days_on(1) + MINUTE)
    dispatch_at(days_on(3))
    assert messages() == [INVITATION, REMINDER]
    assert totals_of(accepted) == {"sent": 1}


def test_the_chains_own_reminder_counts_from_the_one_that_came_between(send: Send, follow: Follow) -> None:
    accepted = send(1, reminders=[(Channel.SMS, 3 * A_DAY)])
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    waits = timeline_of(accepted)
    assert (waits.batch.step.described, waits.due_at) == ("sms reminder", waits.attempts[1].begun_at + 3 * DAY)
    dispatch_at(days_on(4) + 2 * MINUTE)
    assert messages() == [INVITATION, REMINDER, "reminder sms"]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_of_several_each_comes_at_its_moment(send: Send, follow: Follow, days: tuple[int, int]) -> None:
    accepted = send(1)
    dispatch()
    for channel, day in zip((Channel.EMAIL, Channel.SMS), days, strict=True):
        follow(accepted.distribution, channel, at=days_on(day))
        arm_follow_ups()
    dispatch_at(days_on(1) + MINUTE)
    assert len(messages()) == 2
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION, *([REMINDER, "reminder sms"] if days == (1, 2) else ["reminder sms", REMINDER])]
    assert totals_of(accepted) == {"sent": 1}
