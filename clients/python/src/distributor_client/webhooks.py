"""Verify webhooks that are signed by the Standard Webhooks specification (https://www.standardwebhooks.com).

event = verify(request.body, request.headers, "whsec_…")
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from distributor_client.errors import DistributorError

PREFIX: Final = "whsec_"
TOLERANCE_SECONDS: Final = 300


class WebhookVerificationError(DistributorError):
    """The webhook is not from whom it says, or is too old. Answer 400 and do nothing."""


def verify(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: int = TOLERANCE_SECONDS,
    now_seconds: float | None = None,
) -> Any:
    """Return the webhook's content, parsed from JSON. Raises WebhookVerificationError.

    `payload` is the body exactly as it was received. `secret` is `whsec_` and the key in base64. During a change of
    secrets a webhook has several signatures; one that fits is enough.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not given.get(name)]
    if missing:
        raise WebhookVerificationError(f"Missing headers: {', '.join(missing)}.")
    content = payload.encode() if isinstance(payload, str) else payload
    timestamp = _timestamp(given["webhook-timestamp"])
    if abs((time.time() if now_seconds is None else now_seconds) - timestamp) > tolerance_seconds:
        raise WebhookVerificationError(f"The webhook was signed more than {tolerance_seconds} s ago, or in the future.")
    expected = sign(content, given["webhook-id"], timestamp, secret).partition(",")[2].encode()
    signatures = [each.partition(",") for each in given["webhook-signature"].split(" ")]
    fits = [
        hmac.compare_digest(signature.encode(), expected) for version, _, signature in signatures if version == "v1"
    ]
    if not any(fits):
        raise WebhookVerificationError("No signature fits the body and the secret.")
    try:
        return json.loads(content)
    except ValueError as error:
        raise WebhookVerificationError("The body is not JSON.") from error


def sign(payload: bytes, webhook_id: str, timestamp: int, secret: str) -> str:
    """Return the signature `v1,…`, for tests of your own receiver."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("Invalid secret. It is whsec_ and base64, for example whsec_MfKQ9r8GKYqrTwjU.") from error
    if not key:
        raise ValueError("Invalid secret. It is empty.")
    signed = b".".join([webhook_id.encode(), str(timestamp).encode(), payload])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _timestamp(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise WebhookVerificationError("The header webhook-timestamp is not a number of seconds.")
    return int(value)
