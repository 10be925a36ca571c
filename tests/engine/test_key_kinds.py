"""Test keys send nothing, whatever happens to their distributions; team keys reach the team only."""

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import ApiKey, Contact, Organization
from contacts.models.api_key import KeyKind, Scope
from distributor.engine.acceptance.accept import accept
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Decision, Distribution, Response, Touch
from tests.engine.conftest import Ask, Send
from tests.support.engine.people import dispatch, make_due, totals_of

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


def key_of(organization: Organization, kind: KeyKind) -> tuple[ApiKey, Client]:
    row, text = create_api_key(organization, kind, list(Scope), kind=kind)
    return row, Client(headers={"x-api-key": text})


@pytest.fixture
def silent(accounts: Accounts) -> ProviderAccount:
    """A live account at a server that nobody may call: it would refuse the connection."""
    account = accounts[Channel.EMAIL]
    account.kind, account.configuration = "smtp", {"host": "127.0.0.1", "port": 9, "security": "none"}
    account.save()
    return account


def test_a_test_key_sends_to_the_sandbox_whatever_its_account_is(
    organization: Organization, ask: Ask, silent: ProviderAccount
) -> None:
    key, _ = key_of(organization, KeyKind.TEST)
    organization.emails_per_day = 0
    organization.save()
    ProviderAccount.objects.update(rate_per_second=0.001)
    accepted = accept(organization, key, ask(3), database_now())
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    assert SandboxMessage.objects.filter(provider_account_id=silent.pk).count() == 3
    assert not Touch.objects.exists(), "a test holds back no survey"


def test_reminders_of_a_test_stay_in_the_sandbox(organization: Organization, ask: Ask, silent: ProviderAccount) -> None:
    key, _ = key_of(organization, KeyKind.TEST)
    accept(organization, key, ask(1, reminders=[(Channel.EMAIL, 60)]), database_now())
    dispatch()
    make_due()
    dispatch()
    assert SandboxMessage.objects.count() == 2
    assert set(Attempt.objects.values_list("state", flat=True)) == {"sent"}


def test_an_answer_says_that_it_was_a_test(organization: Organization, ask: Ask) -> None:
    key, client = key_of(organization, KeyKind.TEST)
    distribution = accept(organization, key, ask(1), database_now()).distribution
    assert client.get(f"/api/v1/distributions/{distribution.pk}").json()["keyKind"] == "test"


@pytest.mark.parametrize("kind", [KeyKind.TEST, KeyKind.TEAM])
def test_a_test_or_team_key_changes_no_live_distribution(organization: Organization, send: Send, kind: KeyKind) -> None:
    live = send(1).distribution
    _, client = key_of(organization, kind)
    path = f"/api/v1/distributions/{live.pk}"
    for action in ("pause", "resume", "cancel", "retry"):
        answer = client.post(f"{path}/{action}", "{}", "application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "other_kind_of_key")
    assert client.get(path).status_code == 200
    assert Distribution.objects.get().cancelled_at is None


def test_a_test_key_reports_no_response_to_a_live_link(organization: Organization, send: Send) -> None:
    """It would bring a thank-you."""
    [recipient] = send(1, thank_yous=[(Channel.EMAIL, 0)]).recipients
    _, client = key_of(organization, KeyKind.TEST)
    answer = client.post(f"/api/v1/links/{recipient.code}/responses", '{"answers": {}}', "application/json")
    assert answer.status_code == 404, answer.content
    assert not Response.objects.exists()


def test_a_team_key_reaches_the_team_and_skips_the_others(organization: Organization, ask: Ask) -> None:
    organization.team_addresses = ["person1@example.com"]
    organization.save()
    key, _ = key_of(organization, KeyKind.TEAM)
    accepted = accept(organization, key, ask(3), database_now())
    assert [skipped.refusal.reason for skipped in accepted.skipped] == ["not_in_team"] * 2
    dispatch()
    assert SandboxMessage.objects.get().to == "person1@example.com"


def test_whoever_leaves_the_team_before_the_message_gets_none(organization: Organization, ask: Ask) -> None:
    organization.team_addresses = ["person0@example.com"]
    organization.save()
    key, _ = key_of(organization, KeyKind.TEAM)
    accept(organization, key, ask(1), database_now())
    Contact.objects.update(email="stranger@example.com")
    dispatch()
    assert not SandboxMessage.objects.exists()
    assert "not_in_team" in Decision.objects.values_list("reason", flat=True)
