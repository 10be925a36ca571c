"""What meets a worker head-on: every move of one side against every stage of the other, on two connections."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Response
from distributor.rules.journey.chain import StopsOn
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, messages, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events
from tests.support.failpoints import held_at

pytestmark = pytest.mark.django_db(transaction=True)
Accounts = dict[Channel, ProviderAccount]
Act = Callable[[Accepted, Accounts], object]

CHAIN = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP)
AN_HOUR: dict[str, Any] = {"is_multi": True, "fallback_delay_minutes": 60, "stops_on": StopsOn.DELIVERED}
THANKS = [(Channel.EMAIL, 0)]
STAGES = ("claimed", "judged", "begun", "handed over", "settling")
# There the worker's transaction holds the recipients' locks.
LOCKED = frozenset({"judged", "settling"})
EMAIL, SMS, THANK_YOU = "invitation email", "invitation sms", "thank_you email"


def deliver(accepted: Accepted, accounts: Accounts) -> None:
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))


def bounce(accepted: Accepted, accounts: Accounts) -> None:
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))


def follow_link(accepted: Accepted, accounts: Accounts) -> None:
    record_open(recipient_of(accepted), database_now())


def respond(accepted: Accepted, accounts: Accounts) -> None:
    record_response(accepted.recipients[0].code, {"score": 9}, database_now())


def opt_out_of_all(accepted: Accepted, accounts: Accounts) -> None:
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")


def call_off(accepted: Accepted, accounts: Accounts) -> None:
    cancel(accepted.distribution.id, database_now())


def race(
    stage: str, worker: Callable[[], object], act: Callable[[], object], *, locks: frozenset[str] = LOCKED
) -> None:
    """Hold the worker at the stage, act, and let it go on. Where the worker has locked what is acted on, act waits."""
    with held_at(stage, worker) as held:
        if stage in locks:
            held.start(act)
        else:
            act()


def in_an_hour() -> datetime:
    return database_now() + timedelta(minutes=61)


def wait_for_days() -> None:
    """Long enough for every fallback that anybody might still wait for."""
    for days in (1, 2, 3):
        dispatch_at(database_now() + timedelta(days=days))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("act", [deliver, follow_link, respond, opt_out_of_all, call_off])
def test_what_ends_a_chain_while_a_fallback_is_on_its_way_lets_that_one_out_at_most(
    send: Send, accounts: Accounts, act: Act, stage: str
) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR)
    dispatch()
    # A settle has not touched the distribution's row, which is all that a cancel waits for.
    locks = LOCKED - {"settling"} if act is call_off else LOCKED
    race(stage, partial(dispatch_at, in_an_hour()), partial(act, accepted, accounts), locks=locks)
    wait_for_days()
    assert messages() == ([EMAIL] if stage == "claimed" else [EMAIL, SMS])
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("stage", STAGES)
def test_a_response_while_a_fallback_is_on_its_way_is_thanked_once(send: Send, accounts: Accounts, stage: str) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, thank_yous=THANKS)
    dispatch()
    race(stage, partial(dispatch_at, in_an_hour()), partial(respond, accepted, accounts))
    wait_for_days()
    assert sorted(messages()) == sorted([EMAIL, THANK_YOU] if stage == "claimed" else [EMAIL, SMS, THANK_YOU])
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("stage", STAGES)
def test_a_response_while_the_first_message_is_on_its_way_is_thanked_once(
    send: Send, accounts: Accounts, stage: str
) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, thank_yous=THANKS)
    race(stage, dispatch, partial(respond, accepted, accounts))
    dispatch()
    wait_for_days()
    assert sorted(messages()) == sorted([THANK_YOU] if stage == "claimed" else [EMAIL, THANK_YOU])
    assert totals_of(accepted) == {"sent": 1}
    assert Distribution.objects.get().reached_count == 1


@pytest.mark.parametrize("stage", ["begun", "handed over"])
def test_thanks_wait_until_the_message_in_flight_is_settled(send: Send, accounts: Accounts, stage: str) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, thank_yous=THANKS)
    with held_at(stage, dispatch):
        respond(accepted, accounts)
        dispatch()  # another worker, with nothing to do
        assert totals_of(accepted) == {"stopped": 1}
    dispatch()
    assert [(attempt.number, attempt.state) for attempt in timeline_of(accepted).attempts] == [(1, "sent"), (2, "sent")]
    assert sorted(messages()) == [EMAIL, THANK_YOU]
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.parametrize("stage", STAGES)
def test_an_opt_out_while_the_first_message_is_in_flight_keeps_its_attempt_and_nothing_follows(
    send: Send, accounts: Accounts, stage: str
) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, reminders=[(Channel.EMAIL, 60)])
    race(stage, dispatch, partial(opt_out_of_all, accepted, accounts))
    wait_for_days()
    assert messages() == ([] if stage == "claimed" else [EMAIL])
    # Only settle says that a message counts as sent: who is stopped before that stays stopped.
    assert totals_of(accepted) == ({"sent": 1} if stage == "settling" else {"stopped": 1})
    assert Distribution.objects.get().reached_count == (0 if stage == "claimed" else 1)
    assert timeline_of(accepted).decisions[-1].reason == "opted_out"


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_while_the_first_message_is_in_flight_keeps_its_attempt_and_nothing_follows(
    send: Send, accounts: Accounts, stage: str
) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, reminders=[(Channel.EMAIL, 60)], thank_yous=THANKS)
    race(stage, dispatch, partial(call_off, accepted, accounts))
    wait_for_days()
    assert messages() == ([] if stage == "claimed" else [EMAIL])
    assert totals_of(accepted) == ({"stopped": 1} if stage == "claimed" else {"sent": 1})


@pytest.mark.parametrize("stage", STAGES)
def test_a_late_bounce_while_the_fallback_is_on_its_way_sends_that_one_once(
    send: Send, accounts: Accounts, stage: str
) -> None:
    accepted = send(1, Channel.EMAIL, Channel.SMS, **AN_HOUR)
    dispatch()
    race(stage, partial(dispatch_at, in_an_hour()), partial(bounce, accepted, accounts))
    wait_for_days()
    assert messages() == [EMAIL, SMS]
    assert totals_of(accepted) == {"sent": 1}
    assert recipient_of(accepted).first_sent_at == timeline_of(accepted).attempts[1].begun_at


@pytest.mark.parametrize(("thank_yous", "sent"), [([], [EMAIL]), ([(Channel.SMS, 0)], [EMAIL, "thank_you sms"])])
@pytest.mark.parametrize("first", ["answering", "told"])
def test_a_bounce_while_the_response_arrives_brings_no_other_channel(
    send: Send, accounts: Accounts, first: str, thank_yous: list[tuple[Channel, int]], sent: list[str]
) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, thank_yous=thank_yous)
    dispatch()
    answering, bouncing = partial(respond, accepted, accounts), partial(bounce, accepted, accounts)
    race(
        first,
        answering if first == "answering" else bouncing,
        bouncing if first == "answering" else answering,
        locks=frozenset({"answering", "told"}),
    )
    wait_for_days()
    assert messages() == sent
    assert Response.objects.count() == 1
    # Where the bounce was known first, nothing had reached who answered; thanks that leave are something that has.
    stopped = first == "told" and not thank_yous
    assert totals_of(accepted) == ({"stopped": 1} if stopped else {"sent": 1})


def test_a_response_and_an_opt_out_at_once_both_hold(send: Send, accounts: Accounts) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, thank_yous=THANKS)
    dispatch()
    race(
        "opting out",
        partial(opt_out_of_all, accepted, accounts),
        partial(respond, accepted, accounts),
        locks=frozenset({"opting out"}),
    )
    wait_for_days()
    assert messages() == [EMAIL]
    assert totals_of(accepted) == {"sent": 1}
    assert recipient_of(accepted).responded_at is not None
