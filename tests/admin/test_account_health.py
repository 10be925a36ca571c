"""What operators read of an account in trouble."""

from datetime import timedelta

import pytest
from django.test import Client

from channels.account_state.buckets import break_account, pause_account, record_call
from channels.account_state.refused_senders import hold_sender
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from tests.support.admin_pages import address


@pytest.fixture
def account(organization: Organization) -> ProviderAccount:
    return ProviderAccount.objects.create(organization=organization, name="Relay", kind="sandbox", channel="email")


def page_of(operator: Client, account: ProviderAccount) -> str:
    return operator.get(address(account, "change")).content.decode()


def test_a_broken_account_says_since_when_why_and_when_it_is_tried_again(
    operator: Client, account: ProviderAccount
) -> None:
    now = database_now()
    break_account(account.pk, "535 5.7.8 no", now)
    page = page_of(operator, account)
    assert f"broken since {now:%Y-%m-%d %H:%M}: 535 5.7.8 no. Next probe: " in page
    assert f"{now + timedelta(seconds=15):%Y-%m-%d %H:%M:%S}" in page


def test_a_failing_and_a_paused_account_say_so(operator: Client, account: ProviderAccount) -> None:
    now = database_now()
    lost = Result(Outcome.TRANSIENT, detail="refused", scope=Scope.ROUTE)
    record_call(account.pk, [1], [lost], is_probe=False, now=now, jitter=0.5)
    assert f"failing since {now:%Y-%m-%d %H:%M:%S}" in page_of(operator, account)
    record_call(account.pk, [1], [Result(Outcome.ACCEPTED)], is_probe=False, now=now, jitter=0.5)
    until = now + timedelta(minutes=5)
    pause_account(account.pk, until)
    assert f"paused until {until:%Y-%m-%d %H:%M:%S}" in page_of(operator, account)


def test_refused_senders_are_listed_until_the_account_is_saved(operator: Client, account: ProviderAccount) -> None:
    hold_sender(account.pk, "me@elsewhere.example", "550 5.7.1 not yours", database_now())
    assert "550 5.7.1 not yours" in page_of(operator, account)
    form = {"name": "Relay", "configuration": "{}", "urgent_reserve_percent": 10, "is_active": "on"}
    assert operator.post(address(account, "change"), form).status_code == 302
    assert "550 5.7.1 not yours" not in page_of(operator, account)
