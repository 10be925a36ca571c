"""Every service that Anymail supports: requests, refusals and bounces."""

import dataclasses
import re
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_plus

import pytest

from channels.events import EventKind, ForgedWebhookError
from channels.providers.anymail.services import SERVICES
from channels.providers.base import Outcome, Result, Scope
from tests.support.channels.anymail_account import anymail_account
from tests.support.channels.anymail_wire import ANN, API_KEY, NOW, WIRES, Wire, wired_account
from tests.support.channels.invitations import invitation
from tests.support.standins.server import Answer, Fault, Request, StandIn

TELLING = sorted(set(WIRES) - {"scaleway"})


class Service(StandIn):
    """Gives every request the same answer, and keeps the requests."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[Request] = []

    def take(self, request: Request) -> Answer:
        self.asked.append(request)
        return self.answer

    def word_fault(self, fault: Fault) -> Answer:
        raise NotImplementedError


def ask(esp: str, answer: Answer) -> tuple[Result, Request]:
    """Send an invitation to ANN; return its result and the service's request."""
    with Service(answer).running() as peer:
        provider = wired_account(esp, f"{peer.url}/base")
        [result] = provider.send_batch([invitation(ANN, number=5)])
        provider.close()
    return result, peer.asked[0]


def test_there_is_a_wire_for_every_service() -> None:
    assert WIRES.keys() == SERVICES.keys()


@pytest.mark.parametrize("esp", WIRES)
def test_it_gets_the_message_with_our_id_and_the_headers_of_one_click_unsubscribing(esp: str) -> None:
    result, asked = ask(esp, WIRES[esp].yes)
    assert result.outcome is Outcome.ACCEPTED
    assert re.fullmatch(WIRES[esp].message_id or r"[0-9a-f-]{36}", result.provider_message_id)
    body = unquote_plus(asked.body.decode()) if esp == "mailgun" else asked.body.decode()
    for text in (
        ANN,
        "surveys@acme.example",
        "help@acme.example",
        "How was it, friend?",
        "https://surveys.example/p/5",
    ):
        assert text in body
    assert "5-1" in body
    assert "<https://surveys.example/u/abc>" in body
    assert "List-Unsubscribe=One-Click" in body
    assert asked.path.startswith("/base/")


@pytest.mark.parametrize("esp", WIRES)
def test_it_is_shown_the_accounts_key(esp: str) -> None:
    _, asked = ask(esp, WIRES[esp].yes)
    shown = " ".join([asked.body.decode(), *asked.headers.values()])
    scheme, _, coded = asked.headers.get("authorization", "").partition(" ")
    assert API_KEY in shown + (b64decode(coded).decode() if scheme == "Basic" else "")


@pytest.mark.parametrize("esp", sorted(name for name, service in SERVICES.items() if service.has_click_switch))
def test_clicks_are_not_tracked_where_a_message_can_say_so(esp: str) -> None:
    _, asked = ask(esp, WIRES[esp].yes)
    body = unquote_plus(asked.body.decode())
    assert re.search(
        r'TrackLinks": ?"None|o:tracking-clicks=no|track_clicks": ?false|TrackClicks": ?"disabled'
        r'|click_tracking": ?false|track_links": ?0',
        body,
    )


