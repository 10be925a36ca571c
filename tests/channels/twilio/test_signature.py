"""Which requests the Twilio webhook accepts."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.events import ForgedWebhookError, Webhook
from channels.providers.base import Account
from channels.providers.twilio.events import sign
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.support.channels.twilio_account import CREDENTIALS, SENDER, number
from tests.support.channels.twilio_account import WEBHOOK_URL as URL
from tests.support.standins.twilio import AUTH_TOKEN, Sent, TwilioStandIn

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
SID = "SM" + "5" * 32
PEER = TwilioStandIn()
SENT = Sent(SID, {"To": number(1), "From": SENDER, "StatusCallback": f"{URL}/2a-1"})
ACCOUNT = Account(UUID(int=1), UUID(int=2), Channel.SMS, {"from": SENDER}, CREDENTIALS, URL)


def is_believed(webhook: Webhook, account: Account = ACCOUNT) -> bool:
    try:
        Twilio(account).read_webhook(webhook, NOW)
    except ForgedWebhookError:
        return False
    return True


def signed(url: str, body: str, signature: str, content_type: str = "application/x-www-form-urlencoded") -> Webhook:
    return Webhook(url, {"content-type": content_type, "x-twilio-signature": signature}, body.encode())


def test_the_signature_of_twilios_documentation_is_believed() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert is_believed(signed(url, urlencode(form), "RSOYDt4T1cUTdK1PDd93/VVr8B8="))


class Fields(dict[str, list[str]]):
    """Return form fields in the form that the vendor's validator takes, repeated fields included."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.lists(st.text(max_size=8), min_size=1, max_size=3)),
    st.sampled_from([URL, f"{URL}/2a-1", f"{URL}?a=1&b=%C4%85"]),
    st.text(max_size=20),
)
def test_signatures_are_those_of_the_vendors_own_code(form: dict[str, list[str]], url: str, token: str) -> None:
    assert sign(token, url, form) == RequestValidator(token).compute_signature(url, Fields(form))


def test_a_field_told_twice_counts_with_each_different_value() -> None:
    body = "MessageSid=SM1&Digits=5678&Digits=1234&Digits=1234"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(URL, Fields(parse_qs(body)))
    assert is_believed(signed(URL, body, signature))
    assert not is_believed(signed(URL, "MessageSid=SM1&Digits=5678&Digits=1235", signature))


def test_an_empty_field_is_signed_with_the_others() -> None:
    signature = RequestValidator(AUTH_TOKEN).compute_signature(URL, {"MessageSid": "SM1", "Body": ""})
    assert is_believed(signed(URL, "MessageSid=SM1&Body=", signature))


@pytest.mark.parametrize(
    ("signed_url", "our_url"),
    [
        ("https://surveys.example:443/webhooks/7", "https://surveys.example/webhooks/7"),
        ("https://surveys.example/webhooks/7", "https://surveys.example:443/webhooks/7"),
        ("http://surveys.example:80/webhooks/7", "http://surveys.example/webhooks/7"),
        ("http://surveys.example/webhooks/7", "http://surveys.example:80/webhooks/7"),
        ("https://surveys.example:8443/webhooks/7", "https://surveys.example:8443/webhooks/7"),
        ("https://surveys.example/webhooks/7", "https://surveys.example:8443/webhooks/7"),
        ("http://h:80/webhooks/7", "http://h/webhooks/7"),
    ],
)
def test_a_port_may_or_may_not_be_in_the_signed_url(signed_url: str, our_url: str) -> None:
    webhook = PEER.signed(signed_url, {"MessageSid": SID})
    assert is_believed(dataclasses.replace(webhook, url=our_url))


@pytest.mark.parametrize(
    ("signed_url", "our_url"),
    [
        ("http://surveys.example/webhooks/7", "https://surveys.example/webhooks/7"),
        ("https://surveys.example:80/webhooks/7", "https://surveys.example/webhooks/7"),
        ("https://evil.example/webhooks/7", "https://surveys.example/webhooks/7"),
        ("https://surveys.example/webhooks/8", "https://surveys.example/webhooks/7"),
        ("https://surveys.example/webhooks/7/2a-1", "https://surveys.example/webhooks/7/2b-1"),
        ("https://surveys.example/webhooks/7?a=1", "https://surveys.example/webhooks/7?a=2"),
    ],
)
def test_another_url_is_a_forgery(signed_url: str, our_url: str) -> None:
    webhook = PEER.signed(signed_url, {"MessageSid": SID})
    assert not is_believed(dataclasses.replace(webhook, url=our_url))


def test_a_url_that_nobody_can_take_apart_is_compared_as_it_is() -> None:
    url = "https://surveys.example:port/webhooks/7"
    assert is_believed(signed(url, "", sign(AUTH_TOKEN, url, {})))


JSON = json.dumps({"property": "value", "boolean": True})


def json_webhook(body: str, url: str) -> Webhook:
    return signed(url, body, RequestValidator(AUTH_TOKEN).compute_signature(url, {}), "application/json")


def test_json_is_believed_by_its_hash_in_the_url_and_tells_nothing() -> None:
    url = f"{URL}?bodySHA256={sha256(JSON.encode()).hexdigest()}"
    assert Twilio(ACCOUNT).read_webhook(json_webhook(JSON, url), NOW).events == ()


@pytest.mark.parametrize("query", ["", "?bodySHA256=", f"?bodySHA256={'0' * 64}", "?bodySHA256=ą"])
def test_json_whose_hash_is_missing_or_wrong_is_a_forgery(query: str) -> None:
    assert not is_believed(json_webhook(JSON, URL + query))


def test_a_form_that_calls_itself_json_is_no_way_around_the_signature_of_its_fields() -> None:
    signature = sign(AUTH_TOKEN, URL, {})
    for content_type in ("application/json", "text/plain", ""):
        assert not is_believed(signed(URL, "MessageSid=SM1&MessageStatus=delivered", signature, content_type))


@pytest.mark.parametrize("signature", [None, b"bytes", 7, "", "ą", "not base64", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_a_signature_that_is_missing_or_no_signature_is_a_forgery(signature: Any) -> None:
    webhook = PEER.callback(SENT, "delivered")
    assert not is_believed(dataclasses.replace(webhook, headers={**webhook.headers, "x-twilio-signature": signature}))
    without = {name: value for name, value in webhook.headers.items() if name != "x-twilio-signature"}
    assert not is_believed(dataclasses.replace(webhook, headers=without))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"delivered", b"failed"),
        lambda body: body + b"&ErrorCode=30005",
        lambda body: body.partition(b"&")[2],
        lambda body: b"",
        lambda body: b"\xff\xfe" + body,
        lambda body: b"&".join(b"x%d=1" % number for number in range(5000)),
    ],
)
def test_a_body_that_was_changed_is_a_forgery(change: Callable[[bytes], bytes]) -> None:
    webhook = PEER.callback(SENT, "delivered")
    assert is_believed(webhook)
    assert not is_believed(dataclasses.replace(webhook, body=change(webhook.body)))


def test_another_accounts_token_is_a_forgery_and_so_is_everything_without_a_token() -> None:
    webhook = PEER.callback(SENT, "delivered")
    for token in ("another", ""):
        account = dataclasses.replace(ACCOUNT, credentials={**CREDENTIALS, "auth_token": token})
        assert not is_believed(webhook, account)
    unsigned = signed(URL, "", sign("", URL, {}))
    assert not is_believed(unsigned, dataclasses.replace(ACCOUNT, credentials={}))
