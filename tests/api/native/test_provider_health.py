"""`health` of a provider account, and what a waiting recipient reads of it."""

from datetime import timedelta

import pytest
from django.test import Client

from channels.account_state.buckets import break_account, pause_account
from channels.account_state.refused_senders import hold_sender
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now

pytestmark = pytest.mark.django_db
WORKING: dict[str, object] = {"status": "working", "since": None, "until": None, "reason": None, "refusedSenders": []}


def health_of(client: Client, account: ProviderAccount) -> dict[str, object]:
    listed = client.get("/api/v1/providers").json()["items"]
    shown: dict[str, object] = client.get(f"/api/v1/providers/{account.pk}").json()["health"]
    assert next(row["health"] for row in listed if row["id"] == str(account.pk)) == shown
    return shown


def test_health_follows_the_account(client: Client, accounts: dict[Channel, ProviderAccount]) -> None:
    account, now = accounts[Channel.EMAIL], database_now()
    assert health_of(client, account) == WORKING
    pause_account(account.pk, now + timedelta(hours=1))
    paused = health_of(client, account)
    assert (paused["status"], paused["since"]) == ("paused", None)
    break_account(account.pk, "535 5.7.8 no", now)
    hold_sender(account.pk, "me@elsewhere.example", "550 not yours", now)
    broken = health_of(client, account)
    assert (broken["status"], broken["reason"]) == ("broken", "535 5.7.8 no")
    assert broken["since"] is not None
    assert broken["until"] is not None
    assert [row["email"] for row in broken["refusedSenders"]] == ["me@elsewhere.example"]  # type: ignore[attr-defined]
    ProviderAccount.objects.filter(pk=account.pk).update(is_active=False)
    assert health_of(client, account)["status"] == "inactive"
