"""Accounts that the vendor throttles: a pause for all workers, and no attempt."""

from datetime import timedelta

import pytest

from channels.account_state.buckets import pause_account
from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch
from tests.engine.conftest import Send
from tests.support.engine.outages import outcomes
from tests.support.engine.people import dispatch_at, given, totals_of
from tests.support.engine.vendors import sendgrid
from tests.support.standins.server import Fault

pytestmark = pytest.mark.django_db

Accounts = dict[Channel, ProviderAccount]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_a_throttled_account_rests_for_all_workers_and_that_is_no_attempt(send: Send, accounts: Accounts) -> None:
    with sendgrid(accounts[Channel.EMAIL], reset_in_seconds=None, retry_after="90") as peer:
        peer.next_faults.append(Fault.THROTTLED)
        accepted = [send([given(number)]) for number in range(3)]
        start = database_now()
        dispatch_at(start)
        assert peer.requests == 1
        assert [totals_of(one) for one in accepted] == [{"waiting": 1}] * 3
        paused_until = Pace.objects.get().paused_until
        assert paused_until is not None
        assert 90 * SECOND <= paused_until - start < 92 * SECOND
        due_at = sorted(Batch.objects.filter(state="waiting").values_list("due_at", flat=True))
        # Whose message caused the pause lets the others go first.
        assert due_at == [paused_until, paused_until, paused_until + SECOND]
        dispatch_at(paused_until - SECOND)
        assert peer.requests == 1
        dispatch_at(paused_until)
        assert outcomes() == {"sent": 2, "waiting": 1}
        dispatch_at(paused_until + SECOND)
        assert [totals_of(one) for one in accepted] == [{"sent": 1}] * 3
    assert sorted(Attempt.objects.values_list("number", "state")) == [(1, "sent")] * 3


def test_a_shorter_pause_does_not_end_a_longer_one(accounts: Accounts) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    for seconds in (10, 600, 20):
        pause_account(account.id, now + seconds * SECOND)
    assert Pace.objects.get().paused_until == now + 600 * SECOND


def test_who_asks_for_no_pause_at_all_pauses_nobody(send: Send, accounts: Accounts) -> None:
    """“Not tried” is throttled without a pause: only our own time was up."""
    with sendgrid(accounts[Channel.EMAIL], reset_in_seconds=None, retry_after="0") as peer:
        peer.next_faults.append(Fault.THROTTLED)
        accepted = [send([given(number)]) for number in range(2)]
        dispatch_at(database_now())
        assert peer.requests == 2
    assert sorted(totals_of(one).popitem()[0] for one in accepted) == ["sent", "waiting"]
    assert not Pace.objects.exists()
