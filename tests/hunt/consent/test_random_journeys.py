"""Journeys made up at random: whatever happened before a no and whatever is reported after it, nothing leaves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Outcome
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.responses.links import record_open
from distributor.models import Attempt, Handover, Recipient
from distributor.rules.journey.chain import StopsOn
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, fail_addresses, make_due
from tests.support.engine.provider_events import event_of, report_events
from tests.support.engine.said_no import NOES, make_person

CHANNELS = st.sampled_from(list(Channel))
LATER = st.lists(st.tuples(CHANNELS, st.sampled_from([1, 60, 1_500])), max_size=2, unique_by=lambda pair: pair[0])
JOURNEYS = st.fixed_dictionaries(
    {
        "channels": st.lists(CHANNELS, min_size=1, max_size=3, unique=True),
        "is_multi": st.booleans(),
        "fallback_delay_minutes": st.sampled_from([None, 1, 600]),
        "reminders": LATER,
        "stops_on": st.sampled_from(list(StopsOn)),
        "scheduled_in": st.sampled_from([None, timedelta(hours=5)]),
    }
)
REPORTS = [EventKind.DELIVERED, EventKind.OPENED, EventKind.SOFT_BOUNCED, EventKind.DROPPED, EventKind.HARD_BOUNCED]
MOVES = st.one_of(
    st.sampled_from(["work", "make due", "open the link", "a day passes"]),
    st.tuples(CHANNELS, st.sampled_from([Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.UNKNOWN, None])),
    st.sampled_from(REPORTS),
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    journeys=st.lists(JOURNEYS, min_size=1, max_size=2),
    before=st.lists(MOVES, max_size=5),
    name=st.sampled_from(sorted(NOES)),
    reach=st.sampled_from(["everything", "channel"]),
    after=st.lists(MOVES, max_size=5),
)
def test_nothing_leaves_after_a_no(
    client: Client,
    organization: Organization,
    accounts: dict[Channel, ProviderAccount],
    kinds: dict[str, str],
    send: Send,
    journeys: list[dict[str, Any]],
    before: list[Any],
    name: str,
    reach: str,
    after: list[Any],
) -> None:
    kinds["evidence"] = "tests.support.engine.providers.EvidenceSandbox"
    with transaction.atomic():
        ProviderAccount.objects.update(kind="evidence")
        Organization.objects.update(stop_closes=reach, complaint_closes=reach)
        person = make_person(client, organization, accounts, send)
        accepted = [ask(send, **journey) for journey in journeys]
        for move in before:
            play(move, accounts, accepted)
        NOES[name][0](person)
        begun = Handover.objects.count()
        for move in [*after, "make due", "work", "a day passes", *REPORTS, "work", "a day passes"]:
            play(move, accounts, accepted)
        assert Handover.objects.count() == begun
        assert not Recipient.objects.filter(state="waiting").exists()
        transaction.set_rollback(True)


def ask(send: Send, channels: list[Channel], scheduled_in: timedelta | None, **fields: Any) -> Any:
    scheduled_at = scheduled_in and database_now() + scheduled_in
    return send(1, *channels, scheduled_at=scheduled_at, **fields)


def play(move: Any, accounts: dict[Channel, ProviderAccount], accepted: list[Any]) -> None:
    simple: dict[object, Callable[[], object]] = {
        "work": dispatch,
        "make due": make_due,
        "a day passes": lambda: dispatch_at(database_now() + timedelta(days=1)),
        "open the link": lambda: record_open(Recipient.objects.latest("pk"), database_now()),
    }
    if isinstance(move, EventKind):
        report_on_attempts(move, accounts, accepted)
    elif isinstance(move, tuple):
        channel, outcome = move
        fail_addresses(accounts[channel], **({"person0": outcome.value} if outcome else {}))
    else:
        simple[move]()


def report_on_attempts(kind: EventKind, accounts: dict[Channel, ProviderAccount], accepted: list[Any]) -> None:
    """Report the same of every attempt so far."""
    for attempt in Attempt.objects.order_by("recipient_id", "number"):
        identity = attempt_id(attempt.recipient_id, attempt.number)
        report_events(accounts[Channel(attempt.channel)], event_of(accepted[0], kind, attempt_id=identity, address=""))
