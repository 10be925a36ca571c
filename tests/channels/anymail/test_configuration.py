"""What an operator can set for an Anymail account, and what is wrong with it."""

from typing import Any

import pytest

from channels.providers.anymail.provider import Anymail
from channels.providers.base import Scope
from tests.support.channels.anymail_account import anymail_account
from tests.support.channels.batches import ANN, BOB, PERMANENT, send


def test_a_right_configuration_has_no_fault() -> None:
    for configuration in (
        {"esp": "postmark"},
        {"esp": "postmark", "messageStream": "outbound", "concurrency": 32},
        {"esp": "mailgun", "baseUrl": "https://api.eu.mailgun.net/v3", "senderDomain": "mg.acme.example"},
        {"esp": "postal", "baseUrl": "https://postal.acme.example"},
        {"esp": "scaleway", "projectId": "6170692e-7363-616c-6577-61792e636f6d", "region": "fr-par"},
    ):
        assert Anymail.configuration_faults(configuration) == []


@pytest.mark.parametrize(
    ("configuration", "names"),
    [
        ({}, ["esp"]),
        ({"esp": "pigeon"}, ["esp"]),
        ({"esp": ["postmark"]}, ["esp"]),
        ({"esp": "postal"}, ["baseUrl"]),
        ({"esp": "scaleway"}, ["projectId"]),
        ({"esp": "postmark", "senderDomain": "acme.example"}, ["senderDomain"]),
        ({"esp": "mailgun", "senderDomain": "acme.example/x"}, ["senderDomain"]),
        ({"esp": "postmark", "concurrency": 0, "baseUrl": "api.example"}, ["baseUrl", "concurrency"]),
        ({"esp": "postmark", "concurrency": True, "baseUrl": "https://x.example/{region}"}, ["baseUrl", "concurrency"]),
    ],
)
def test_every_fault_of_a_configuration_is_named(configuration: dict[str, Any], names: list[str]) -> None:
    faults = Anymail.configuration_faults(configuration)
    assert [fault.field for fault in faults] == names


@pytest.mark.parametrize(
    ("configuration", "credentials"),
    [
        ({}, {"api_key": "x"}),
        ({"esp": "postmark"}, {}),
        ({"esp": "postmark"}, {"api_key": "x\r\nX-Evil: 1"}),
        ({"esp": "mailjet"}, {"api_key": "x"}),
    ],
)
def test_what_an_account_lacks_is_about_the_account(configuration: dict[str, Any], credentials: dict[str, str]) -> None:
    results = send(anymail_account(configuration, **credentials), ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(PERMANENT, Scope.ACCOUNT)] * 2
