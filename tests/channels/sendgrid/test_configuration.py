"""What an operator can set for a SendGrid account, and what is wrong with it."""

from typing import Any

import pytest

from channels.providers.base import Outcome, Scope
from channels.providers.sendgrid.provider import SendGrid
from tests.support.channels.batches import ANN, BOB, send
from tests.support.channels.sendgrid_account import sendgrid_account


def test_a_configuration_that_was_broken_behind_the_form_is_about_the_account() -> None:
    results = send(sendgrid_account({"baseUrl": "ftp://example.com"}), ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(Outcome.PERMANENT, Scope.ACCOUNT)] * 2


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"baseUrl": "https://api.eu.sendgrid.com"},
        {"baseUrl": "http://127.0.0.1:8080/sendgrid"},
        {"baseUrl": "http://[::1]:8080"},
    ],
)
def test_a_right_configuration_has_no_fault(configuration: dict[str, Any]) -> None:
    assert SendGrid.configuration_faults(configuration) == []


def test_every_fault_of_a_configuration_is_named() -> None:
    faults = SendGrid.configuration_faults({"baseUrl": "x", "webhookPublicKey": "x", "apiKey": "SG.x"})
    assert [fault.field for fault in faults] == ["baseUrl", "webhookPublicKey", "apiKey"]


@pytest.mark.parametrize(
    "value",
    [
        None, 1, "", "api.sendgrid.com", "ftp://x.example", "https://x.example:0", "https://x.example:99999",
        "https://u:p@x.example", "https://x.example?y", "https://x.example#y", "https://x.example\r\nHost: y",
        "https://x example",
    ],
)  # fmt: skip
def test_what_is_no_base_url_is_a_fault(value: Any) -> None:
    assert len(SendGrid.configuration_faults({"baseUrl": value})) == 1
