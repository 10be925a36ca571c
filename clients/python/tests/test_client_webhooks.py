"""Webhooks are verified as the Standard Webhooks specification says, by its own library as the oracle."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from standardwebhooks import Webhook

from distributor_client.webhooks import WebhookVerificationError, sign, verify

SECRET, OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_dGhlIG9sZCBzZWNyZXQgb2YgbGFzdCB5ZWFy"
BODY = b'{"type": "distribution.completed", "data": {"name": "caf\xc3\xa9"}}'
NOW = 1_900_000_000


def headers(signature: str, timestamp: object = NOW) -> dict[str, str]:
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(timestamp), "Webhook-Signature": signature}


def verified(signature: str, body: bytes = BODY, timestamp: object = NOW, now: int = NOW) -> Any:
    return verify(body, headers(signature, timestamp), SECRET, now_seconds=now)


@settings(max_examples=20)
@given(some.text(some.characters(codec="ascii", categories=["L", "N"]), min_size=1), some.text())
def test_signatures_are_those_of_the_specification(webhook_id: str, text: str) -> None:
    moment = datetime.fromtimestamp(NOW, UTC)
    assert sign(text.encode(), webhook_id, NOW, SECRET) == Webhook(SECRET).sign(webhook_id, moment, text)


def test_a_webhook_is_parsed() -> None:
    assert verified(sign(BODY, "msg_1", NOW, SECRET))["data"] == {"name": "café"}


def test_one_of_several_signatures_is_enough() -> None:
    old, new = sign(BODY, "msg_1", NOW, OLD_SECRET), sign(BODY, "msg_1", NOW, SECRET)
    assert verified(f"v1a,xyz {old} {new}")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"body": BODY + b" "}, "No signature fits"),
        ({"signature": sign(BODY, "msg_2", NOW, SECRET)}, "No signature fits"),
        ({"signature": sign(BODY, "msg_1", NOW, OLD_SECRET)}, "No signature fits"),
        ({"signature": sign(BODY, "msg_1", NOW, SECRET).replace("v1,", "v2,")}, "No signature fits"),
        ({"signature": "v1,"}, "No signature fits"),
        ({"signature": "v1,é"}, "No signature fits"),
        ({"signature": ""}, "Missing headers: webhook-signature"),
        ({"timestamp": NOW + 1}, "No signature fits"),
        ({"timestamp": "now"}, "not a number"),
        ({"now": NOW + 301}, "more than 300 s ago"),
        ({"now": NOW - 301}, "or in the future"),
    ],
)
def test_what_is_not_from_the_sender_is_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(WebhookVerificationError, match=reason):
        verified(**{"signature": sign(BODY, "msg_1", NOW, SECRET), **changed})


def test_five_minutes_are_tolerated() -> None:
    signature = sign(BODY, "msg_1", NOW, SECRET)
    assert verified(signature, now=NOW + 300)
    assert verified(signature, now=NOW - 300)


def test_a_secret_that_is_none_is_an_error_of_the_caller() -> None:
    for secret in ("whsec_", "whsec_not base64", ""):
        with pytest.raises(ValueError, match="Invalid secret"):
            verify(BODY, headers("v1,x"), secret, now_seconds=NOW)
