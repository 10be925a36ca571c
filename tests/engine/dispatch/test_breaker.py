"""Accounts that are throttled or refused, by the vendors' own wire: nothing is lost, nothing is burnt, all leave."""

from datetime import timedelta
from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from channels.buckets import break_account, pause_account
from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.control import cancel, pause, resume
from distributor.engine.dispatch.park import park_if_unavailable
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Attempt, Batch, Distribution
from tests.engine.conftest import Send
from tests.engine.dispatch.test_recover import take
from tests.support.engine.people import dispatch_at, events_of, given, story_of, totals_of
from tests.support.engine.vendors import after_requests, sendgrid, twilio
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.server import Fault

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def save_in_admin(account: ProviderAccount, **entered: str) -> str:
    """What an operator does when the vendor is content again; the page that follows."""
    operator = Client()
    operator.force_login(User.objects.get_or_create(username="olga", is_staff=True, is_superuser=True)[0])
    page = operator.get(reverse("admin:channels_provideraccount_change", args=[account.pk]))
    initial = page.context["adminform"].form.initial
    names = ("name", "from_email", "from_name", "urgent_reserve_percent", "is_active", "daily_limit", "stand_in")
    kept = {name: initial[name] for name in names if initial[name] not in (None, "") and initial[name] is not False}
    form = page.context["adminform"].form
    data = {**kept, "configuration": form["configuration"].value(), **entered}
    saved = operator.post(reverse("admin:channels_provideraccount_change", args=[account.pk]), data, follow=True)
    assert saved.redirect_chain, saved.context["adminform"].form.errors
    return saved.content.decode()


def test_an_account_suspended_mid_run_keeps_its_messages_and_all_leave_when_it_has_a_new_key(
    send: Send, accounts: Accounts
) -> None:
    account = accounts[Channel.EMAIL]
    with sendgrid(account) as peer:
        after_requests(peer, 1, "api_key", "SG.new")
        accepted = [send([given(call * 1_000 + number) for number in range(1_000)]) for call in range(3)]
        start = database_now()
        dispatch_at(start)
        assert [len(peer.mails), peer.requests] == [1_000, 2]
        assert Pace.objects.get().broken_because.startswith("401 The provided authorization grant is invalid")
        assert Attempt.objects.count() == 1_000
        totals = [totals_of(one) for one in accepted]
        assert sorted(total.popitem() for total in totals) == [("sent", 1_000), *[("waiting", 1_000)] * 2]

        # One probe a minute, and nothing is burnt however long it takes.
        for minute in range(1, 4):
            dispatch_at(start + minute * (MINUTE + SECOND))
        assert [len(peer.mails), peer.requests] == [1_000, 5]
        assert Attempt.objects.count() == 1_000
        assert max(Batch.objects.values_list("claims", flat=True)) == 0

        page = save_in_admin(account, enter_api_key="SG.new")
        assert "The breaker is closed" in page
        dispatch_at(start + 5 * MINUTE)
        assert [totals_of(one) for one in accepted] == [{"sent": 1_000}] * 3
    assert len({mail.to for mail in peer.mails}) == len(peer.mails) == 3_000
    assert Attempt.objects.filter(state="sent", number=1).count() == Attempt.objects.count() == 3_000
    assert not Distribution.objects.exclude(duplicate_risk_count=0).exists()


def test_a_twilio_account_suspended_mid_run_keeps_its_messages_and_all_leave_when_it_is_back(
    send: Send, accounts: Accounts
) -> None:
    account = accounts[Channel.SMS]
    with twilio(account) as peer:
        after_requests(peer, 30, "is_suspended", True)
        accepted = send(200, Channel.SMS)
        start = database_now()
        dispatch_at(start)
        sent = len(peer.messages)
        assert 26 <= sent <= 30
        assert totals_of(accepted) == {"sent": sent, "waiting": 200 - sent}
        assert Pace.objects.get().broken_because == "20003 Authentication Error - invalid username"
        dispatch_at(start + 61 * SECOND)
        assert len(peer.messages) == Attempt.objects.count() == sent

        peer.on_request, peer.is_suspended = None, False
        save_in_admin(account)
        dispatch_at(start + 3 * MINUTE)
        assert totals_of(accepted) == {"sent": 200}
    assert len({message.to for message in peer.messages}) == len(peer.messages) == 200
    assert Attempt.objects.filter(state="sent", number=1).count() == Attempt.objects.count() == 200


def test_an_account_that_comes_back_by_itself_is_noticed_by_a_probe(send: Send, accounts: Accounts) -> None:
    with sendgrid(accounts[Channel.EMAIL]) as peer:
        peer.api_key = "SG.revoked"
        accepted = send(50)
        start = database_now()
        dispatch_at(start)
        assert totals_of(accepted) == {"waiting": 50}
        peer.api_key = API_KEY
        dispatch_at(start + 61 * SECOND)
        assert Pace.objects.get().broken_because == ""
        dispatch_at(start + 3 * MINUTE)
        assert totals_of(accepted) == {"sent": 50}
        # The refused call, the probe, and the rest.
        assert [len(body["personalizations"]) for body in peer.bodies] == [1, 49]


