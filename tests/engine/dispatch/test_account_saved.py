"""Saving an account in the admin wakes what waits for it."""

from datetime import timedelta
from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction

from channels.account_state.buckets import break_account, pause_account
from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.dispatch.park import park_if_unavailable
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Batch
from tests.engine.conftest import Send
from tests.support.admin_pages import save_account
from tests.support.engine.claims import claim_next
from tests.support.engine.people import dispatch_at, given, totals_of
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db

Accounts = dict[Channel, ProviderAccount]


def test_saving_an_account_wakes_what_waits_for_it_or_for_whom_it_stands_in_and_nothing_else(
    send: Send, accounts: Accounts, organization: Organization
) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    second = ProviderAccount.objects.create(
        organization=organization, name="Second", kind="sandbox", channel="email", is_active=False
    )
    account.stand_in, account.daily_limit, account.urgent_reserve_percent = second, 1, 0
    account.save()
    held = send(3)
    later = send([given(7)], scheduled_at=now + timedelta(minutes=10))
    dispatch_at(database_now())
    assert totals_of(held) == {"sent": 1, "waiting": 2}
    save_account(second, is_active="on")
    dispatch_at(database_now())
    assert (totals_of(held), totals_of(later)) == ({"sent": 3}, {"waiting": 1})


def test_a_daily_limit_that_is_raised_lets_the_rest_go_at_once(send: Send, accounts: Accounts) -> None:
    account = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(id=account.id).update(daily_limit=1, urgent_reserve_percent=0)
    accepted = send(3)
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 1, "waiting": 2}
    save_account(account, daily_limit="3")
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 3}


def test_saving_an_account_ends_its_pause_and_leaves_an_entry_only_where_a_breaker_was_open(
    accounts: Accounts,
) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    pause_account(account.id, now + timedelta(hours=1))
    assert "The breaker is closed" not in save_account(account)
    assert Pace.objects.get().paused_until is None
    break_account(account.id, "401", now)
    save_account(account)
    assert Pace.objects.get().broken_because == ""
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("id")].count("Closed the breaker.") == 1


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_being_held_while_the_account_is_put_right_is_woken_all_the_same(
    send: Send, accounts: Accounts
) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    break_account(account.id, "401", now)
    send(1)
    is_holding = Event()

    def hold() -> None:
        claim, route, _ = claim_next()
        with transaction.atomic():
            assert park_if_unavailable(claim, route, now)
            is_holding.set()
            wait_until_blocked(1)

    def put_right() -> None:
        assert is_holding.wait(DEADLINE_SECONDS)
        resume_account(account.id, now)

    run_together([hold, put_right])
    batch = Batch.objects.get()
    assert (batch.due_at, batch.held_by, batch.lease_expires_at) == (now, None, None)
