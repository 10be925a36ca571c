"""Verifies SendGrid's event webhook and translates its events.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
import structlog
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.events import Event, EventKind, ForgedWebhookError, Webhook, is_recent, keep_fields
from channels.providers.base import CODE_LENGTH, one_line

logger = structlog.get_logger(__name__)

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"

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
    "group_resubscribe": EventKind.STARTED,
}
# SendGrid drops a message because of earlier events of the address. Such an event is reported beside the drop, for the
# address and without a message: this message did not bounce.
DROP_REASONS = {
    "bounced address": EventKind.HARD_BOUNCED,
    "invalid": EventKind.HARD_BOUNCED,
    "unsubscribed address": EventKind.UNSUBSCRIBED,
    "spam reporting address": EventKind.COMPLAINED,
}

# Not stored: ip, useragent, url (it holds the link's code), email (the event's address), reason and response (its
# detail), and what callers attached.
KEPT_FIELDS = frozenset(
    {
        *("event", "timestamp", "type", "status", "attempt", "bounce_classification"),
        *("sg_event_id", "sg_message_id", "smtp-id", "sg_machine_open", "tls", "attempt_id"),
    }
)

SOFT_BOUNCE_TYPES = frozenset({"blocked", "expired"})
_ANSWER_CODE = re.compile(r"\s*[245](?:\d\d|\.\d{1,3}\.\d{1,3})\b")
_ARMOUR = re.compile(r"-----[A-Z ]+-----|\s")
# SendGrid's servers append this to the X-Message-Id of the request.
_MESSAGE_ID_SUFFIX = re.compile(r"\.(?:filter|recvd).*", re.DOTALL)


def load_key(text: str) -> ec.EllipticCurvePublicKey | None:
    """Return the public key from base64, with or without PEM's armour; None if it is malformed."""
    try:
        key = load_der_public_key(b64decode(_ARMOUR.sub("", text), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def verify(webhook: Webhook, public_key: object, now: datetime) -> None:
    """Raise ForgedWebhookError unless the account's key signed timestamp + raw body recently (ECDSA, SHA-256)."""
    key = load_key(public_key) if isinstance(public_key, str) else None
    if key is None:
        raise ForgedWebhookError("the account has no verification key")
    timestamp, signature = webhook.headers.get(TIMESTAMP_HEADER), webhook.headers.get(SIGNATURE_HEADER)
    if not timestamp or not signature:
        raise ForgedWebhookError("not signed")
    signed_at = _moment(timestamp)
    if signed_at is None or not is_recent(signed_at, now):
        raise ForgedWebhookError("signed at another time")
    try:
        key.verify(b64decode(signature, validate=True), timestamp.encode() + webhook.body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ForgedWebhookError("the signature is wrong") from error


def read_events(body: bytes, now: datetime) -> tuple[Event, ...]:
    """Return the events of a body, in its order. `now` is used for events without a timestamp.

    A report that cannot be stored, such as one with half a surrogate pair, is left out and logged. The others count.
    """
    reports = _read_reports(body)
    return tuple(event for report in reports if _is_storable(report) for event in _read_event(report, now))


def _read_reports(body: bytes) -> list[Any]:
    try:
        reports = orjson.loads(body)
    except ValueError:
        try:
            # Takes what orjson refuses in the whole body because of one string: half a surrogate pair, invalid UTF-8.
            reports = json.loads(body.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError) as error:
            logger.error("events_unreadable", provider="sendgrid", error=one_line(str(error)))
            return []
    return reports if isinstance(reports, list) else []


def _is_storable(report: Any) -> bool:
    """Whether a report is an object of valid Unicode and numbers; one that is not is logged."""
    if not isinstance(report, dict):
        return False
    try:
        orjson.dumps(report)
    except TypeError as error:  # orjson.JSONEncodeError is one
        event_id = report.get("sg_event_id")
        logger.error("event_unreadable", provider="sendgrid", event_id=ascii(event_id), error=one_line(str(error)))
        return False
    return True


def _read_event(report: Mapping[str, Any], now: datetime) -> Iterator[Event]:
    kind = _kind_of(report)
    if kind is None:
        return
    event_id = _text(report, "sg_event_id") or sha256(orjson.dumps(report, option=orjson.OPT_SORT_KEYS)).hexdigest()
    event = Event(
        event_id=event_id,
        kind=kind,
        occurred_at=_moment(report.get("timestamp")) or now,
        attempt_id=_text(report, "attempt_id"),
        address=_text(report, "email").lower(),
        provider_message_id=_MESSAGE_ID_SUFFIX.sub("", _text(report, "sg_message_id")),
        code=(_status(report) or _text(report, "type"))[:CODE_LENGTH],
        detail=one_line(_text(report, "reason") or _text(report, "response")),
        is_machine=report.get("sg_machine_open") in (True, "true"),
        raw=keep_fields(report, KEPT_FIELDS),
    )
    yield event
    earlier = DROP_REASONS.get(_text(report, "reason").strip().lower()) if kind is EventKind.DROPPED else None
    if earlier is not None:
        yield replace(event, event_id=f"{event_id}:{earlier}", kind=earlier, attempt_id="", provider_message_id="")


def _kind_of(report: Mapping[str, Any]) -> EventKind | None:
    name = _text(report, "event")
    if name == "bounce" and _is_soft(report):
        return EventKind.SOFT_BOUNCED
    return EVENT_KINDS.get(name)


def _is_soft(report: Mapping[str, Any]) -> bool:
    """Whether a bounce says nothing against the address.

    It was refused this time by a filter (blocked), or deferred until SendGrid gave up (expired), or the server's answer
    was temporary (4xx, 4.x.x; RFC 5321 §4.2.1, RFC 3463 §2). Without a status, the answer itself is in the reason.
    """
    if _text(report, "type").strip().lower() in SOFT_BOUNCE_TYPES:
        return True
    answer = _status(report) or _ANSWER_CODE.match(_text(report, "reason"))
    return str(answer[0] if answer else "").startswith("4")


def _status(report: Mapping[str, Any]) -> str:
    """Return the status, `5.1.1` or `450`. Some reports have it as a number."""
    value = report.get("status")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else _text(report, "status").strip()


def _text(report: Mapping[str, Any], name: str) -> str:
    value = report.get(name)
    return value if isinstance(value, str) else ""


def _moment(timestamp: object) -> datetime | None:
    """Read Unix time, as a number or as digits; None if it is neither."""
    try:
        return datetime.fromtimestamp(float(timestamp), UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return None
