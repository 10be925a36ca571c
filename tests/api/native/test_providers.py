"""/api/v1/providers"""

import json
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.models import Step
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, BODIES, make, patch, post
from tests.support.journeys import make_journey, make_survey

SECRET = BODIES["providers"]["credentials"]["password"]


def stored(made: dict[str, Any]) -> ProviderAccount:
    return ProviderAccount.objects.get(pk=made["id"])


def test_an_account_is_answered_without_its_credentials(client: Client) -> None:
    made = make(client, "providers")
    shown = {name: value for name, value in BODIES["providers"].items() if name != "credentials"}
    added = ("id", "createdAt", "credentialNames", "health", "faults", "isDefault")
    assert made == {**shown, **{name: made[name] for name in added}}
    assert made["credentialNames"] == ["password", "username"]
    assert stored(made).credentials == BODIES["providers"]["credentials"]


def test_no_answer_shows_a_credential(client: Client) -> None:
    made = make(client, "providers")
    path = f"providers/{made['id']}"
    answers = [
        client.get(f"{BASE}/{path}"),
        client.get(f"{BASE}/providers"),
        patch(client, path, {"credentials": {"password": SECRET + "2"}}),
        patch(client, path, {"credentials": {"passwort": SECRET, "password": [SECRET]}, "name": 1}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 400]
    assert SECRET not in json.dumps(made) + "".join(answer.content.decode() for answer in answers)


def test_configuration_and_credentials_are_changed_key_by_key(client: Client) -> None:
    made = make(client, "providers")
    said = {
        "configuration": {"connections": 2},
        "credentials": {"username": None, "password": "new"},
        "fromName": None,
        "isActive": False,
    }
    response = patch(client, f"providers/{made['id']}", said)
    assert response.json() == {
        **made,
        "configuration": {**made["configuration"], "connections": 2},
        "credentialNames": ["password"],
        "faults": ["The username is missing, and there is a password."],
        "fromName": None,
        "isActive": False,
        "health": {**made["health"], "status": "inactive"},
    }
    assert stored(made).credentials == {"password": "new"}
    assert client.get(f"{BASE}/providers/{made['id']}").json() == response.json()


def test_a_change_must_fit_what_is_there(client: Client) -> None:
    made = make(client, "providers")
    response = patch(client, f"providers/{made['id']}", {"configuration": {"host": None, "prot": 1}, "name": "x"})
    assert response.status_code == 400
    assert {pointer for pointer, _ in faults_in(response)} == {"/configuration/host", "/configuration/prot"}
    assert client.get(f"{BASE}/providers/{made['id']}").json() == made


def test_a_price_needs_its_currency(client: Client) -> None:
    made = make(client, "providers")
    address = f"providers/{made['id']}"
    response = patch(client, address, {"unitPrice": "0.0345", "priceCurrency": None})
    assert faults_in(response) == [("/priceCurrency", "currency_missing")]
    assert faults_in(patch(client, address, {"unitPrice": -1, "priceCurrency": "eur"})) == [
        ("/unitPrice", "greater_than_equal"),
        ("/priceCurrency", "invalid_currency"),
    ]
    changed = patch(client, address, {"unitPrice": 0.0345, "priceCurrency": "EUR"}).json()
    assert (changed["unitPrice"], changed["priceCurrency"]) == ("0.0345", "EUR")
    assert faults_in(patch(client, address, {"priceCurrency": None})) == [("/priceCurrency", "currency_missing")]
    cleared = patch(client, address, {"unitPrice": None, "priceCurrency": None}).json()
    assert (cleared["unitPrice"], cleared["priceCurrency"]) == (None, None)


@pytest.mark.parametrize(
    ("kind", "channel", "configuration", "pointers"),
    [
        ("smtp", "email", {}, {"host", "port", "security"}),
        ("smtp", "email", {"host": "", "port": "25", "security": "ssl", "~/": 1}, {"host", "port", "security", "~0~1"}),
        (
            "sendgrid",
            "email",
            {"baseUrl": "x", "webhookPublicKey": "x", "url": 1},
            {"baseUrl", "webhookPublicKey", "url"},
        ),
        ("twilio", "sms", {}, {"from"}),
        ("anymail", "email", {}, {"esp"}),
        ("anymail", "email", {"esp": "mailgun", "baseUrl": "x", "concurrency": 0}, {"baseUrl", "concurrency"}),
        ("twilio", "whatsapp", {"from": 1, "contentSid": "x", "more": 1}, {"from", "contentSid", "more"}),
        (
            "sandbox",
            "sms",
            {"failAddresses": 1, "latencySeconds": -1, "x": 1},
            {"failAddresses", "latencySeconds", "x"},
        ),
    ],
)
def test_every_fault_of_a_configuration_is_named_with_its_pointer(
    client: Client, kind: str, channel: str, configuration: dict[str, Any], pointers: set[str]
) -> None:
    response = post(
        client,
        "providers",
        {"name": "", "kind": kind, "channel": channel, "configuration": configuration, "credentials": {"pin": "1"}},
    )
    assert response.status_code == 400
    assert {pointer for pointer, _ in faults_in(response)} == {
        "/name",
        "/credentials/pin",
        *(f"/configuration/{name}" for name in pointers),
    }
    assert ProviderAccount.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "pigeon"}, ("/kind", "unknown_kind")),
        ({"kind": 1}, ("/kind", "string_type")),
        ({"channel": "sms"}, ("/channel", "wrong_channel")),
        ({"channel": "fax"}, ("/channel", "enum")),
        ({"configuration": []}, ("/configuration", "dict_type")),
    ],
)
def test_kind_and_channel_are_known_and_fit(client: Client, change: dict[str, Any], fault: tuple[str, str]) -> None:
    response = post(client, "providers", {**BODIES["providers"], **change})
    assert response.status_code == 400
    assert fault in faults_in(response)


