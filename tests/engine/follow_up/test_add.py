"""Reminders and thank-yous that are added to a distribution that there is: whom they go to, when, and once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.control import cancel, pause, resume
from distributor.engine.follow_up.add import FollowUpRefusedError, arm_next_chunk, has_due_follow_ups
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, Batch, Distribution, FollowUp, Step
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.requests import LinkType, Selection
from tests.engine.conftest import Follow, Send, SendTo
from tests.support.engine.people import (
    bring,
    dispatch,
    dispatch_at,
    given,
    messages,
    misbehave,
    story_of,
    totals_of,
)
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A_DAY = 24 * 60
INVITATION, REMINDER, THANKS = "invitation email", "reminder email", "thank_you email"


def days_on(days: float) -> datetime:
    return database_now() + days * DAY


def respond(accepted: Accepted, place: int = 0) -> None:
    record_response(accepted.recipients[place].code, {}, database_now())


def status_of(accepted: Accepted) -> str:
    return Distribution.objects.get(pk=accepted.distribution.pk).status_at(database_now()).value


def test_who_was_sent_to_and_has_not_answered_is_reminded_at_once(
    send: Send, follow: Follow, accounts: Accounts
) -> None:
    misbehave(accounts[Channel.EMAIL], person1="permanent")
    accepted = send(4)
    dispatch()
    respond(accepted, 2)
    assert status_of(accepted) == "completed"
    step = follow(accepted.distribution)
    assert status_of(accepted) == "sending"
    bring()
    assert totals_of(accepted) == {"failed": 1, "sent": 1, "waiting": 2}
    dispatch()
    assert messages() == [INVITATION] * 3 + [REMINDER] * 2
    assert set(Attempt.objects.filter(step_id=step.pk).values_list("recipient_id", flat=True)) == {
        recipient_of(accepted, place).pk for place in (0, 3)
    }
    assert (totals_of(accepted), status_of(accepted)) == ({"failed": 1, "sent": 3}, "completed")


def test_adding_is_as_many_statements_whatever_the_size(
    send: Send, follow: Follow, django_assert_num_queries: Any
) -> None:
    accepted = send(1_500)
    dispatch()
    with django_assert_num_queries(10):  # the clock's and the savepoint's among them
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
    bring()
    assert Batch.objects.get(step__kind="reminder").lane == "urgent"


def test_a_reminder_for_later_waits_for_its_moment_and_a_response_ends_it(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    at = days_on(2)
    follow(accepted.distribution, at=at)
    bring()
    assert (story_of(accepted).state, story_of(accepted).due_at) == ("waiting", at)
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
        bring()
    dispatch_at(days_on(1) + MINUTE)
    assert [story_of(accepted, place).due_at for place in (0, 1)] == [at, at]
    bring()
    dispatch_at(at)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_who_is_invited_after_the_reminders_moment_is_not_reminded_by_it(send: Send, follow: Follow) -> None:
    accepted = send(1, scheduled_at=days_on(2))
    follow(accepted.distribution, at=days_on(1))
    bring()
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION]
    assert totals_of(accepted) == {"sent": 1}


def test_a_reminder_comes_before_the_fallback_that_is_due_later_and_the_chain_goes_on(
    send: Send, follow: Follow
) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=2 * A_DAY)
    dispatch()
    fallback_at = story_of(accepted).due_at
    follow(accepted.distribution, at=days_on(1))
    bring()
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION, REMINDER]
    assert (story_of(accepted).batch.step.channel, story_of(accepted).due_at) == ("sms", fallback_at)
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION, REMINDER, "invitation sms"]
    assert totals_of(accepted) == {"sent": 1}


def test_a_fallback_that_is_due_first_goes_first(send: Send, follow: Follow) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    bring()
    assert story_of(accepted).batch.step.channel == "sms"
    dispatch_at(database_now() + HOUR + MINUTE)
    assert story_of(accepted).batch.step.kind == "reminder"
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
    bring()
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
    bring()
    dispatch_at(days_on(1) + MINUTE)
    waits = story_of(accepted)
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
        bring()
    dispatch_at(days_on(1) + MINUTE)
    assert len(messages()) == 2
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION, *([REMINDER, "reminder sms"] if days == (1, 2) else ["reminder sms", REMINDER])]
    assert totals_of(accepted) == {"sent": 1}


def test_a_reminder_by_a_channel_that_is_shut_leaves_the_later_ones(
    send: Send, follow: Follow, organization: Organization
) -> None:
    accepted = send([given(0, phone=""), given(1)])
    Suppression.objects.create(organization=organization, channel="sms", address="+48600000001", reason="bounce")
    dispatch()
    follow(accepted.distribution, Channel.SMS)
    bring()
    dispatch()
    assert messages() == [INVITATION] * 2
    follow(accepted.distribution)
    bring()
    dispatch()
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_nobody_who_opted_out_is_reminded_not_even_after_opting_in(send: Send, follow: Follow) -> None:
    accepted = send(2, reminders=[(Channel.EMAIL, A_DAY)])
    dispatch()
    for place in (0, 1):
        opt_out(accepted.recipients[place].contact.id, database_now())
    lift_opt_out(accepted.recipients[1].contact.id)
    follow(accepted.distribution)
    bring()
    dispatch()
    assert messages() == [INVITATION] * 2


def test_who_was_erased_is_not_reminded(send: Send, follow: Follow) -> None:
    accepted = send(1)
    dispatch()
    erase_contact(accepted.recipients[0].contact.id, database_now())
    follow(accepted.distribution)
    bring()
    assert FollowUp.objects.get().armed_count == 0


def test_of_what_bounced_after_all_nobody_is_reminded(send: Send, follow: Follow, accounts: Accounts) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    bring()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"failed": 1, "waiting": 1}
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER]


def test_an_added_reminder_says_its_own_subject(send: Send, follow: Follow) -> None:
    from channels.models import SandboxMessage

    accepted = send(1)
    dispatch()
    follow(accepted.distribution, subject="Still there, ${contact:firstName}?")
    bring()
    dispatch()
    assert SandboxMessage.objects.order_by("-pk")[0].subject == "Still there, Person 0?"


def test_thanks_go_to_who_has_answered_by_their_moment(send: Send, follow: Follow) -> None:
    accepted = send(3)
    dispatch()
    respond(accepted, 0)
    at = days_on(1)
    follow(accepted.distribution, kind=StepKind.THANK_YOU, at=at)
    bring()
    respond(accepted, 1)
    assert [story_of(accepted, place).due_at for place in (0, 1)] == [at, at]
    dispatch_at(at)
    record_response(accepted.recipients[2].code, {}, at + HOUR)
    dispatch_at(at + DAY)
    assert messages() == [INVITATION] * 3 + [THANKS] * 2
    assert totals_of(accepted) == {"sent": 3}


def test_thanks_that_are_added_come_beside_the_distributions_own(send: Send, follow: Follow) -> None:
    accepted = send(2, thank_yous=[(Channel.SMS, 2 * A_DAY)])
    dispatch()
    respond(accepted, 0)
    follow(accepted.distribution, kind=StepKind.THANK_YOU, at=days_on(1))
    bring()
    respond(accepted, 1)
    dispatch_at(days_on(1) + MINUTE)
    assert messages()[2:] == [THANKS] * 2
    dispatch_at(days_on(2) + MINUTE)
    assert messages()[4:] == ["thank_you sms"] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_who_answered_before_the_invitation_left_is_thanked(send: Send, follow: Follow) -> None:
    accepted = send(1, scheduled_at=days_on(1))
    respond(accepted)
    assert totals_of(accepted) == {"stopped": 1}
    follow(accepted.distribution, kind=StepKind.THANK_YOU)
    bring()
    dispatch_at(days_on(1))
    assert messages() == [THANKS]
    assert totals_of(accepted) == {"sent": 1}


def test_one_contact_alone_is_reminded(send: Send, follow: Follow) -> None:
    accepted = send(3)
    dispatch()
    follow(accepted.distribution, Channel.SMS, contact_id=accepted.recipients[1].contact.id)
    bring()
    assert totals_of(accepted) == {"sent": 2, "waiting": 1}
    dispatch()
    assert messages() == [INVITATION] * 3 + ["reminder sms"]
    assert [attempt.channel for attempt in story_of(accepted, 1).attempts] == ["email", "sms"]


def test_one_contact_that_waits_for_the_invitation_comes_by_its_own_reminder(send: Send, follow: Follow) -> None:
    accepted = send(2, scheduled_at=days_on(1))
    follow(accepted.distribution, Channel.SMS, at=days_on(2), contact_id=accepted.recipients[0].contact.id)
    bring()
    dispatch_at(days_on(1) + MINUTE)
    assert [story_of(accepted, place).state for place in (0, 1)] == ["waiting", "sent"]
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION] * 2 + ["reminder sms"]


def test_ones_own_reminder_and_everybodys_both_come(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, Channel.SMS, at=days_on(2), contact_id=accepted.recipients[0].contact.id)
    bring()
    follow(accepted.distribution, at=days_on(1))
    bring()
    dispatch_at(days_on(1) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    dispatch_at(days_on(2) + MINUTE)
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2 + ["reminder sms"]


@pytest.mark.parametrize(
    ("fields", "said", "reason"),
    [
        ({"expires_at": 1}, {"at": 2}, "too_late"),
        ({"not_after": 1}, {"at": 2}, "too_late"),
        ({"not_after": -1}, {}, "expired"),
        ({"is_sent": False}, {}, "nothing_sent"),
        ({"link_type": LinkType.ANONYMOUS}, {"kind": StepKind.THANK_YOU}, "nobody_to_thank"),
        ({}, {"contact_id": uuid4()}, "not_a_recipient"),
    ],
)
def test_what_would_reach_nobody_is_refused(
    send: Send, follow: Follow, fields: dict[str, Any], said: dict[str, Any], reason: str
) -> None:
    accepted = send(1, **{name: _moment(value) for name, value in fields.items()})
    with pytest.raises(FollowUpRefusedError) as refused:
        follow(accepted.distribution, **{name: _moment(value) for name, value in said.items()})
    assert refused.value.reason == reason
    assert (Step.objects.count(), Distribution.objects.get().follow_up_count) == (1, 0)


def _moment(value: Any) -> Any:
    return days_on(value) if type(value) is int else value


def test_to_an_audience_that_is_only_registered_nothing_is_added(send_to: SendTo, follow: Follow) -> None:
    distribution = send_to(Selection(embedded_data={"ward": "B"}), is_sent=False)
    with pytest.raises(FollowUpRefusedError, match="nothing_sent"):
        follow(distribution)


def test_to_what_was_cancelled_nothing_is_added(send: Send, follow: Follow) -> None:
    accepted = send(1)
    cancel(accepted.distribution.pk, database_now())
    with pytest.raises(FollowUpRefusedError, match="cancelled"):
        follow(accepted.distribution)


def test_who_has_an_anonymous_link_is_reminded_whether_somebody_answered_or_not(send: Send, follow: Follow) -> None:
    accepted = send(1, link_type=LinkType.ANONYMOUS)
    dispatch()
    respond(accepted)
    follow(accepted.distribution)
    bring()
    dispatch()
    assert messages() == [INVITATION, REMINDER]


def test_an_account_or_template_of_nobody_is_refused(send: Send, follow: Follow) -> None:
    accepted = send(1)
    with pytest.raises(UnknownReferencesError) as refused:
        follow(accepted.distribution, template_id=uuid4())
    assert [(fault.what, fault.code) for fault in refused.value.faults] == [("template", "not_found")]


def test_a_cancel_before_anybody_was_looked_at_ends_it(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    cancel(accepted.distribution.pk, database_now())
    bring()
    assert (totals_of(accepted), status_of(accepted)) == ({"sent": 2}, "cancelled")
    assert (Distribution.objects.get().arming_count, has_due_follow_ups(database_now())) == (0, False)


def test_a_cancel_ends_those_who_wait_for_it_as_sent(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=days_on(1))
    bring()
    cancel(accepted.distribution.pk, database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert messages() == [INVITATION] * 2


def test_a_pause_holds_it_back(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution)
    pause(accepted.distribution.pk, database_now())
    bring()
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


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "reminder"}, "invitations_fall_back_and_others_have_a_delay_or_a_moment"),
        ({"kind": "invitation", "at": True}, "invitations_fall_back_and_others_have_a_delay_or_a_moment"),
        (
            {"kind": "thank_you", "delay_minutes": 5, "at": True},
            "invitations_fall_back_and_others_have_a_delay_or_a_moment",
        ),
        ({"kind": "reminder", "delay_minutes": 0}, "a_reminders_delay_is_above_zero"),
        ({"kind": "reminder", "delay_minutes": 5, "own": True}, "one_persons_step_has_a_moment"),
    ],
)
def test_the_database_knows_when_a_step_comes(send: Send, wrong: dict[str, Any], constraint: str) -> None:
    accepted = send(1)
    step = Step.objects.get()
    step.pk, step.position, step.kind = uuid4(), 1, wrong["kind"]
    step.delay_minutes = wrong.get("delay_minutes")
    step.scheduled_at = database_now() if wrong.get("at") else None
    step.contact_id = accepted.recipients[0].contact.id if wrong.get("own") else None
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        step.save(force_insert=True)
