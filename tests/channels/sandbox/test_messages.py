"""GET /api/v1/sandbox/messages"""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from channels.models import ProviderAccount
from channels.providers.base import Account
from channels.providers.sandbox import Sandbox
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.native.sandbox.wire import SandboxPage
from tests.support.channels.invitations import GROUP, SMS, invitation

URL = "/api/v1/sandbox/messages"
ANN, BOB, PHONE = "ann+home@example.com", "bob@example.com", "+48601234567"
OTHER_GROUP = str(UUID(int=8))

Accounts = dict[Channel, ProviderAccount]


def provider(account: ProviderAccount) -> Sandbox:
    return Sandbox(Account(account.id, account.organization_id, Channel(account.channel)))


@pytest.fixture
def three_messages(accounts: Accounts) -> Accounts:
    """An e-mail to Ann, one to Bob of another distribution, and an SMS."""
    provider(accounts[Channel.EMAIL]).send_batch(
        [invitation(ANN, to_name="Ann Lee"), invitation(BOB, number=2, group_id=OTHER_GROUP)]
    )
    provider(accounts[Channel.SMS]).send_batch([invitation(PHONE, number=3, variant=SMS)])
    return accounts


def read(client: Client, **query: str) -> dict[str, Any]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def addresses(answer: dict[str, Any]) -> list[str]:
    return [item["to"] for item in answer["items"]]


def test_messages_come_newest_first(client: Client, three_messages: Accounts) -> None:
    answer = read(client)
    assert (addresses(answer), answer["nextCursor"]) == ([PHONE, BOB, ANN], None)


def test_an_item_says_all_that_the_provider_was_handed(client: Client, three_messages: Accounts) -> None:
    [item] = read(client, to=ANN)["items"]
    assert isinstance(item.pop("id"), int)
    assert item.pop("receivedAt").endswith("Z")
    assert item == {
        "channel": "email",
        "to": ANN,
        "toName": "Ann Lee",
        "from": "ACME <surveys@acme.example>",
        "subject": "How was it, friend?",
        "html": '<p>Dear friend, <a href="https://surveys.example/p/1">answer</a>.</p>',
        "text": "Dear friend, answer: https://surveys.example/p/1",
        "headers": {
            "Message-ID": "<1-1@acme.example>",
            "Reply-To": "help@acme.example",
            "List-Unsubscribe": "<https://surveys.example/u/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "attemptId": "1-1",
        "distributionId": str(GROUP),
        "providerId": str(three_messages[Channel.EMAIL].id),
    }


def test_the_answer_is_what_its_schema_says(client: Client, three_messages: Accounts) -> None:
    answer = read(client, limit="1")
    assert SandboxPage.model_validate(answer, extra="forbid").next_cursor


@pytest.mark.parametrize("to", ["%2B48601234567", "+48601234567"])
def test_a_number_is_found_with_its_plus_percent_encoded_or_not(
    client: Client, three_messages: Accounts, to: str
) -> None:
    assert addresses(client.get(f"{URL}?to={to}").json()) == [PHONE]


def test_messages_of_one_distribution_can_be_asked_for(client: Client, three_messages: Accounts) -> None:
    assert addresses(read(client, distributionId=OTHER_GROUP)) == [BOB]
    assert addresses(read(client, distributionId=OTHER_GROUP, to=ANN)) == []


def test_pages_follow_one_another_without_gap_or_overlap(client: Client, three_messages: Accounts) -> None:
    response = client.get(URL, {"limit": 2})
    assert addresses(response.json()) == [PHONE, BOB]
    assert 'rel="next"' in response["Link"]
    last = read(client, limit="2", cursor=response.json()["nextCursor"])
    assert (addresses(last), last["nextCursor"]) == ([ANN], None)


def test_another_organisations_messages_are_not_shown(client: Client, three_messages: Accounts) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    Sandbox(Account(UUID(int=1), other.id, Channel.EMAIL)).send_batch([invitation("eve@example.com")])
    assert "eve@example.com" not in addresses(read(client))
    assert addresses(read(client, to="eve@example.com")) == []


def test_what_no_address_can_be_finds_nothing(client: Client, three_messages: Accounts) -> None:
    assert addresses(read(client, to="\0")) == [PHONE, BOB, ANN]
    assert addresses(read(client, to="x" * 5_000)) == []


def test_all_that_is_wrong_with_a_query_is_named(client: Client) -> None:
    response = client.get(URL, {"distributionId": "7", "cursor": "!", "limit": "0"})
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert {fault["pointer"] for fault in response.json()["errors"]} == {"?distributionId", "?cursor", "?limit"}


def test_a_wrong_distribution_alone_is_named(client: Client) -> None:
    response = client.get(URL, {"distributionId": "7"})
    assert response.status_code == 400
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["?distributionId"]


def test_reading_needs_a_key_with_the_scope_read(organization: Organization) -> None:
    key = create_api_key(organization, "sender", [Scope.SEND])[1]
    assert Client().get(URL).status_code == 401
    assert Client(headers={"x-api-key": key}).get(URL).status_code == 403
