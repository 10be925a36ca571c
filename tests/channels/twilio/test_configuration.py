"""What an operator can set for a Twilio account, and what is wrong with it."""

from typing import Any

import pytest

from channels.providers.base import Outcome, Scope
from channels.providers.configuration import ConfigurationFault
from channels.providers.registry import configuration_faults
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.support.channels.twilio_account import CONTENT, CREDENTIALS, SENDER, SERVICE, Connect, Serve, people

WHOLE: dict[str, Any] = {
    "from": SENDER,
    "messagingServiceSid": SERVICE,
    "contentSid": CONTENT,
    "contentVariables": {"1": "${contact:firstName|there}", "2": "${link}"},
    "baseUrl": "https://api.dublin.ie1.twilio.com",
    "lookupsBaseUrl": "http://127.0.0.1:8080/lookups",
    "validityPeriodSeconds": 36_000,
    "concurrency": 64,
}


@pytest.mark.parametrize(
    "configuration",
    [
        {"from": SENDER},
        {"from": "12345"},
        {"from": "ACME Surveys"[:11]},
        {"messagingServiceSid": SERVICE},
        WHOLE,
        dict.fromkeys(WHOLE) | {"from": SENDER},
    ],
)
def test_a_configuration_that_works_has_no_faults(configuration: dict[str, Any]) -> None:
    assert Twilio.configuration_faults(configuration) == []


WRONG: list[tuple[str, Any]] = [
    *(("from", value) for value in ("", "+0123456", "123456789012", "Twelve chars", "A\nB", "12", 12345, ["+48"])),
    *(("messagingServiceSid", value) for value in ("", "MG1", "HX" + "b" * 32, SERVICE + "\n", 7)),
    *(("contentSid", value) for value in ("", "HX1", SERVICE, True)),
    *(("contentVariables", value) for value in (["1"], "{}", {"1": 7}, {"1": None})),
    *(("baseUrl", value) for value in ("", "api.twilio.com", "ftp://api.twilio.com", "https://", 7)),
    *(("baseUrl", value) for value in ("https://user@host", "https://host/?a=1", "https://host/#a", "https://h:x")),
    *(("lookupsBaseUrl", value) for value in ("https://h h", "https://[::1", "https://h:0")),
    *(("validityPeriodSeconds", value) for value in (0, 36_001, -1, 1.5, "60", True)),
    *(("concurrency", value) for value in (0, 65, 1.5, "16", True)),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_one_fault_that_names_it(name: str, value: object) -> None:
    [fault] = Twilio.configuration_faults(WHOLE | {name: value})
    assert fault.field == name
    assert fault.message.startswith(f"“{name}” ")


def test_all_faults_are_named_at_once() -> None:
    faults = Twilio.configuration_faults(
        {"contentVariables": {"1": "${name}"}, "baseUrl": 1, "concurrency": 0, "token": "x", "sender": "y"}
    )
    assert [(fault.field, fault.message) for fault in faults] == [
        ("from", "“from” or “messagingServiceSid” is required: who the messages come from."),
        ("concurrency", "“concurrency” must be a whole number from 1 to 64."),
        ("baseUrl", "“baseUrl” must be a URL, for example https://api.twilio.com."),
        ("contentVariables", "“contentVariables” requires “contentSid”, the template that has the variables."),
        ("contentVariables", "“contentVariables”: unknown placeholder ${name}."),
        ("token", "“token” is not a setting of Twilio."),
        ("sender", "“sender” is not a setting of Twilio."),
    ]


def test_it_sends_sms_and_whatsapp_and_no_email() -> None:
    assert configuration_faults("twilio", "sms", {"from": SENDER}) == []
    assert configuration_faults("twilio", "whatsapp", {"from": SENDER}) == []
    assert configuration_faults("twilio", "email", {"from": SENDER}) == [
        ConfigurationFault("", "Twilio does not send e-mail.")
    ]


@pytest.mark.parametrize(
    ("channel", "configuration", "credentials", "message"),
    [
        (Channel.SMS, {"from": None}, CREDENTIALS, "“from” or “messagingServiceSid” is required"),
        (Channel.WHATSAPP, {"from": "ACME"}, CREDENTIALS, "“from” must be the number of a WhatsApp sender"),
        (Channel.SMS, {"contentVariables": {"1": 7}}, CREDENTIALS, "“contentVariables” must map"),
        (Channel.SMS, {}, {}, "The account_sid must be “AC” and 32 hexadecimal digits. The auth_token is missing."),
        (Channel.SMS, {}, {**CREDENTIALS, "account_sid": "AC/../../x"}, "The account_sid must be “AC”"),
    ],
)
def test_an_account_that_cannot_work_asks_nobody(
    serve_twilio: Serve,
    connect_twilio: Connect,
    channel: Channel,
    configuration: dict[str, Any],
    credentials: dict[str, str],
    message: str,
) -> None:
    peer = serve_twilio()
    results = connect_twilio(peer, channel=channel, credentials=credentials, **configuration).send_batch(people(2))
    assert [(result.outcome, result.scope) for result in results] == [(Outcome.PERMANENT, Scope.ACCOUNT)] * 2
    assert message in results[0].detail
    assert peer.connections == 0
