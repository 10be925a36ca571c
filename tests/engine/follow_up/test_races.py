"""A reminder or thank-you is added while everything else happens: nobody is missed, and nobody gets it twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel, pause, resume
from distributor.engine.follow_up.add import add_follow_up, arm_next_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, FollowUp, Recipient
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import StepRequest
from tests.engine.conftest import Follow, Send
from tests.support.engine.people import arm_follow_ups, dispatch, dispatch_at, fail_addresses, messages, totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events
from tests.support.failpoints import held_at
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
Accounts = dict[Channel, ProviderAccount]

STAGES = ("claimed", "judged", "begun", "handed over", "settling")
INVITATION, REMINDER, THANKS = "invitation email", "reminder email", "thank_you email"
AN_HOUR = timedelta(hours=1)


def respond(accepted: Accepted) -> None:
    record_response(accepted.recipients[0].code, {}, database_now())


def wait_for_hours() -> None:
    """Long enough for all that anybody might still wait for; what is brought, is brought."""
    for hours in (1, 2, 3):
        arm_follow_ups()
        dispatch_at(database_now() + hours * AN_HOUR)


@pytest.mark.parametrize("stage", STAGES)
def test_a_reminder_that_is_added_while_the_invitation_is_on_its_way_comes_once(
    send: Send, follow: Follow, stage: str
) -> None:
    accepted = send(3)
    add = partial(follow, accepted.distribution, at=database_now() + AN_HOUR)
    with held_at(stage, dispatch) as race:
        # A begin and a settle hold the distribution: the call is answered once they are over.
        if stage in ("judged", "settling"):
            race.start(add)
        else:
            add()
    wait_for_hours()
    assert messages() == [INVITATION] * 3 + [REMINDER] * 3
    assert totals_of(accepted) == {"sent": 3}


@pytest.mark.parametrize("stage", ["claimed", "begun", "handed over"])
def test_it_comes_once_when_its_people_were_looked_at_during_a_hand_over(
    send: Send, follow: Follow, stage: str
) -> None:
    accepted = send(3)
    with held_at(stage, dispatch):
        follow(accepted.distribution, at=database_now() + AN_HOUR)
        arm_follow_ups()
        assert (FollowUp.objects.get().is_done, FollowUp.objects.get().armed_count) == (True, 0)
    wait_for_hours()
    assert messages() == [INVITATION] * 3 + [REMINDER] * 3
    assert totals_of(accepted) == {"sent": 3}


@pytest.mark.parametrize("stage", STAGES)
def test_who_waits_for_a_fallback_gets_both_whatever_is_on_its_way(send: Send, follow: Follow, stage: str) -> None:
    accepted = send(2, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=120)
    add = partial(follow, accepted.distribution, at=database_now() + AN_HOUR)
    with held_at(stage, dispatch) as race:
        if stage in ("judged", "settling"):
            race.start(add)
        else:
            add()
            arm_follow_ups()
    wait_for_hours()
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2 + ["invitation sms"] * 2
    assert totals_of(accepted) == {"sent": 2}


@pytest.mark.parametrize("stage", ["begun", "handed over"])
def test_nobody_is_reminded_of_what_failed_while_it_was_looked_at(
    send: Send, follow: Follow, accounts: Accounts, stage: str
) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(2)
    with held_at(stage, dispatch):
        follow(accepted.distribution, at=database_now() + AN_HOUR)
        arm_follow_ups()
    wait_for_hours()
    assert messages() == [INVITATION, REMINDER]
    assert totals_of(accepted) == {"failed": 1, "sent": 1}


@pytest.mark.parametrize("first", ["looking", "arming"])
def test_a_response_while_it_is_brought_calls_it_off(send: Send, follow: Follow, first: str) -> None:
    accepted = send(1, thank_yous=[(Channel.EMAIL, 0)])
    dispatch()
    follow(accepted.distribution)
    with held_at(first, arm_follow_ups) as race:
        race.start(partial(respond, accepted))
    wait_for_hours()
    assert messages() == [INVITATION, THANKS]
    assert totals_of(accepted) == {"sent": 1}


def test_a_reminder_that_is_brought_while_somebody_answers_is_not_sent(send: Send, follow: Follow) -> None:
    accepted = send(1)
    dispatch()
    follow(accepted.distribution)
    with held_at("answering", partial(respond, accepted)) as race:
        race.start(arm_follow_ups)
    wait_for_hours()
    assert messages() == [INVITATION]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("is_brought", [True, False])
def test_thanks_that_are_added_while_somebody_answers_come_once(send: Send, follow: Follow, is_brought: bool) -> None:
    accepted = send(1)
    dispatch()
    record_open(recipient_of(accepted), database_now())  # otherwise the answer holds the counts, and the call waits
    with held_at("answering", partial(respond, accepted)) as race:
        follow(accepted.distribution, kind=StepKind.THANK_YOU, at=database_now() + AN_HOUR)
        if is_brought:
            race.start(arm_follow_ups)
    wait_for_hours()
    assert messages() == [INVITATION, THANKS]
    assert totals_of(accepted) == {"sent": 1}


def test_somebody_answers_while_thanks_are_being_added(send: Send, follow: Follow) -> None:
    accepted = send(1)
    dispatch()
    at = database_now() + AN_HOUR
    with held_at("adding", partial(follow, accepted.distribution, kind=StepKind.THANK_YOU, at=at)) as race:
        race.start(partial(respond, accepted))  # it has read the steps, and waits for the counts
    wait_for_hours()
    assert messages() == [INVITATION, THANKS]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("stage", ["begun", "handed over"])
def test_thanks_to_who_answers_while_a_message_is_on_its_way_come_once(send: Send, follow: Follow, stage: str) -> None:
    accepted = send(1)
    with held_at(stage, dispatch):
        respond(accepted)
        follow(accepted.distribution, kind=StepKind.THANK_YOU, at=database_now() + AN_HOUR)
        arm_follow_ups()
        assert totals_of(accepted) == {"stopped": 1}
    wait_for_hours()
    assert messages() == [INVITATION, THANKS]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("first", ["looking", "arming"])
def test_an_opt_out_while_it_is_brought_holds(send: Send, follow: Follow, first: str) -> None:
    accepted = send(1)
    dispatch()
    follow(accepted.distribution)
    with held_at(first, arm_follow_ups):
        opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    wait_for_hours()
    assert messages() == [INVITATION]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("first", ["looking", "arming"])
def test_a_cancel_while_it_is_brought_leaves_nobody_waiting(send: Send, follow: Follow, first: str) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution, at=database_now() + AN_HOUR)
    with held_at(first, arm_follow_ups):
        cancel(accepted.distribution.pk, database_now())  # a chunk holds the distribution for no longer than a commit
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert Distribution.objects.get().arming_count == 0
    wait_for_hours()
    assert messages() == [INVITATION] * 2


@pytest.mark.parametrize("first", ["looking", "arming"])
def test_a_pause_while_it_is_brought_holds(send: Send, follow: Follow, first: str) -> None:
    accepted = send(2)
    dispatch()
    follow(accepted.distribution)
    with held_at(first, arm_follow_ups):
        pause(accepted.distribution.pk, database_now())
    dispatch()
    assert messages() == [INVITATION] * 2
    resume(accepted.distribution.pk, database_now())
    wait_for_hours()
    assert messages() == [INVITATION] * 2 + [REMINDER] * 2


@pytest.mark.parametrize("first", ["looking", "arming", "told"])
def test_a_late_bounce_while_it_is_brought_is_not_reminded_of(
    send: Send, follow: Follow, accounts: Accounts, first: str
) -> None:
    accepted = send(1)
    dispatch()
    follow(accepted.distribution)
    bounce: Callable[[], None] = partial(
        report_events, accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED), at=database_now()
    )
    with held_at(first, bounce if first == "told" else arm_follow_ups) as race:
        race.start(arm_follow_ups if first == "told" else bounce)
    wait_for_hours()
    assert messages() == [INVITATION]
    assert totals_of(accepted) == {"failed": 1}


def test_two_workers_share_what_is_brought(send: Send, follow: Follow) -> None:
    accepted = send(60)
    dispatch()
    for channel in (Channel.EMAIL, Channel.SMS):
        follow(accepted.distribution, channel)

    def bring_in_chunks() -> None:
        while arm_next_chunk(database_now(), 7):
            pass

    run_together([bring_in_chunks, bring_in_chunks])
    bring_in_chunks()
    dispatch()
    wait_for_hours()
    assert sorted(messages()) == sorted([INVITATION] * 60 + [REMINDER] * 60 + ["reminder sms"] * 60)
    assert totals_of(accepted) == {"sent": 60}


def test_two_calls_at_once_add_two_steps(send: Send, follow: Follow) -> None:
    accepted = send(2)
    dispatch()
    run_together([partial(follow, accepted.distribution, channel) for channel in (Channel.EMAIL, Channel.SMS)])
    wait_for_hours()
    assert Distribution.objects.get().follow_up_count == 2
    assert sorted(messages()) == sorted([INVITATION] * 2 + [REMINDER] * 2 + ["reminder sms"] * 2)


def test_data_for_a_person_who_is_being_erased_is_not_stored(send: Send) -> None:
    accepted = send(1)
    dispatch()
    contact_id, [step] = accepted.recipients[0].contact.id, accepted.distribution.steps.all()
    asked = StepRequest(
        channel=step.channel,
        provider_account_id=step.provider_account_id,
        template_id=step.template_id,
        kind=StepKind.REMINDER,
        scheduled_at=database_now(),
    )

    def add() -> None:
        try:
            add_follow_up(
                accepted.distribution.pk, asked, database_now(), contact_id=contact_id, attributes={"note": "hers"}
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_contact(contact_id, database_now())
            added = pool.submit(add)
            wait_until_blocked(1)
        added.result(DEADLINE_SECONDS)
    assert Recipient.objects.get().attributes == {}
