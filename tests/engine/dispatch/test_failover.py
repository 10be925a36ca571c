"""Several accounts for one step: who takes over when, who shares, and that nothing is sent twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from channels.account_state.buckets import break_account, pause_account
from channels.models import Pace, ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.accounts import FAILOVER_PAUSE
from distributor.models import Attempt, Batch, StepAccount
from distributor.rules.requests import StepRequest
from tests.engine.conftest import Send
from tests.support.admin_pages import address, faults
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, dispatch_at, fail_addresses, given, make_due, timeline_of, totals_of
from tests.support.engine.vendors import after_requests, sendgrid

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def first(accounts: Accounts) -> ProviderAccount:
    return accounts[Channel.EMAIL]


@pytest.fixture
def second(organization: Organization) -> ProviderAccount:
    return ProviderAccount.objects.create(
        organization=organization, name="Second", kind="sandbox", channel="email", from_email="second@acme.example"
    )


def carried() -> dict[str, int]:
    """Messages taken, by the name of the account."""
    names = {account.id: account.name for account in ProviderAccount.objects.all()}
    return dict(Counter(names[key] for key in SandboxMessage.objects.values_list("provider_account_id", flat=True)))


def stand_in(first: ProviderAccount, second: ProviderAccount) -> None:
    ProviderAccount.objects.filter(id=first.id).update(stand_in=second)


def test_without_a_stand_in_no_other_account_is_used(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    break_account(first.id, "401", database_now())
    accepted = send(3)
    dispatch()
    assert totals_of(accepted) == {"waiting": 3}
    assert carried() == {}


def test_the_stand_in_rests_while_the_first_works(send: Send, first: ProviderAccount, second: ProviderAccount) -> None:
    stand_in(first, second)
    accepted = send(3)
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    assert carried() == {first.name: 3}


@pytest.mark.parametrize("trouble", ["broken", "paused", "spent", "switched off"])
def test_whatever_stops_the_first_account_the_stand_in_takes_over_at_once(
    send: Send, first: ProviderAccount, second: ProviderAccount, trouble: str
) -> None:
    stand_in(first, second)
    accepted = send(5)
    now = database_now()
    match trouble:
        case "broken":
            break_account(first.id, "401", now)
        case "paused":
            pause_account(first.id, now + MINUTE)
        case "spent":
            ProviderAccount.objects.filter(id=first.id).update(daily_limit=2, urgent_reserve_percent=0)
        case "switched off":
            ProviderAccount.objects.filter(id=first.id).update(is_active=False)
    dispatch_at(now)
    assert totals_of(accepted) == {"sent": 5}
    by_first = {first.name: 2} if trouble == "spent" else {}
    assert carried() == {**by_first, "Second": 5 - sum(by_first.values())}


def test_the_stand_in_sends_as_itself_and_the_attempt_names_it(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    break_account(first.id, "401", database_now())
    accepted = send(1)
    dispatch()
    assert SandboxMessage.objects.get().sender == "second@acme.example"
    assert [attempt.provider_account_id for attempt in timeline_of(accepted).attempts] == [second.id]


def test_a_short_pause_is_sat_out(send: Send, first: ProviderAccount, second: ProviderAccount) -> None:
    stand_in(first, second)
    accepted = send(3)
    now = database_now()
    pause_account(first.id, now + FAILOVER_PAUSE)
    dispatch_at(now)
    assert totals_of(accepted) == {"waiting": 3}
    assert Batch.objects.get().due_at == now + FAILOVER_PAUSE
    dispatch_at(now + FAILOVER_PAUSE)
    assert carried() == {first.name: 3}


def test_an_account_that_is_only_slow_is_waited_for(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    ProviderAccount.objects.filter(id=first.id).update(rate_per_second=1, urgent_reserve_percent=0)
    accepted = send(5)
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 3, "waiting": 2}
    assert carried() == {first.name: 3}


def test_an_account_refused_mid_run_is_replaced_in_the_same_breath_and_nothing_goes_twice(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    with sendgrid(first) as peer:
        accepted = [send([given(call * 600 + number) for number in range(600)]) for call in range(2)]
        after_requests(peer, 1, "api_key", "SG.revoked")
        dispatch_at(database_now())
        assert [totals_of(one) for one in accepted] == [{"sent": 600}] * 2
        by_first = {mail.to for mail in peer.mails}
    assert len(by_first) == len(peer.mails) == 600
    by_second = set(SandboxMessage.objects.values_list("to", flat=True))
    assert SandboxMessage.objects.count() == len(by_second) == 600
    assert not by_first & by_second
    assert Attempt.objects.filter(number=1, state="sent").count() == Attempt.objects.count() == 1_200


def test_while_the_stand_in_carries_on_the_first_is_probed_and_takes_over_again(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    now = database_now()
    break_account(first.id, "401", now - MINUTE)
    accepted = send(20)
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 20}
    assert carried() == {first.name: 20}
    assert Pace.objects.get(account=first).broken_because == ""


def test_what_is_unknown_stays_with_its_account(
    send: Send, first: ProviderAccount, second: ProviderAccount, accounts: Accounts
) -> None:
    sms = accounts[Channel.SMS]
    other = ProviderAccount.objects.create(
        organization=sms.organization, name="Other SMS", kind="sandbox", channel="sms"
    )
    stand_in(sms, other)
    fail_addresses(sms, person0="unknown")
    accepted = send(2, Channel.SMS)
    dispatch()
    break_account(sms.id, "20003", database_now())
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "indeterminate": 1}
    assert carried() == {sms.name: 2}
    assert timeline_of(accepted).attempts[0].provider_account_id == sms.id


def test_a_crash_with_the_stand_in_is_told_of_the_stand_in(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    accepted = send(2)
    ProviderAccount.objects.filter(id=first.id).update(is_active=False)
    claim, route, _ = claim_next()
    begin_claim(claim, route)  # and then the worker dies, and somebody takes the stand-in away
    ProviderAccount.objects.filter(id=first.id).update(is_active=True, stand_in=None)
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 2, "duplicate_risk": 2}
    attempts = timeline_of(accepted).attempts
    assert [(one.state, one.provider_account_id) for one in attempts] == [("unknown", second.id), ("sent", first.id)]


def test_when_all_accounts_are_shut_the_batch_waits_for_the_first_that_opens(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    stand_in(first, second)
    accepted = send(2)
    now = database_now()
    break_account(first.id, "401", now)
    pause_account(second.id, now + 10 * SECOND)
    dispatch_at(now)
    assert totals_of(accepted) == {"waiting": 2}
    assert (Batch.objects.get().due_at, Batch.objects.get().last_error) == (
        now + 10 * SECOND,
        "Second is paused because its provider asked for it",
    )
    dispatch_at(now + 10 * SECOND)
    assert carried() == {"Second": 2}


def test_a_request_names_accounts_in_the_order_of_their_turn(
    send: Send, organization: Organization, first: ProviderAccount, second: ProviderAccount
) -> None:
    third = ProviderAccount.objects.create(organization=organization, name="Third", kind="sandbox", channel="email")
    accepted = send(4, further_accounts=[second, third])
    assert list(StepAccount.objects.values_list("position", "provider_account", "weight")) == [
        (0, first.id, None),
        (1, second.id, None),
        (2, third.id, None),
    ]
    break_account(first.id, "401", database_now())
    ProviderAccount.objects.filter(id=second.id).update(is_active=False)
    dispatch()
    assert totals_of(accepted) == {"sent": 4}
    assert carried() == {"Third": 4}


def test_accounts_with_weights_share_the_messages_by_them(
    send: Send, first: ProviderAccount, second: ProviderAccount
) -> None:
    accepted = [send([given(number)], further_accounts=[second], weights=[1, 3]) for number in range(200)]
    dispatch()
    assert all(totals_of(one) == {"sent": 1} for one in accepted)
    # 200 draws with p = 1/4: 50 ± 5.7 standard deviations of 6.1.
    assert 15 <= carried()[first.name] <= 85


@pytest.mark.parametrize("trouble", ["broken", "slow"])
def test_what_one_account_with_a_weight_cannot_take_goes_by_the_others(
    send: Send, first: ProviderAccount, second: ProviderAccount, trouble: str
) -> None:
    accepted = send(50, further_accounts=[second], weights=[1_000, 1])
    if trouble == "broken":
        break_account(first.id, "401", database_now())
    else:
        ProviderAccount.objects.filter(id=first.id).update(rate_per_second=2, urgent_reserve_percent=0)
    dispatch_at(database_now())
    assert totals_of(accepted) == {"sent": 50}
    assert carried().get(first.name, 0) <= 6


@pytest.mark.parametrize(
    ("weights", "fault"),
    [([1], "each provider account"), ([1, 0], "each provider account"), ([1, 2, 3], "each provider account")],
)
def test_weights_are_one_for_each_account(
    first: ProviderAccount, second: ProviderAccount, weights: list[int], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        StepRequest("email", first.id, first.id, further_account_ids=[second.id], weights=weights)


def test_no_account_is_named_twice(first: ProviderAccount) -> None:
    with pytest.raises(ValueError, match="named twice"):
        StepRequest("email", first.id, first.id, further_account_ids=[first.id])


def test_every_account_that_is_named_must_be_the_organisations_own(send: Send, first: ProviderAccount) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = ProviderAccount.objects.create(organization=other, name="Foreign", kind="sandbox", channel="email")
    with pytest.raises(UnknownReferencesError) as refused:
        send(1, further_accounts=[foreign])
    assert [(fault.step, fault.what, fault.code) for fault in refused.value.faults] == [(0, "provider", "not_found")]


def test_a_stand_in_is_of_the_same_organisation_and_channel(
    first: ProviderAccount, second: ProviderAccount, accounts: Accounts, admin_client: Client
) -> None:
    foreign = ProviderAccount.objects.create(
        organization=Organization.objects.create(name="Other", slug="other"),
        name="Foreign",
        kind="sandbox",
        channel="email",
    )
    form = {"name": "First", "configuration": "{}", "urgent_reserve_percent": 10, "is_active": "on"}
    for wrong in (foreign, accounts[Channel.SMS], first):
        answer = admin_client.post(address(first, "change"), {**form, "stand_in": wrong.pk})
        assert faults(answer)["stand_in"] == ["Choose another account of the same organisation and channel."]
    assert admin_client.post(address(first, "change"), {**form, "stand_in": second.pk}).status_code == 302
    first.refresh_from_db()
    assert first.stand_in == second
    assert admin_client.get(address(second, "delete")).status_code == 403


def test_the_database_keeps_an_account_from_standing_in_for_itself(first: ProviderAccount) -> None:
    with pytest.raises(IntegrityError, match="nobody_stands_in_for_itself"):
        stand_in(first, first)
