"""Accounts that the vendor refuses, by its own wire: nothing is lost, and everything leaves once the account works."""

from datetime import timedelta

import pytest

from channels.account_state.buckets import break_account
from channels.models import Pace, ProviderAccount, RefusedSender
from contacts.channel import Channel
from distributor.engine.control import cancel, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Decision, Distribution
from tests.engine.conftest import Send
from tests.support.admin_pages import save_account
from tests.support.engine.people import dispatch_at, events_of, given, timeline_of, totals_of
from tests.support.engine.vendors import after_requests, sendgrid, twilio
from tests.support.standins.sendgrid import API_KEY

pytestmark = pytest.mark.django_db

Accounts = dict[Channel, ProviderAccount]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


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

        # Probes back off, and nothing is burnt however long it takes.
        for minutes in (1, 3, 6):
            dispatch_at(start + minutes * MINUTE)
        assert [len(peer.mails), peer.requests] == [1_000, 5]
        assert Attempt.objects.count() == 1_000
        assert max(Batch.objects.values_list("claims", flat=True)) == 0

        page = save_account(account, enter_api_key="SG.new")
        assert "The breaker is closed" in page
        dispatch_at(start + 10 * MINUTE)
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
        save_account(account)
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
    assert list(due) == [opened_at + number * 15 * SECOND for number in range(4)]
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
    save_account(account, daily_limit="3")
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
    assert (batch.due_at, batch.claims, batch.lease_expires_at) == (now + 15 * SECOND, 0, None)


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
        assert not Pace.objects.exclude(broken_because="", failures=0).exists()
        assert not Attempt.objects.exclude(state="sent").exists()
        assert events_of(strange) == ["accepted", "deferred"]
        assert RefusedSender.objects.get().email == "me@elsewhere.example"
        assert (
            Batch.objects.exclude(held_by=None)
            .get()
            .last_error.startswith("e-mail sandbox refuses the sender me@elsewhere.example: 403 The from address")
        )
        peer.verified_senders = None
        dispatch_at(start + 2 * MINUTE)
        assert totals_of(strange) == {"sent": 2}
        assert not RefusedSender.objects.exists()


def test_a_refused_sender_costs_one_probe_a_minute_and_one_sentence_a_person(send: Send, accounts: Accounts) -> None:
    with sendgrid(accounts[Channel.EMAIL], verified_senders=["surveys@acme.example"]) as peer:
        strange = [
            send([given(call * 10 + number) for number in range(10)], from_email="me@elsewhere.example")
            for call in range(3)
        ]
        start = database_now()
        for seconds in range(0, 601, 20):
            dispatch_at(start + seconds * SECOND)
        assert 10 <= peer.requests <= 12  # the first, and a probe a minute for ten minutes
        assert [totals_of(one) for one in strange] == [{"waiting": 10}] * 3
        assert not Pace.objects.filter(broken_because__gt="").exists()
        assert not Attempt.objects.exists()
        assert Decision.objects.count() == len(set(Decision.objects.values_list("recipient_id", flat=True)))
        save_account(accounts[Channel.EMAIL])
        peer.verified_senders = None
        dispatch_at(start + 601 * SECOND)
        assert [totals_of(one) for one in strange] == [{"sent": 10}] * 3


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
    assert timeline_of(accepted, 1).attempts[0].code == "21408"
    assert not Pace.objects.exists()
