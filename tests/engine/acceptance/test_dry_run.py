"""The dry run: by which accounts, and that it leaves nothing behind."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels.models import ProviderAccount, TemplateVariant
from contacts.channel import Channel
from contacts.identity import EmailsTakenError, UnknownContactsError
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.route.accounts import Hold
from distributor.models import Survey
from distributor.rules.requests import DistributionRequest, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.engine.conftest import Ask
from tests.support.engine.forecasts import (
    A_DAY,
    NOW,
    Accounts,
    check_dry_run,
    everything_stored,
    make_contacted_person,
    option_of,
)
from tests.support.engine.people import given

pytestmark = pytest.mark.django_db


def test_a_stand_in_is_planned_while_it_would_carry_the_messages(
    organization: Organization, ask: Ask, accounts: Accounts
) -> None:
    account = accounts[Channel.EMAIL]
    stand_in = ProviderAccount.objects.create(
        organization=organization, name="Stand-in", kind="sandbox", channel="email", daily_limit=10
    )
    account.stand_in, account.daily_limit = stand_in, 1
    account.save()
    assert option_of(check_dry_run(organization, ask(1))).account.id == account.id
    assert option_of(check_dry_run(organization, ask(1))).account.id == stand_in.id


def test_messages_cost_by_the_piece_and_texts_by_the_segment(
    organization: Organization, ask: Ask, accounts: Accounts
) -> None:
    assert not dry_run(organization, ask(2), NOW).costs
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(unit_price="0.001", price_currency="EUR")
    [mails] = dry_run(organization, ask(2), NOW).costs
    assert (mails.position, mails.units, mails.amount, mails.currency) == (0, 2, Decimal("0.002"), "EUR")
    ProviderAccount.objects.filter(id=accounts[Channel.SMS].id).update(unit_price="0.0345", price_currency="PLN")
    TemplateVariant.objects.filter(template__channel="sms").update(text="${link} " + "a" * 200)
    [texts] = dry_run(organization, ask(2, Channel.SMS), NOW).costs
    assert (texts.units, texts.amount, texts.currency) == (4, Decimal("0.138"), "PLN")


def test_accounts_named_in_order_are_asked_in_order(organization: Organization, ask: Ask, accounts: Accounts) -> None:
    other = ProviderAccount.objects.create(
        organization=organization, name="Other", kind="sandbox", channel="email", from_email="other@acme.example"
    )
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(daily_limit=1)
    request = ask(1, further_accounts=[other])
    assert option_of(check_dry_run(organization, request)).account.id == accounts[Channel.EMAIL].id
    assert option_of(check_dry_run(organization, request)).account.id == other.id


def test_accounts_that_share_by_weight_are_all_named(organization: Organization, ask: Ask, accounts: Accounts) -> None:
    other = ProviderAccount.objects.create(organization=organization, name="Other", kind="sandbox", channel="email")
    [carriers] = dry_run(organization, ask(1, further_accounts=[other], weights=[1, 3]), NOW).available_accounts
    assert not isinstance(carriers, Hold)
    assert [one.account.id for one in carriers] == [accounts[Channel.EMAIL].id, other.id]


def test_an_account_that_takes_nothing_now_is_said_to(organization: Organization, ask: Ask, accounts: Accounts) -> None:
    account = accounts[Channel.EMAIL]
    account.daily_limit = 1
    account.save()
    check_dry_run(organization, ask(1))
    [held] = dry_run(organization, ask(1), NOW).available_accounts
    assert isinstance(held, Hold)
    assert (held.account_id, held.explain()) == (account.id, f"{account.name} has reached its daily limit")


def test_nothing_is_written(
    organization: Organization,
    survey: Survey,
    accounts: Accounts,
    ask: Ask,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_contacted_person(organization, 1, NOW - A_DAY, survey)
    ProviderAccount.objects.update(daily_limit=5, rate_per_second=1)
    accept(organization, None, ask(3), NOW)
    before = everything_stored()
    people = [given(number, first_name="Changed") for number in range(5)]
    request = ask(
        [*people, given(6, email="", phone="")], Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=5,
        throttle=Throttle(A_DAY),
    )  # fmt: skip
    with django_capture_on_commit_callbacks() as callbacks:
        dry_run(organization, request, NOW)
    assert everything_stored() == before
    assert callbacks == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_outside_of_a_transaction_either(organization: Organization, ask: Ask) -> None:
    Contact.objects.create(organization=organization, **given(0))
    before = everything_stored()
    foreseen = dry_run(organization, ask([given(0, first_name="Changed"), given(1)]), NOW)
    assert [one.is_new for one in foreseen.contacts] == [False, True]
    assert everything_stored() == before


def test_a_dry_run_makes_as_many_queries_for_a_thousand_as_for_two(
    organization: Organization, ask: Ask, django_assert_num_queries: Any
) -> None:
    for count in (2, 1_000):
        request = ask(count, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=5)
        # savepoint, lock, references, contacts with suppressions, who they are, rollback (2), who there is, accounts,
        # templates, their variants, survey
        with django_assert_num_queries(12):
            dry_run(organization, request, NOW)


def test_a_dry_run_is_refused_like_the_call_itself(
    organization: Organization, survey: Survey, ask: Ask, accounts: Accounts
) -> None:
    make_contacted_person(organization, 0, NOW - A_DAY, survey)
    for number in (1, 2):
        Contact.objects.create(organization=organization, email=f"lone{number}@example.com")
    lone = Contact.objects.get(email="lone1@example.com")
    refused: list[tuple[DistributionRequest, type[Exception]]] = [
        (ask([{"contact_id": new_id()}]), UnknownContactsError),
        (ask([{"contact_id": lone.id, "email": "lone2@example.com"}]), EmailsTakenError),
        (ask(1, throttle=Throttle(2 * A_DAY, ThrottlePolicy.REJECT)), ThrottledError),
    ]
    ProviderAccount.objects.filter(id=accounts[Channel.SMS].id).update(is_active=False)
    refused.append((ask(1, Channel.SMS), UnknownReferencesError))
    for request, refusal in refused:
        with pytest.raises(refusal):
            dry_run(organization, request, NOW)
        with pytest.raises(refusal):
            accept(organization, None, request, NOW)
