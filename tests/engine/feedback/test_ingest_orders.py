"""Webhooks in any order, repeated, split over calls, before and after settle: the same comes of them.

And at the same moment, over two connections.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result
from contacts.channel import Channel
from contacts.models import Suppression
from distributor.engine.dispatch.settle import settle
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Attempt, Decision, Distribution, ProviderEvent, Recipient, Touch
from distributor.rules.journey.chain import StopsOn
from distributor.rules.journey.delivery_events import OPT_OUT_REQUESTS, SIGNALS
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.counters import assert_counters_agree
from tests.support.engine.people import dispatch, totals_of
from tests.support.engine.provider_events import event_of
from tests.support.simultaneous import run_together, wait_until_blocked

Accounts = dict[Channel, ProviderAccount]
Told = tuple[int, EventKind]  # of the person at this place
BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
ABOUT_TRIES: list[EventKind] = [kind for kind in EventKind if kind not in (EventKind.STOPPED, EventKind.STARTED)]

told: st.SearchStrategy[list[Told]] = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(ABOUT_TRIES)), min_size=1, max_size=6
)
outcomes = st.tuples(*[st.sampled_from([Outcome.ACCEPTED, Outcome.UNKNOWN])] * 2)
AN_HOUR: dict[str, Any] = {"is_multi": True, "fallback_delay_minutes": 60}
REMINDED: dict[str, Any] = {"reminders": [(Channel.WHATSAPP, 90)]}
chains = st.sampled_from(
    [
        {},
        {"is_multi": True},
        AN_HOUR,
        REMINDED,
        {"is_multi": True, **REMINDED},
        {**AN_HOUR, **REMINDED},
        {**AN_HOUR, "stops_on": StopsOn.OPENED},
        {**AN_HOUR, **REMINDED, "stops_on": StopsOn.DELIVERED},
    ]
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Told], list[list[int]], int]:
    """Events, the calls that tell of them (each at least once), and before which call settle comes."""
    events = draw(told)
    everything = list(range(len(events)))
    repeats = draw(st.lists(st.sampled_from(everything), max_size=4))
    order = draw(st.permutations(everything + repeats))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    calls = [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return events, calls, draw(st.integers(0, len(calls)))


def play(
    send: Send,
    account: ProviderAccount,
    chain: dict[str, Any],
    results: Sequence[Outcome],
    events: Sequence[Told],
    calls: Sequence[Sequence[int]],
    settled_before: int,
) -> Any:
    """What comes of it; nothing of it stays."""
    with transaction.atomic():
        send(2, Channel.EMAIL, Channel.SMS, **chain)
        people = list(Recipient.objects.order_by("id"))
        claim, route, _ = claim_next()
        begun = begin_claim(claim, route)
        made = [
            Event(
                event_id=f"event-{number}",
                kind=kind,
                occurred_at=BEGINNING + timedelta(minutes=number),
                attempt_id=attempt_id(people[place].pk, 1),
                address=f"person{place}@example.com",
                provider_message_id="theirs",
            )
            for number, (place, kind) in enumerate(events)
        ]
        now = database_now()
        for number, call in enumerate([*calls, []]):
            if number == settled_before:
                settle(claim, route, begun, [Result(outcome) for outcome in results], now)
            ingest_events(as_account(account), [made[index] for index in call], now)
        came_of_it = summary(begun.begun_at)
        transaction.set_rollback(True)
    return came_of_it


def who_say_no(events: Sequence[Told]) -> set[int]:
    """Return the places of the people who say no."""
    return {place for place, kind in events if kind in {*SIGNALS, *OPT_OUT_REQUESTS}}


def waits(recipient: Recipient, begun_at: datetime) -> int:
    """Now (0), for evidence (2) or an answer (6, 9): in tens of minutes, because each play has its own clock."""
    return round((recipient.batch.due_at - begun_at) / timedelta(minutes=10))


def summary(begun_at: datetime) -> Any:
    rows = Recipient.objects.select_related("batch__step").order_by("id")
    distribution = Distribution.objects.get()
    totals = distribution.totals
    assert sum(totals.values()) == distribution.accepted_count
    assert_counters_agree()
    states = [recipient.outcome or recipient.state for recipient in rows]
    assert {name: count for name, count in totals.items() if count} == {name: states.count(name) for name in states}
    return {
        "attempts": list(
            Attempt.objects.order_by("recipient_id").values_list("state", "progress", "trouble", "provider_message_id")
        ),
        "recipients": [
            (
                recipient.state,
                recipient.outcome,
                recipient.reason,
                recipient.first_opened_at,
                recipient.first_sent_at == begun_at,
                recipient.state == "waiting" and (recipient.batch.step.channel, waits(recipient, begun_at)),
                recipient.has_early_events,
            )
            for recipient in rows
        ],
        "suppressions": sorted(Suppression.objects.values_list("channel", "address", "reason")),
        "totals": totals,
        "opened": distribution.opened_count,
        "reached": distribution.reached_count,
        # That a message was opened or delivered goes unnoticed when it is told to have bounced in the same breath.
        "decisions": sorted(
            Decision.objects.exclude(reason__in=("opened", "delivered")).values_list("kind", flat=True)
        ),
        "touches": [touch.last_sent_at == begun_at for touch in Touch.objects.order_by("recipient_id")],
        "events": ProviderEvent.objects.count(),
    }


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivery=deliveries(), results=outcomes, chain=chains)
def test_order_repeats_and_splits_do_not_matter_nor_when_settle_comes(
    send: Send,
    accounts: Accounts,
    kinds: dict[str, str],
    delivery: tuple[list[Told], list[list[int]], int],
    results: tuple[Outcome, ...],
    chain: dict[str, Any],
) -> None:
    kinds["evidence"] = "tests.support.engine.providers.EvidenceSandbox"
    account = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(id=account.id).update(kind="evidence")
    events, calls, settled_before = delivery
    at_once = [list(range(len(events)))]
    in_pieces = play(send, account, chain, results, events, calls, settled_before)
    in_one = play(send, account, chain, results, events, at_once, 0)
    if refusing := who_say_no(events):
        # A no stops what waits at that moment, so how the journey ends depends on what had happened before.
        for came_of_it in (in_pieces, in_one):
            assert all(came_of_it["recipients"][place][0] != "waiting" for place in refusing)
        closed = ("attempts", "suppressions", "events")
        in_pieces, in_one = ({key: came_of_it[key] for key in closed} for came_of_it in (in_pieces, in_one))
    assert in_pieces == in_one


@pytest.mark.django_db(transaction=True)
def test_the_same_events_told_over_two_connections_count_once(send: Send, accounts: Accounts) -> None:
    accepted = send(10)
    dispatch()
    kinds = (EventKind.DELIVERED, EventKind.OPENED, EventKind.HARD_BOUNCED)
    events = [event_of(accepted, kind, place) for place in range(10) for kind in kinds]
    account, now = as_account(accounts[Channel.EMAIL]), database_now()
    run_together([lambda: ingest_events(account, events, now), lambda: ingest_events(account, events[::-1], now)])
    assert ProviderEvent.objects.count() == 30
    assert Distribution.objects.get().opened_count == 10
    assert totals_of(accepted) == {"failed": 10}
    assert Suppression.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_an_event_that_meets_settle_head_on_is_not_lost(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    claim, route, _ = claim_next()
    begun = begin_claim(claim, route)
    account, now = as_account(accounts[Channel.EMAIL]), database_now()
    event = event_of(accepted, EventKind.HARD_BOUNCED)

    def hold_and_tell() -> None:
        """Tell, and keep the transaction open until settle waits for the recipient."""
        with transaction.atomic():
            ingest_events(account, [event], now)
            told_first.append(True)
            wait_until_blocked(1)

    def settle_after() -> None:
        while not told_first:
            pass
        settle(claim, route, begun, [Result(Outcome.ACCEPTED)], now)

    told_first: list[bool] = []
    run_together([hold_and_tell, settle_after])
    assert totals_of(accepted) == {"failed": 1}
    assert Recipient.objects.get().reason == "bounced"


@pytest.mark.django_db(transaction=True)
def test_settle_that_meets_an_event_head_on_is_corrected_by_it(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    claim, route, _ = claim_next()
    begun = begin_claim(claim, route)
    account, now = as_account(accounts[Channel.EMAIL]), database_now()
    event = event_of(accepted, EventKind.HARD_BOUNCED)

    def settle_and_hold() -> None:
        with transaction.atomic():
            settle(claim, route, begun, [Result(Outcome.ACCEPTED)], now)
            settled_first.append(True)
            wait_until_blocked(1)

    def tell_after() -> None:
        while not settled_first:
            pass
        ingest_events(account, [event], now)

    settled_first: list[bool] = []
    run_together([settle_and_hold, tell_after])
    assert totals_of(accepted) == {"failed": 1}
