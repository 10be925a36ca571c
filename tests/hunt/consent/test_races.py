"""A no that meets a worker head-on, over two connections, in both orders.

Begin reads under the recipients' locks, and a no takes them before it is committed. So the one that comes second sees
what the first has written: either nothing is handed over, or the message that had begun leaves and nothing after it.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import cycle
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Handover, Recipient
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, given
from tests.support.engine.said_no import NOES, SUPPRESSIONS, Person, make_person
from tests.support.failpoints import held_at
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
Accounts = dict[Channel, ProviderAccount]
Race = Callable[[Callable[[], object]], None]


@pytest.fixture
def meet(client: Client, organization: Organization, accounts: Accounts, send: Send) -> Callable[..., int]:
    """Play a race of a new person's first message, and return the number of messages that left in three days.

    A reminder would follow on the message's channel.
    """
    numbers = iter(range(1_000))

    def meet(channel: Channel, say: Callable[[Person], object], race: Race) -> int:
        number = next(numbers)
        person = make_person(client, organization, accounts, send, number)
        accepted = send([given(number)], channel, reminders=[(channel, 60)])
        race(partial(say, person))
        left = attempts_of(accepted)
        for days in (1, 2, 3):
            dispatch_at(database_now() + timedelta(days=days))
        assert attempts_of(accepted) == left
        return left

    return meet


def attempts_of(accepted: Any) -> int:
    ids = Recipient.objects.filter(distribution_id=accepted.distribution.id).values_list("id", flat=True)
    return Handover.objects.filter(recipient_ids__overlap=list(ids)).count()


def commit_before_begin(say: Callable[[], object]) -> None:
    """The no is written but not committed when the worker comes, who waits for it."""
    is_said = Event()

    def say_and_hold() -> None:
        with transaction.atomic():
            say()
            is_said.set()
            wait_until_blocked(1)

    def work() -> None:
        assert is_said.wait(DEADLINE_SECONDS)
        dispatch()

    run_together([say_and_hold, work])


def commit_after_begin(say: Callable[[], object]) -> None:
    """The person has passed, and the hand-over is not committed, when the no comes and waits for it."""
    with held_at("judged", dispatch) as held:
        held.start(say)


def commit_between_claim_and_begin(say: Callable[[], object]) -> None:
    with held_at("claimed", dispatch):
        say()


def commit_while_judged(say: Callable[[], object]) -> None:
    with held_at("judged", dispatch):
        say()


@pytest.mark.parametrize(("race", "left"), [(commit_before_begin, 0), (commit_after_begin, 1)])
def test_whichever_comes_second_sees_the_first(meet: Callable[..., int], race: Race, left: int) -> None:
    """Each signal on one channel; test_every_point.py tries each on all of them."""
    channels = cycle(Channel)
    met = {name: meet(next(channels), say, race) for name, (say, _) in NOES.items()}
    assert met == dict.fromkeys(NOES, left)


@pytest.mark.parametrize(("race", "left"), [(commit_between_claim_and_begin, 0), (commit_while_judged, 1)])
def test_a_suppression_holds_from_the_next_begin_on(meet: Callable[..., int], race: Race, left: int) -> None:
    """It closes an address, not a person, and waits for no journey: begin sees it if it was committed before."""
    for channel, suppress in zip((Channel.EMAIL, Channel.SMS), SUPPRESSIONS.values(), strict=True):
        assert meet(channel, partial(_suppress, suppress, channel), race) == left


def _suppress(suppress: Callable[[Person, Channel], object], channel: Channel, person: Person) -> None:
    suppress(person, channel)
