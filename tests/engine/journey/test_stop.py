"""What ends a chain's fallbacks beside a response, where the distribution asks for it: an opening, a delivery."""

from datetime import timedelta
from typing import Any

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.dispatch.handover import hand_over
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.rules.journey.chain import StopsOn
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, events_of, fail_addresses, make_due, messages, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
CHAIN = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP)
AN_HOUR: dict[str, Any] = {"is_multi": True, "fallback_delay_minutes": 60}


@pytest.mark.parametrize(
    ("stops_on", "kind", "is_machine", "stops"),
    [
        (StopsOn.RESPONSE, EventKind.CLICKED, False, False),
        (StopsOn.OPENED, EventKind.DELIVERED, False, False),
        (StopsOn.OPENED, EventKind.OPENED, True, False),
        (StopsOn.OPENED, EventKind.OPENED, False, True),
        (StopsOn.OPENED, EventKind.CLICKED, False, True),
        (StopsOn.DELIVERED, EventKind.SENT, False, False),
        (StopsOn.DELIVERED, EventKind.DELIVERED, False, True),
        (StopsOn.DELIVERED, EventKind.OPENED, False, True),
    ],
)
def test_what_is_told_ends_the_fallbacks_where_the_distribution_stops_on_it(
    send: Send, accounts: Accounts, stops_on: StopsOn, kind: EventKind, is_machine: bool, stops: bool
) -> None:
    accepted = send(2, *CHAIN, **AN_HOUR, stops_on=stops_on)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, kind, is_machine=is_machine))
    assert totals_of(accepted) == ({"sent": 1, "waiting": 1} if stops else {"waiting": 2})
    make_due()
    dispatch()
    assert messages().count("invitation sms") == (1 if stops else 2)


def test_the_story_says_what_ended_the_fallbacks(send: Send, accounts: Accounts) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=StopsOn.DELIVERED)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))
    assert sorted(events_of(accepted)) == ["accepted", "delivered", "sent", "stopped"]
    [decision] = timeline_of(accepted).decisions
    assert (decision.kind, decision.reason, decision.detail) == ("stopped", "delivered", {"channel": "sms"})


@pytest.mark.parametrize(
    ("stops_on", "stops"), [(StopsOn.RESPONSE, False), (StopsOn.OPENED, True), (StopsOn.DELIVERED, True)]
)
def test_an_open_of_the_link_ends_the_fallbacks(send: Send, stops_on: StopsOn, stops: bool) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=stops_on)
    dispatch()
    assert record_open(recipient_of(accepted), database_now())
    assert totals_of(accepted) == ({"sent": 1} if stops else {"waiting": 1})


@pytest.mark.parametrize("moment", ["before it is sent", "in flight"])
def test_an_open_of_the_link_that_comes_before_settle_is_not_lost(send: Send, moment: str) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=StopsOn.OPENED)
    if moment == "before it is sent":
        record_open(recipient_of(accepted), database_now())
        dispatch()
    else:
        claim, route, provider = claim_next()
        begun = begin_claim(claim, route)
        record_open(recipient_of(accepted), database_now())
        settle(claim, route, begun, hand_over(route, provider, begun), database_now())
    assert totals_of(accepted) == {"sent": 1}
    assert messages() == ["invitation email"]


def test_reminders_come_all_the_same(send: Send, accounts: Accounts) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=StopsOn.OPENED, reminders=[(Channel.SMS, 24 * 60)])
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.OPENED))
    waits = timeline_of(accepted)
    assert (waits.state, waits.batch.step.kind) == ("waiting", "reminder")
    assert waits.due_at == waits.attempts[0].begun_at + timedelta(days=1)
    make_due()
    dispatch()
    assert messages() == ["invitation email", "reminder sms"]


def test_a_failure_brings_the_next_channel_even_after_a_delivery(send: Send, accounts: Accounts) -> None:
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=StopsOn.DELIVERED)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.DELIVERED))
    assert totals_of(accepted) == {"sent": 1}
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    dispatch()
    assert messages() == ["invitation email", "invitation sms"]


def test_a_retry_of_a_fallback_is_called_off_as_well(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="transient")
    accepted = send(1, *CHAIN, **AN_HOUR, stops_on=StopsOn.OPENED)
    dispatch()
    make_due()
    dispatch()
    assert timeline_of(accepted).batch.step.channel == "sms"
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.OPENED))
    assert totals_of(accepted) == {"sent": 1}