def test_no_second_probe_goes_out_while_the_first_is_on_its_way(send: Send, accounts: Accounts) -> None:
    account = accounts[Channel.EMAIL]
    with sendgrid(account) as peer:
        peer.api_key = "SG.revoked"
        accepted = [send([given(number)]) for number in range(5)]
        start = database_now()
        dispatch_at(start)
        requests = peer.requests
        assert requests == 1
        dispatch_at(start + 61 * SECOND)
        assert peer.requests == 2
    assert [totals_of(one) for one in accepted] == [{"waiting": 1}] * 5


def test_batches_behind_an_open_breaker_queue_for_its_probes_and_all_wake_when_one_is_taken(
    send: Send, accounts: Accounts
) -> None:
    break_account(accounts[Channel.EMAIL].id, "401", database_now())
    accepted = [send([given(number)]) for number in range(4)]
    start = database_now()
    dispatch_at(start)
    opened_at = Pace.objects.get().probe_at
    assert opened_at is not None
    due = Batch.objects.order_by("due_at").values_list("due_at", flat=True)
    assert list(due) == [opened_at + number * MINUTE for number in range(4)]
    dispatch_at(opened_at)
    assert [totals_of(one) for one in accepted] == [{"sent": 1}] * 4


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_whoever_is_not_sent_to_any_more_does_not_wait_for_an_account(
    send: Send, accounts: Accounts, ending: str
) -> None:
    accepted = send(2)
    break_account(accounts[Channel.EMAIL].id, "401", database_now())
    dispatch_at(database_now())
    assert totals_of(accepted) == {"waiting": 2}
    if ending == "cancelled":
        cancel(accepted.distribution.id, database_now())
        dispatch_at(database_now())
    else:
        Distribution.objects.update(expires_at=database_now())
        dispatch_at(database_now() + 2 * MINUTE)
    assert totals_of(accepted) == {"stopped": 2}
    assert not Pace.objects.get().sent_today
    assert Pace.objects.get().broken_because == "401"


def test_a_distribution_that_was_paused_meanwhile_is_woken_too(send: Send, accounts: Accounts) -> None:
    account = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(id=account.id).update(daily_limit=1, urgent_reserve_percent=0)
    accepted = send(3)
    dispatch_at(database_now())
    pause(accepted.distribution.id, database_now())
    save_in_admin(account, daily_limit="3")
    resume(accepted.distribution.id, database_now())
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 3}


def test_a_batch_behind_an_open_breaker_says_so(send: Send, accounts: Accounts) -> None:
    now = database_now()
    break_account(accounts[Channel.EMAIL].id, "401 revoked", now)
    send(5)
    dispatch_at(database_now())
    batch = Batch.objects.get()
    assert batch.last_error == "e-mail sandbox is broken: 401 revoked"
    assert (batch.due_at, batch.claims, batch.lease_expires_at) == (now + MINUTE, 0, None)


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
        assert set(Batch.objects.filter(state="waiting").values_list("due_at", flat=True)) == {paused_until}
        dispatch_at(paused_until - SECOND)
        assert peer.requests == 1
        dispatch_at(paused_until)
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


def test_a_sender_that_only_one_call_asks_for_does_not_close_the_account_to_others(
    send: Send, accounts: Accounts
) -> None:
    with sendgrid(accounts[Channel.EMAIL], verified_senders=["surveys@acme.example"]) as peer:
        strange = send(2, from_email="me@elsewhere.example")
        usual = send([given(number) for number in range(2, 5)])
        start = database_now()
        dispatch_at(start)
        assert totals_of(strange) == {"waiting": 2}
        assert totals_of(usual) == {"sent": 3}
        assert not Pace.objects.exists()
        assert not Attempt.objects.exclude(state="sent").exists()
        assert events_of(strange) == ["accepted", "deferred"]
        peer.verified_senders = None
        dispatch_at(start + 2 * MINUTE)
        assert totals_of(strange) == {"sent": 2}


def test_the_accounts_own_sender_refused_opens_the_breaker(send: Send, accounts: Accounts) -> None:
    with sendgrid(accounts[Channel.EMAIL], verified_senders=["other@acme.example"]):
        accepted = send(2)
        dispatch_at(database_now())
    assert totals_of(accepted) == {"waiting": 2}
    assert Pace.objects.get().broken_because.startswith("403 The from address does not match")


def test_a_country_that_twilio_may_not_send_to_closes_nothing(send: Send, accounts: Accounts) -> None:
    with twilio(accounts[Channel.SMS], codes={"+48600000001": 21408}):
        accepted = send(4, Channel.SMS)
        dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 3, "failed": 1}
    assert story_of(accepted, 1).attempts[0].code == "21408"
    assert not Pace.objects.exists()


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
    save_in_admin(second, is_active="on")
    dispatch_at(database_now())
    assert (totals_of(held), totals_of(later)) == ({"sent": 3}, {"waiting": 1})


def test_a_daily_limit_that_is_raised_lets_the_rest_go_at_once(send: Send, accounts: Accounts) -> None:
    account = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(id=account.id).update(daily_limit=1, urgent_reserve_percent=0)
    accepted = send(3)
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 1, "waiting": 2}
    save_in_admin(account, daily_limit="3")
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 3}


def test_saving_an_account_ends_its_pause_and_leaves_an_entry_only_where_a_breaker_was_open(
    accounts: Accounts,
) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    pause_account(account.id, now + timedelta(hours=1))
    assert "The breaker is closed" not in save_in_admin(account)
    assert Pace.objects.get().paused_until is None
    break_account(account.id, "401", now)
    save_in_admin(account)
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
        claim, route, _ = take()
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