def json_answer(status: int, body: str) -> Answer:
    return Answer(status, body.encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("esp", "answer", "outcome", "scope", "code"),
    [
        (
            "brevo",
            json_answer(400, '{"code":"invalid_parameter","message":"Sending has been rejected because the sender '
            'you used surveys@acme.example is not valid."}'),
            Outcome.PERMANENT, Scope.SENDER, "invalid_parameter",
        ),
        ("brevo", json_answer(401, '{"code":"unauthorized","message":"Key not found"}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "unauthorized"),
        ("brevo", json_answer(400, '{"code":"not_enough_credits","message":"Recharge your account"}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "not_enough_credits"),
        ("mailersend", json_answer(422, '{"message":"The from.email domain must be verified.",'
         '"errors":{"from.email":["The from.email domain must be verified."]}}'),
         Outcome.PERMANENT, Scope.SENDER, "422"),
        ("mailjet", json_answer(400, '{"Messages":[{"Status":"error","Errors":[{"ErrorIdentifier":"x","ErrorCode":'
         '"mj-0013","StatusCode":400,"ErrorMessage":"\\"x\\" is an invalid email address.",'
         '"ErrorRelatedTo":["To[0].Email"]}]}]}'),
         Outcome.PERMANENT, Scope.RECIPIENT, "mj-0013"),
        ("mailjet", json_answer(401, '{"ErrorIdentifier":"x","ErrorCode":"mj-0002","ErrorMessage":"Not allowed",'
         '"StatusCode":401}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "mj-0002"),
        ("mailtrap", json_answer(401, '{"success":false,"errors":["Unauthorized"]}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "401"),
        ("mandrill", json_answer(500, '{"status":"error","code":-1,"name":"Invalid_Key","message":"Invalid API key"}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "Invalid_Key"),
        ("mandrill", json_answer(500, '{"status":"error","code":-2,"name":"ValidationError","message":"Odd."}'),
         Outcome.PERMANENT, Scope.CONTENT, "ValidationError"),
        ("mandrill", json_answer(500, '{"status":"error","code":-99,"name":"GeneralError","message":"Alas."}'),
         Outcome.UNKNOWN, Scope.ACCOUNT, "GeneralError"),
        ("mandrill", json_answer(200, '[{"email":"ann@example.com","status":"rejected","reject_reason":"spam"}]'),
         Outcome.PERMANENT, Scope.RECIPIENT, "rejected"),
        ("postal", json_answer(200, '{"status":"error","data":{"code":"InvalidServerAPIKey","message":"No."}}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "InvalidServerAPIKey"),
        ("postal", json_answer(200, '{"status":"error","data":{"code":"UnauthenticatedFromAddress","message":"No."}}'),
         Outcome.PERMANENT, Scope.SENDER, "UnauthenticatedFromAddress"),
        ("resend", json_answer(403, '{"statusCode":403,"name":"validation_error","message":'
         '"The acme.example domain is not verified."}'),
         Outcome.PERMANENT, Scope.SENDER, "validation_error"),
        ("resend", json_answer(429, '{"statusCode":429,"name":"daily_quota_exceeded","message":"Enough."}'),
         Outcome.THROTTLED, Scope.ACCOUNT, "daily_quota_exceeded"),
        ("scaleway", json_answer(403, '{"type":"denied_authentication","message":"denied"}'),
         Outcome.PERMANENT, Scope.ACCOUNT, "denied_authentication"),
        ("sparkpost", json_answer(400, '{"errors":[{"message":"Invalid domain","description":'
         '"Unconfigured Sending Domain <acme.example>","code":"7001"}]}'),
         Outcome.PERMANENT, Scope.SENDER, "7001"),
        ("sparkpost", json_answer(200, '{"results":{"total_rejected_recipients":1,"total_accepted_recipients":0,'
         '"id":"7"}}'),
         Outcome.PERMANENT, Scope.RECIPIENT, "rejected"),
        ("unisender_go", json_answer(200, '{"status":"success","job_id":"1","emails":[],"failed_emails":'
         '{"ann@example.com":"unsubscribed"}}'),
         Outcome.PERMANENT, Scope.RECIPIENT, "rejected"),
        ("unisender_go", json_answer(200, '{"status":"success","job_id":"1","emails":[]}'),
         Outcome.UNKNOWN, None, "200"),
    ],
)  # fmt: skip
def test_its_refusals_say_whom_they_are_about(
    esp: str, answer: Answer, outcome: Outcome, scope: Scope | None, code: str
) -> None:
    result, _ = ask(esp, answer)
    assert (result.outcome, result.scope, result.code) == (outcome, scope, code)


# Events


@pytest.mark.parametrize("esp", sorted(esp for esp, wire in WIRES.items() if wire.bounce))
def test_a_hard_bounce_brings_back_the_attempt_and_the_address(esp: str) -> None:
    wire = WIRES[esp]
    [event] = wired_account(esp).read_webhook(wire.sign(wire.bounce), NOW).events
    assert (event.kind, event.attempt_id, event.address) == (EventKind.HARD_BOUNCED, "5-1", ANN)
    assert event.occurred_at.tzinfo is not None
    assert event.raw


@pytest.mark.parametrize("esp", TELLING)
def test_a_bounce_that_does_not_condemn_the_address_is_no_hard_one(esp: str) -> None:
    wire = WIRES[esp]
    [event] = wired_account(esp).read_webhook(wire.sign(wire.soft), NOW).events
    assert event.kind in (EventKind.SOFT_BOUNCED, EventKind.DELAYED)
    assert event.attempt_id == "5-1"


@pytest.mark.parametrize("esp", TELLING)
def test_an_event_told_twice_has_the_same_id(esp: str) -> None:
    wire = WIRES[esp]
    [first], [again] = (wired_account(esp).read_webhook(wire.sign(wire.soft), NOW).events for _ in range(2))
    assert first.event_id == again.event_id


@pytest.mark.parametrize("esp", TELLING)
def test_what_is_not_signed_or_not_by_this_account_is_forged(esp: str) -> None:
    wire = WIRES[esp]
    webhook = wire.sign(wire.soft)
    assert wired_account(esp).read_webhook(webhook, NOW).events
    bare = dataclasses.replace(webhook, headers={"content-type": webhook.headers["content-type"]})
    forgeries = [dataclasses.replace(webhook, body=b""), dataclasses.replace(webhook, body=b"\xff{")]
    if len(webhook.headers) > 1:
        forgeries = [bare, dataclasses.replace(bare, headers={**bare.headers, **_spoiled(webhook.headers)})]
    for forgery in forgeries:
        with pytest.raises(ForgedWebhookError):
            wired_account(esp).read_webhook(forgery, NOW)


def _spoiled(headers: Any) -> dict[str, str]:
    return {name: "żółć" if name != "authorization" else "Basic %%%" for name in headers if name != "content-type"}


@pytest.mark.parametrize("esp", sorted(set(TELLING) - {"unisender_go"}))
@pytest.mark.parametrize("secret", ["", "another:secret"])
def test_without_the_accounts_secret_nothing_is_believed(esp: str, secret: str) -> None:
    wire: Wire = WIRES[esp]
    with pytest.raises(ForgedWebhookError):
        wired_account(esp, secret=secret).read_webhook(wire.sign(wire.soft), NOW)


def test_unisender_go_signs_with_the_key_of_the_api() -> None:
    webhook = WIRES["unisender_go"].sign(WIRES["unisender_go"].soft)
    provider = anymail_account({"esp": "unisender_go", "baseUrl": "https://esp.example"}, api_key="another")
    with pytest.raises(ForgedWebhookError):
        provider.read_webhook(webhook, NOW)


def test_a_service_that_tells_nothing_is_not_believed() -> None:
    with pytest.raises(ForgedWebhookError):
        wired_account("scaleway").read_webhook(WIRES["postmark"].sign({}), NOW)


@pytest.mark.parametrize("esp", TELLING)
@pytest.mark.parametrize("odd", [{}, {"event": 5}, {"RecordType": "Inbound"}, {"events": [7]}, {"event-data": []}])
def test_a_signed_body_in_no_known_form_tells_nothing_that_matters(esp: str, odd: Any) -> None:
    events = wired_account(esp).read_webhook(WIRES[esp].sign(odd), NOW).events
    assert not {event.kind for event in events} & {EventKind.HARD_BOUNCED, EventKind.COMPLAINED}
