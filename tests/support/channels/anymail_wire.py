"""The wire format of each Anymail service: a success, a signed event, a bounce."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from channels.events import Webhook
from channels.providers.anymail.provider import Anymail
from tests.support.channels.anymail_account import WEBHOOK_URL, anymail_account
from tests.support.standins.server import Answer

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ANN = "ann@example.com"
API_KEY = "key-0123456789"
BASIC_SECRET = "events:s3cret"
SIGNING_SECRET = "signing-0123456789"

_POSTAL_KEY = rsa.generate_private_key(65_537, 2_048)
POSTAL_PUBLIC_KEY = "".join(
    _POSTAL_KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .splitlines()[1:-1]
)


@dataclass(frozen=True, slots=True)
class Wire:
    """One service's success, and its event for a hard bounce of the mail to ANN with attempt id 5-1.

    `sign` makes a signed request of an event; `secret` is the account's webhook_secret, which verifies it.
    """

    yes: Answer
    message_id: str
    bounce: Any
    soft: Any
    sign: Callable[[Any], Webhook]
    secret: str = BASIC_SECRET
    configuration: tuple[tuple[str, str], ...] = ()


def _json(payload: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(payload).encode(), {"Content-Type": "application/json"})


def _request(body: bytes, content_type: str = "application/json", **headers: str) -> Webhook:
    header_names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Webhook(WEBHOOK_URL, {"content-type": content_type, **header_names}, body)


def _basic(payload: Any) -> Webhook:
    return _request(json.dumps(payload).encode(), authorization="Basic " + b64encode(BASIC_SECRET.encode()).decode())


def _hmac_in(header: str) -> Callable[[Any], Webhook]:
    def sign(payload: Any) -> Webhook:
        body = json.dumps(payload).encode()
        return _request(body, **{header: hmac.digest(SIGNING_SECRET.encode(), body, "sha256").hex()})

    return sign


def _mailgun(payload: Any) -> Webhook:
    token, timestamp = "a8ce0edb2dd8301d", str(int(NOW.timestamp()))
    signature = hmac.digest(SIGNING_SECRET.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    block = {"token": token, "timestamp": timestamp, "signature": signature}
    return _request(json.dumps({"signature": block, **payload}).encode())


def _mandrill(payload: Any) -> Webhook:
    events = json.dumps([payload])
    signed = hmac.digest(SIGNING_SECRET.encode(), f"{WEBHOOK_URL}mandrill_events{events}".encode(), "sha1")
    body = urlencode({"mandrill_events": events}).encode()
    return _request(body, "application/x-www-form-urlencoded", x_mandrill_signature=b64encode(signed).decode())


def _postal(payload: Any) -> Webhook:
    body = json.dumps(payload).encode()
    signature = _POSTAL_KEY.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return _request(body, x_postal_signature=b64encode(signature).decode())


def _unisender(payload: Any) -> Webhook:
    body = json.dumps({"auth": "<auth>", "events_by_user": [{"user_id": 1, "events": [payload]}]})
    signature = md5(body.replace("<auth>", API_KEY).encode()).hexdigest()
    return _request(body.replace("<auth>", signature).encode())


def _each(payload: Any) -> Webhook:
    return _basic([payload])


_METADATA = {"attempt_id": "5-1"}
_TAGS = ["attempt:5-1"]


def _mailgun_failure(severity: str, reason: str) -> dict[str, Any]:
    data = {"event": "failed", "severity": severity, "reason": reason, "recipient": ANN, "user-variables": _METADATA}
    return {"event-data": {"id": "e1", "timestamp": 1763798400.5, **data}}


def _mailersend(kind: str) -> dict[str, Any]:
    email = {"message": {"id": "m1"}, "recipient": {"email": ANN}, "tags": _TAGS}
    data = {"object": "activity", "id": "e1", "type": kind, "created_at": "2026-11-22T07:25:01Z", "email": email}
    return {"type": f"activity.{kind}", "data": data}


def _mailjet(hard: bool) -> dict[str, Any]:
    bounce = {"event": "bounce", "time": 1763798400, "MessageID": 1, "email": ANN, "error": "mailbox inactive"}
    return {**bounce, "Payload": json.dumps(_METADATA), "hard_bounce": hard}


def _mailtrap(kind: str) -> dict[str, Any]:
    event = {"event": kind, "timestamp": 1763798400, "message_id": "m1", "event_id": "e1", "email": ANN}
    return {"events": [{**event, "custom_variables": _METADATA}]}


def _resend(kind: str) -> dict[str, Any]:
    headers = [{"name": "X-Metadata", "value": json.dumps(_METADATA)}]
    data = {"email_id": "m1", "to": [ANN], "headers": headers, "bounce": {"type": kind, "message": "a bounce message"}}
    return {"type": "email.bounced", "created_at": "2026-11-22T07:25:01.123Z", "data": data}


def _sparkpost(bounce_class: str) -> dict[str, Any]:
    event = {"type": "bounce", "bounce_class": bounce_class, "event_id": "e1", "timestamp": "1763798400"}
    return {"msys": {"message_event": {**event, "raw_rcpt_to": ANN, "rcpt_meta": _METADATA}}}


def _unisender_go(status: str, why: str) -> dict[str, Any]:
    data = {"status": status, "event_time": "2026-11-22 07:25:01", "email": ANN, "metadata": _METADATA}
    return {
        "event_name": "transactional_email_status",
        "event_data": {**data, "delivery_info": {"delivery_status": why}},
    }


def _postmark(kind: str) -> dict[str, Any]:
    event = {"RecordType": "Bounce", "ID": 692560173, "Type": kind, "Email": ANN, "BouncedAt": "2026-11-22T07:25:01Z"}
    return {**event, "MessageID": "m1", "Metadata": _METADATA}


def _brevo(kind: str) -> dict[str, Any]:
    event = {"event": kind, "email": ANN, "ts_epoch": 1763798400123, "message-id": "<m1>", "id": 1}
    return {**event, "X-Mailin-custom": json.dumps(_METADATA)}


def _mandrill_bounce(kind: str) -> dict[str, Any]:
    return {"event": kind, "_id": "m1", "ts": 1763798400, "msg": {"email": ANN, "metadata": _METADATA, "diag": "550"}}


def _postal_bounce(event: str, **payload: Any) -> dict[str, Any]:
    message = {"id": 12345, "to": ANN, "tag": _TAGS[0], "direction": "outgoing"}
    return {"event": event, "uuid": "e1", "timestamp": 1763798400.5, "payload": {"message": message, **payload}}


WIRES: dict[str, Wire] = {
    "postmark": Wire(
        _json({"To": ANN, "MessageID": "id-1", "ErrorCode": 0, "Message": "OK"}),
        "id-1",
        _postmark("HardBounce"),
        _postmark("SoftBounce"),
        _basic,
    ),
    "mailgun": Wire(
        _json({"id": "id-1", "message": "Queued. Thank you."}),
        "id-1",
        _mailgun_failure("permanent", "bounce"),
        _mailgun_failure("permanent", "old"),
        _mailgun,
        SIGNING_SECRET,
    ),
    "brevo": Wire(_json({"messageId": "id-1"}, 201), "id-1", _brevo("hard_bounce"), _brevo("soft_bounce"), _basic),
    "mailersend": Wire(
        Answer(202, b"", {"Content-Type": "text/html; charset=UTF-8", "X-Message-Id": "id-1"}),
        "id-1",
        _mailersend("hard_bounced"),
        _mailersend("soft_bounced"),
        _hmac_in("signature"),
        SIGNING_SECRET,
    ),
    "mailjet": Wire(
        _json({"Messages": [{"Status": "success", "To": [{"Email": ANN, "MessageUUID": "u", "MessageID": 99}]}]}),
        "99",
        _mailjet(True),
        _mailjet(False),
        _each,
    ),
    "mailtrap": Wire(
        _json({"success": True, "message_ids": ["id-1"]}),
        "id-1",
        _mailtrap("bounce"),
        _mailtrap("suspension"),
        _hmac_in("mailtrap_signature"),
        SIGNING_SECRET,
    ),
    "mandrill": Wire(
        _json([{"email": ANN, "status": "sent", "_id": "id-1", "reject_reason": None}]),
        "id-1",
        _mandrill_bounce("hard_bounce"),
        _mandrill_bounce("soft_bounce"),
        _mandrill,
        SIGNING_SECRET,
    ),
    "postal": Wire(
        _json({"status": "success", "data": {"message_id": "x", "messages": {ANN: {"id": "id-1", "token": "t"}}}}),
        "id-1",
        None,
        _postal_bounce("MessageBounced", bounce={"id": 12347}),
        _postal,
        POSTAL_PUBLIC_KEY,
    ),
    "resend": Wire(_json({"id": "id-1"}), "id-1", _resend("Permanent"), _resend("Undetermined"), _basic),
    "scaleway": Wire(
        _json({"emails": [{"id": "id-1", "mail_rcpt": ANN, "status": "new"}]}),
        "id-1",
        None,
        None,
        _basic,
        configuration=(("projectId", "6170692e-7363-616c"),),
    ),
    "sparkpost": Wire(
        _json({"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "id-1"}}),
        "id-1",
        _sparkpost("10"),
        _sparkpost("22"),
        _each,
    ),
    "unisender_go": Wire(
        _json({"status": "success", "job_id": "job-1", "emails": [ANN]}),
        "",
        _unisender_go("hard_bounced", "err_user_unknown"),
        _unisender_go("hard_bounced", "err_mailbox_full"),
        _unisender,
        "",
    ),
}


def wired_account(esp: str, url: str = "https://esp.example", secret: str | None = None) -> Anymail:
    """Return an account with a service. `secret` verifies its events; None: the secret of its wire."""
    wire = WIRES[esp]
    configuration = {"esp": esp, "baseUrl": url, **dict(wire.configuration)}
    webhook_secret = wire.secret if secret is None else secret
    return anymail_account(
        configuration, api_key=API_KEY, secret_key="secret-0123456789", webhook_secret=webhook_secret
    )
