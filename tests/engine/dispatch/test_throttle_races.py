"""Two calls for the same contact and survey at the same moment: one sends now, the other waits for the interval."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.dispatch.slots import remember_call
from distributor.models import Decision, Distribution, Recipient
from distributor.models.batch import Lane
from distributor.rules.requests import AudienceRules, Throttle
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch_at, given
from tests.support.failpoints import held_at

ROUNDS = 60
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def fast(accounts: dict[Channel, ProviderAccount]) -> None:
    """The account is known to be fast, so that any number of workers call it at once (dispatch/slots.py)."""
    remember_call(accounts[Channel.EMAIL].pk, 0.1)


@pytest.mark.django_db(transaction=True)
def test_of_two_calls_exactly_one_sends_now_and_the_other_when_the_interval_has_passed(send: Send) -> None:
    """Each round is a contact of its own, accepted and dispatched on two connections at once."""
    meet = Barrier(2)

    def call_and_work(_: int) -> list[UUID]:
        try:
            accepted = []
            for number in range(ROUNDS):
                meet.wait(60)
                accepted.append(send([given(number)], at=NOW, throttle=Throttle(DAY)).distribution.id)
                meet.wait(60)
                while dispatch_lane(Lane.URGENT, lambda: NOW):
                    pass
            return accepted
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(call_and_work, range(2)))
    assert outcomes_of(both) == Counter({("", "sent"): ROUNDS})
    deferred = Decision.objects.values_list("kind", "reason", "until").distinct()
    assert list(deferred) == [("deferred", "throttled", NOW + DAY)]
    dispatch_at(NOW + DAY - timedelta(seconds=1))
    assert SandboxMessage.objects.count() == ROUNDS
    dispatch_at(NOW + DAY)
    assert outcomes_of(both) == Counter({("sent", "sent"): ROUNDS})
    assert Distribution.objects.filter(sent_count=1).count() == 2 * ROUNDS
    assert SandboxMessage.objects.count() == 2 * ROUNDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rule", ["throttle", "frequency"])
def test_who_minds_earlier_sends_waits_for_a_begin_that_does_not(
    send: Send, organization: Organization, rule: str
) -> None:
    """The first one has no rule of its own, and has not written down yet to whom it will send."""
    organization.minimum_days_between_contacts = 1 if rule == "frequency" else None
    organization.save()
    carefree = send([given(0)], at=NOW, audience=AudienceRules(respect_frequency_rules=False))
    with held_at("judged", lambda: dispatch_at(NOW)) as race:
        minding = send([given(0)], at=NOW, throttle=Throttle(DAY) if rule == "throttle" else None)
        race.start(lambda: dispatch_at(NOW))
        assert not SandboxMessage.objects.exists()
    reasons = list(Decision.objects.values_list("distribution_id", "reason"))
    assert reasons == [(minding.distribution.id, "throttled" if rule == "throttle" else "frequency_rule")]
    assert Recipient.objects.get(distribution=carefree.distribution).outcome == "sent"
    assert SandboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_begins_that_mind_nothing_do_not_wait_for_one_another(send: Send) -> None:
    send([given(0)], at=NOW)
    with held_at("judged", lambda: dispatch_at(NOW)):
        send([given(0)], at=NOW)
        dispatch_at(NOW)
        assert SandboxMessage.objects.count() == 1
    assert SandboxMessage.objects.count() == 2


def outcomes_of(both: list[list[UUID]]) -> Counter[tuple[str, ...]]:
    """How many rounds ended in which pair of outcomes; "" is: it waits."""
    outcome = dict(Recipient.objects.values_list("distribution_id", "outcome"))
    return Counter(tuple(sorted((outcome[one], outcome[other]))) for one, other in zip(*both, strict=True))
