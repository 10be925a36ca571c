"""SendGrid's event webhook: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.events import Event, EventKind, ForgedWebhookError, Webhook
from channels.rendering import encode_subject

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"
# SendGrid tries again for 24 h, and its clock and ours may differ.
AGE_MAX = timedelta(hours=25)
AHEAD_MAX = timedelta(minutes=5)
CODE_LENGTH = 63
DETAIL_LENGTH = 500

EVENT_KINDS = {
    "processed": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "deferred": EventKind.DELAYED,
    "bounce": EventKind.HARD_BOUNCED,
    "dropped": EventKind.DROPPED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
# Why SendGrid did not even try: it remembers what this address did before. That is told beside the drop, of the address
# and of no message: nobody bounced, complained or unsubscribed this time.
DROP_REASONS = {
    "bounced address": EventKind.HARD_BOUNCED,
    "invalid": EventKind.HARD_BOUNCED,
    "unsubscribed address": EventKind.UNSUBSCRIBED,
    "spam reporting address": EventKind.COMPLAINED,
}

_ARMOUR = re.compile(r"-----[A-Z ]+-----|\s")
# What SendGrid's servers put behind the X-Message-Id of the request.
_BEHIND_MESSAGE_ID = re.compile(r"\.(?:filter|recvd).*", re.DOTALL)


def load_key(text: str) -> ec.EllipticCurvePublicKey | None:
    """The public key from its base64, with or without PEM's armour; None when it is none."""
    try:
        key = load_der_public_key(b64decode(_ARMOUR.sub("", text), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def verify(webhook: Webhook, public_key: object, now: datetime) -> None:
    """Raises ForgedWebhook unless the account's key signed timestamp + raw body, lately (ECDSA, SHA-256)."""
    key = load_key(public_key) if isinstance(public_key, str) else None
    if key is None:
        raise ForgedWebhookError("the account has no verification key")
    timestamp, signature = webhook.headers.get(TIMESTAMP_HEADER), webhook.headers.get(SIGNATURE_HEADER)
    if not timestamp or not signature:
        raise ForgedWebhookError("not signed")
    signed_at = _moment(timestamp)
    if signed_at is None or not now - AGE_MAX <= signed_at <= now + AHEAD_MAX:
        raise ForgedWebhookError("signed at another time")
    try:
        key.verify(b64decode(signature, validate=True), timestamp.encode() + webhook.body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ForgedWebhookError("the signature is wrong") from error


def read_events(body: bytes, now: datetime) -> tuple[Event, ...]:
    """What a body tells, in its order. `now` stands in for a moment that an event does not tell."""
    try:
        told = orjson.loads(body)
    except ValueError:
        return ()
    if not isinstance(told, list):
        return ()
    return tuple(event for item in told if isinstance(item, dict) for event in _read_event(item, now))


def _read_event(told: Mapping[str, Any], now: datetime) -> Iterator[Event]:
    kind = _kind_of(told)
    if kind is None:
        return
    identity = _text(told, "sg_event_id") or sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    event = Event(
        event_id=identity,
        kind=kind,
        occurred_at=_moment(told.get("timestamp")) or now,
        attempt_id=_text(told, "attempt_id"),
        address=_text(told, "email").lower(),
        provider_message_id=_BEHIND_MESSAGE_ID.sub("", _text(told, "sg_message_id")),
        code=(_text(told, "status") or _text(told, "type"))[:CODE_LENGTH],
        detail=encode_subject(_text(told, "reason") or _text(told, "response"))[:DETAIL_LENGTH],
        is_machine=told.get("sg_machine_open") in (True, "true"),
        raw=told,
    )
    yield event
    earlier = DROP_REASONS.get(_text(told, "reason").strip().lower()) if kind is EventKind.DROPPED else None
    if earlier is not None:
        yield replace(event, event_id=f"{identity}:{earlier}", kind=earlier, attempt_id="", provider_message_id="")


def _kind_of(told: Mapping[str, Any]) -> EventKind | None:
    name = _text(told, "event")
    if name == "bounce" and (_text(told, "type") == "blocked" or _text(told, "status").startswith("4")):
        return EventKind.SOFT_BOUNCED  # refused this time, by a filter or for being busy
    return EVENT_KINDS.get(name)


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _moment(timestamp: object) -> datetime | None:
    """Unix time, as a number or in digits."""
    try:
        return datetime.fromtimestamp(float(timestamp), UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return None
