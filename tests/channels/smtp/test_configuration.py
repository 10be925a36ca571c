"""What an operator can set for an SMTP account, and what is wrong with it."""

from typing import Any
from uuid import UUID

import pytest

from channels.providers.base import Account, Scope
from channels.providers.smtp.provider import Smtp
from contacts.channel import Channel
from tests.support.channels.batches import ANN, BOB, PERMANENT, send


def test_a_right_configuration_has_no_fault() -> None:
    assert Smtp.configuration_faults({"host": "smtp.example.com", "port": 587, "security": "starttls"}) == []


def test_every_fault_of_a_configuration_is_named() -> None:
    faults = Smtp.configuration_faults({"host": "", "port": 70_000, "security": "ssl", "user": "acme"})
    assert [fault.field for fault in faults] == ["host", "port", "security", "user"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "a b"), ("host", 25), ("host", "x\r\n"), ("port", True), ("port", "25"), ("port", 0), ("security", [])],
)
def test_a_value_of_the_wrong_kind_is_a_fault(name: str, value: Any) -> None:
    right = {"host": "127.0.0.1", "port": 25, "security": "none"}
    assert len(Smtp.configuration_faults(right | {name: value})) == 1


@pytest.mark.parametrize(
    ("value", "is_right"),
    [(None, True), (1, True), (16, True), (0, False), (17, False), (True, False), ("4", False)],
)
def test_connections_are_few_and_counted(value: Any, is_right: bool) -> None:
    right = {"host": "127.0.0.1", "port": 25, "security": "none"}
    assert (Smtp.configuration_faults(right | {"connections": value}) == []) is is_right


def test_all_three_settings_are_needed() -> None:
    assert len(Smtp.configuration_faults({})) == 3


def test_a_configuration_that_was_broken_behind_the_form_is_about_the_account() -> None:
    provider = Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, {"host": "127.0.0.1"}))
    results = send(provider, ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(PERMANENT, Scope.ACCOUNT)] * 2