def test_kind_and_channel_are_fixed(client: Client) -> None:
    made = make(client, "providers")
    response = patch(client, f"providers/{made['id']}", {"kind": "smtp", "channel": "email", "name": None})
    assert response.status_code == 400
    assert sorted(faults_in(response)) == [
        ("/channel", "fixed_after_creation"),
        ("/kind", "fixed_after_creation"),
        ("/name", "string_type"),
    ]


def test_a_stand_in_is_another_account_of_the_organisation_and_channel(client: Client) -> None:
    made, other = make(client, "providers"), make(client, "providers", name="Other")
    path = f"providers/{made['id']}"
    assert patch(client, path, {"standInId": other["id"]}).json() == {**made, "standInId": other["id"]}
    organization = Organization.objects.create(name="Other", slug="other")
    foreign = ProviderAccount.objects.create(organization=organization, name="x", kind="sandbox", channel="email")
    sms = make(client, "providers", kind="sandbox", channel="sms", configuration={}, credentials={})
    for wrong in (made["id"], sms["id"], str(foreign.pk)):
        response = patch(client, path, {"standInId": wrong})
        assert (response.status_code, faults_in(response)) == (400, [("/standInId", "provider_not_found")])
    response = post(client, "providers", {**BODIES["providers"], "standInId": sms["id"], "name": ""})
    assert {pointer for pointer, _ in faults_in(response)} == {"/name", "/standInId"}
    assert client.delete(f"{BASE}/providers/{other['id']}").status_code == 204
    assert client.get(f"{BASE}/{path}").json()["standInId"] is None


def test_an_account_that_was_sent_with_stays(client: Client, accounts: dict[Channel, ProviderAccount]) -> None:
    account = accounts[Channel.EMAIL]
    journey = make_journey(make_survey(account.organization))
    Step.objects.filter(distribution_id=journey.distribution_id).update(provider_account=account)
    response = client.delete(f"{BASE}/providers/{account.pk}")
    assert (response.status_code, response.json()["code"]) == (409, "provider_in_use")
    assert faults_in(response) == [("", "used_by_distributions")]
