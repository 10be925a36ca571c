"""PATCH /api/v1/providers/{id}: the stored credentials never follow an account to another address."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from channels.models import ProviderAccount
from channels.providers.registry import PROVIDERS, provider_class
from tests.support.api.resources import make, patch
from tests.support.channels.twilio_account import SENDER, SERVICE
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN

ELSEWHERE = "https://collector.example"
SMTP = {"host": "mail.acme.example", "port": 587, "security": "starttls"}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "twilio": {
        "channel": "sms",
        "configuration": {"from": SENDER},
        "credentials": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
    },
    "sendgrid": {"channel": "email", "configuration": {}, "credentials": {"api_key": "SG.secret"}},
    "anymail": {
        "channel": "email",
        "configuration": {"esp": "scaleway", "projectId": "p"},
        "credentials": {"api_key": "secret", "webhook_secret": "user:secret"},
    },
    "smtp": {"channel": "email", "configuration": SMTP, "credentials": {"username": "acme", "password": "secret"}},
}
MOVES = [
    ("twilio", {"baseUrl": ELSEWHERE}),
    ("twilio", {"lookupsBaseUrl": ELSEWHERE}),
    ("sendgrid", {"baseUrl": ELSEWHERE}),
    ("anymail", {"baseUrl": ELSEWHERE}),
    ("anymail", {"region": "nl-ams"}),
    ("anymail", {"esp": "postmark", "projectId": None}),
    ("smtp", {"host": "collector.example"}),
    ("smtp", {"port": 2525}),
    ("smtp", {"security": "tls"}),
]


def make_account(client: Client, kind: str) -> dict[str, Any]:
    return make(client, "providers", kind=kind, **ACCOUNTS[kind])


def stored(made: dict[str, Any]) -> dict[str, str]:
    credentials: dict[str, str] = ProviderAccount.objects.get(pk=made["id"]).credentials
    return credentials


@pytest.mark.parametrize(("kind", "move"), MOVES)
def test_a_change_of_the_address_drops_the_stored_credentials(client: Client, kind: str, move: dict[str, Any]) -> None:
    made = make_account(client, kind)
    assert stored(made) == ACCOUNTS[kind]["credentials"]
    answer = patch(client, f"providers/{made['id']}", {"configuration": move})
    assert (answer.status_code, answer.json()["credentialNames"], stored(made)) == (200, [], {})
    assert bool(answer.json()["faults"]) is (kind != "smtp")  # a relay may take e-mail without a login


@pytest.mark.parametrize(("kind", "move"), MOVES)
def test_credentials_of_the_same_call_are_for_the_new_address(client: Client, kind: str, move: dict[str, Any]) -> None:
    made = make_account(client, kind)
    name = min(ACCOUNTS[kind]["credentials"])
    patch(client, f"providers/{made['id']}", {"configuration": move, "credentials": {name: "new"}})
    assert stored(made) == {name: "new"}


def test_an_address_moved_there_and_back_has_no_credentials(client: Client) -> None:
    made = make_account(client, "twilio")
    for base_url in (ELSEWHERE, None):
        patch(client, f"providers/{made['id']}", {"configuration": {"baseUrl": base_url}})
    assert stored(made) == {}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("twilio", {"messagingServiceSid": SERVICE, "concurrency": 2}),
        ("sendgrid", {"baseUrl": None}),
        ("anymail", {"concurrency": 2, "esp": "scaleway"}),
        ("smtp", {**SMTP, "connections": 2}),
    ],
)
def test_other_changes_keep_the_credentials(client: Client, kind: str, change: dict[str, Any]) -> None:
    made = make_account(client, kind)
    answer = patch(client, f"providers/{made['id']}", {"configuration": change, "name": "Renamed"})
    assert answer.status_code == 200
    assert answer.json()["faults"] == made["faults"]
    assert stored(made) == ACCOUNTS[kind]["credentials"]


def test_a_refused_change_drops_nothing(client: Client) -> None:
    made = make_account(client, "smtp")
    answer = patch(client, f"providers/{made['id']}", {"configuration": {"host": "collector.example", "port": 0}})
    assert answer.status_code == 400
    assert stored(made) == ACCOUNTS["smtp"]["credentials"]


def test_every_provider_that_takes_credentials_says_what_its_address_is() -> None:
    for kind in PROVIDERS:
        provider = provider_class(kind)
        assert bool(provider.credential_names) is bool(provider.address_fields), kind


def test_the_faults_of_an_account_name_what_is_missing(client: Client) -> None:
    made = make(client, "providers", kind="smtp", **ACCOUNTS["smtp"])
    assert made["faults"] == []
    answer = patch(
        client,
        f"providers/{made['id']}",
        {"configuration": {"host": "relay.example"}, "credentials": {"password": "new"}},
    )
    assert answer.json()["faults"] == ["The username is missing, and there is a password."]


@pytest.mark.parametrize(
    ("kind", "move", "words"),
    [
        ("twilio", {"baseUrl": "https://169.254.169.254"}, "private or reserved"),
        ("twilio", {"lookupsBaseUrl": "https://[::ffff:127.0.0.1]:8080"}, "private or reserved"),
        ("sendgrid", {"baseUrl": "https://2130706433/"}, "private or reserved"),
        ("sendgrid", {"baseUrl": "http://proxy.example"}, "must be encrypted"),
        ("anymail", {"baseUrl": "https://localhost/v3"}, "private or reserved"),
        ("smtp", {"host": "10.0.0.25"}, "private or reserved"),
        ("smtp", {"security": "none"}, "must be encrypted"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_at_once_and_allowed_if_it_is_listed(
    client: Client, settings: Settings, kind: str, move: dict[str, Any], words: str
) -> None:
    made = make_account(client, kind)
    settings.ALLOWED_PROVIDER_HOSTS = []
    answer = patch(client, f"providers/{made['id']}", {"configuration": move})
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["code"]) == (400, "invalid_configuration")
    assert words in fault["detail"]
    assert stored(made) == ACCOUNTS[kind]["credentials"]
    settings.ALLOWED_PROVIDER_HOSTS = ["*"]
    assert patch(client, f"providers/{made['id']}", {"configuration": move}).status_code == 200
