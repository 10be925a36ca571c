"""Services that take an idempotency key are asked again when their answer is lost, and take the message once."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from channels.providers.anymail import idempotency
from channels.providers.base import Outcome, Result, Scope
from tests.support.channels.anymail_wire import ANN, WIRES, wired_account
from tests.support.channels.invitations import invitation
from tests.support.standins.server import Answer, Fault, Request, StandIn

OF_RESEND = "resend"
OF_BREVO = "brevo"
UNAVAILABLE = Answer(500, b'{"name":"application_error","message":"Alas."}', {"Content-Type": "application/json"})
TAKEN = Answer(
    400, b'{"code":"duplicate_parameter","message":"idempotencyKey was used"}', {"Content-Type": "application/json"}
)


class Keyed(StandIn):
    """A service that sends one message per key. Its first answer is `first`, or the connection is reset instead."""

    def __init__(self, esp: str, first: Answer | Fault, then: Answer | None = None) -> None:
        super().__init__()
        self.esp, self.first, self.then = esp, first, then
        self.keys: list[str] = []
        if isinstance(first, Fault):
            self.next_faults.append(first)

    def take(self, request: Request) -> Answer:
        if self.esp == OF_RESEND:
            self.keys.append(request.headers["idempotency-key"])
        else:
            self.keys.append(json.loads(request.body)["headers"]["idempotencyKey"])
        if len(self.keys) == 1 and isinstance(self.first, Answer):
            return self.first
        if self.then is not None:
            return self.then
        return TAKEN if self.esp == OF_BREVO and len(self.keys) > 1 else WIRES[self.esp].yes

    def word_fault(self, fault: Fault) -> Answer:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PAUSE_SECONDS", 0.0)


def send(service: Keyed) -> Result:
    with service.running():
        provider = wired_account(service.esp, f"{service.url}/base")
        [result] = provider.send_batch([invitation(ANN, number=5)])
        provider.close()
    return result


@pytest.mark.parametrize("esp", [OF_RESEND, OF_BREVO])
@pytest.mark.parametrize("lost", [UNAVAILABLE, Fault.RESET_AFTER])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(esp: str, lost: Answer | Fault) -> None:
    service = Keyed(esp, lost)
    result = send(service)
    assert result.outcome is Outcome.ACCEPTED
    assert len(service.keys) == 2
    assert len(set(service.keys)) == 1


def test_resends_second_answer_has_the_messages_id() -> None:
    assert send(Keyed(OF_RESEND, UNAVAILABLE)).provider_message_id


def test_keys_are_the_attempts_own() -> None:
    service = Keyed(OF_RESEND, WIRES[OF_RESEND].yes)
    send(service)
    assert service.keys == [f"{invitation(ANN, number=5).installation_id}/{invitation(ANN, number=5).attempt_id}"]
    brevo = Keyed(OF_BREVO, WIRES[OF_BREVO].yes)
    send(brevo)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", brevo.keys[0])


@pytest.mark.parametrize(
    "then",
    [
        UNAVAILABLE,
        Answer(429, b'{"name":"rate_limit_exceeded","message":"Slow down."}', {"Content-Type": "application/json"}),
        Answer(401, b'{"name":"invalid_api_key","message":"No."}', {"Content-Type": "application/json"}),
        Answer(409, b'{"name":"concurrent_idempotent_requests","message":"In progress."}', {}),
    ],
)
def test_a_second_request_that_is_turned_away_tells_nothing_of_the_first(then: Answer) -> None:
    assert send(Keyed(OF_RESEND, UNAVAILABLE, then)).outcome is Outcome.UNKNOWN


def test_a_refusal_of_the_message_is_the_answer_to_both() -> None:
    refused = Answer(
        422, b'{"name":"validation_error","message":"Invalid `to` field."}', {"Content-Type": "application/json"}
    )
    result = send(Keyed(OF_RESEND, UNAVAILABLE, refused))
    assert (result.outcome, result.scope) == (Outcome.PERMANENT, Scope.CONTENT)


def test_a_service_without_keys_is_not_asked_again() -> None:
    class Plain(Keyed):
        def take(self, request: Request) -> Answer:
            self.keys.append(str(request.headers.get("idempotency-key")))
            return UNAVAILABLE

    service: Any = Plain("postmark", UNAVAILABLE)
    assert send(service).outcome is Outcome.UNKNOWN
    assert service.keys == ["None"]


@pytest.mark.parametrize(
    ("esp", "window"),
    [
        (OF_RESEND, timedelta(hours=24)),
        ("sparkpost", timedelta(hours=24)),
        (OF_BREVO, timedelta(minutes=15)),
        ("postmark", timedelta(minutes=1)),
    ],
)
def test_an_attempt_is_repeatable_a_little_shorter_than_its_key_lives(esp: str, window: timedelta) -> None:
    provider = wired_account(esp)
    assert provider.repeat_window == window - timedelta(minutes=1)


def test_sparkposts_keys_have_the_characters_that_it_allows() -> None:
    class SparkPost(Keyed):
        def take(self, request: Request) -> Answer:
            self.keys.append(request.headers["idempotency-key"])
            return WIRES["sparkpost"].yes

    service = SparkPost("sparkpost", UNAVAILABLE)
    assert send(service).outcome is Outcome.ACCEPTED
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,255}", service.keys[0])


@pytest.mark.parametrize(
    ("esp", "code", "outcome"),
    [
        (OF_RESEND, b'{"name":"invalid_idempotent_request","message":"Other body."}', Outcome.ACCEPTED),
        (OF_BREVO, b'{"code":"duplicate_parameter","message":"Used."}', Outcome.ACCEPTED),
        ("sparkpost", b'{"errors":[{"code":"1600","message":"Other payload."}]}', Outcome.UNKNOWN),
        ("sparkpost", b'{"errors":[{"code":"1601","message":"In progress."}]}', Outcome.UNKNOWN),
    ],
)
def test_what_a_refused_key_says_of_the_message(esp: str, code: bytes, outcome: Outcome) -> None:
    class Refusing(Keyed):
        def take(self, request: Request) -> Answer:
            return Answer(409, code, {"Content-Type": "application/json"})

    assert send(Refusing(esp, UNAVAILABLE)).outcome is outcome
