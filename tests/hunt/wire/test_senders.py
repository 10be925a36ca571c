"""Senders and reply-to addresses that an organisation does not allow are refused, and nothing is written."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from contacts.sender_rules import SenderRules
from distributor.models import Distribution
from tests.support.api.faces import Face

OURS = SenderRules(["acme.example"], ["support@acme.example"])


@pytest.fixture
def rules(organization: Organization) -> Organization:
    organization.allowed_sender_domains = ["acme.example"]
    organization.allowed_reply_tos = ["support@acme.example"]
    organization.save()
    return organization


@pytest.mark.parametrize("sender", ["a@acme.example", "A@Mail.ACME.example", ""])
def test_our_domain_and_its_subdomains_are_allowed(sender: str) -> None:
    assert OURS.faults(sender, "Support@acme.example") == []


@pytest.mark.parametrize("sender", ["a@evil.example", "a@notacme.example", "a@acme.example.evil.example", "a@example"])
def test_others_are_not(sender: str) -> None:
    assert len(OURS.faults(sender, "a@acme.example")) == 2


def test_without_rules_any_is_allowed() -> None:
    assert SenderRules().faults("a@evil.example", "b@evil.example") == []


@pytest.mark.parametrize("fields", [{"fromEmail": "boss@bank.example"}, {"replyToEmail": "boss@acme.example"}])
def test_a_call_with_another_sender_is_refused(
    client: Client, faces: dict[str, Face], rules: Organization, fields: dict[str, Any]
) -> None:
    for name, steps in (("native", "steps"), ("quick", "channels")):
        face = faces[name]
        face.body[steps][0] |= fields
        answer = face.post(client)
        assert "acme.example" in face.check_error(answer, 400)
        assert answer.json()["errors"][0]["code"] == "sender_not_allowed"
    assert not Distribution.objects.exists()


def test_an_account_cannot_be_given_another_sender(
    client: Client, rules: Organization, accounts: dict[Channel, ProviderAccount]
) -> None:
    account = accounts[Channel.EMAIL]
    path = f"/api/v1/providers/{account.pk}"
    answer = client.patch(path, {"fromEmail": "boss@bank.example"}, "application/json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/fromEmail")
    account.organization, account.from_email = rules, "boss@bank.example"
    with pytest.raises(ValidationError, match="must be at acme"):
        account.full_clean()
