"""Imitates SendGrid's mail/send and event webhook, with its errors, substitutions and signatures."""

import json
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.events import Webhook
from tests.support.standins.sendgrid_validation import find_faults
from tests.support.standins.server import Answer, Fault, Request, StandIn

API_KEY = "SG.stand-in"
BODY_MAX_BYTES = 30_000_000
# SendGrid has been seen to replace tags inside values this many times.
ROUNDS = 4

_UNAUTHORIZED = "The provided authorization grant is invalid, expired, or revoked"
_UNVERIFIED = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. "
    "Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity "
    "requirements"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """An accepted e-mail, as its recipient reads it. All e-mails of a request share the `message_id`."""

    message_id: str
    attempt_id: str
    custom_args: Mapping[str, str]
    to: str
    to_name: str
    sender: Mapping[str, str]
    reply_to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    tracking: Mapping[str, Any]


class SendGridStandIn(StandIn):
    """One account, one API key (set another to lock clients out).

    `refused` are addresses that make it refuse the whole request: "named" in the error's field, or "hidden".
    `verified_senders` are all that may send; None: anybody. `is_forbidden` is how it speaks to a key without the right
    to send. `reset_in_seconds` and `retry_after` go with each 429. `mails` were taken, `bodies` were asked for.
    """

    def __init__(
        self,
        *,
        refused: Mapping[str, str] | None = None,
        verified_senders: Iterable[str] | None = None,
        reset_in_seconds: int | None = 7,
        retry_after: str = "",
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self.api_key = API_KEY
        self.refused = dict(refused or {})
        self.verified_senders = None if verified_senders is None else set(verified_senders)
        self.is_forbidden = False
        self.reset_in_seconds = reset_in_seconds
        self.retry_after = retry_after
        self._taken: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = []
        self._mails: list[Mail] = []
        self._written = 0
        self.bodies: list[dict[str, Any]] = []
        self._shuffle = Random(2)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._events = 0

    @property
    def public_key(self) -> str:
        """The verification key of its webhook, as the account's page shows it."""
        return b64encode(self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    @property
    def mails(self) -> list[Mail]:
        """The accepted e-mails, rendered when first read: rendering took three quarters of a large request's time."""
        unwritten = self._taken[self._written :]
        self._written += len(unwritten)
        self._mails += [self._write(*each) for each in unwritten]
        return self._mails

    @property
    def recipients(self) -> list[str]:
        """The recipients of accepted messages, in order, once for each message."""
        return [to["to"][0]["email"] for _, _, to in self._taken]

    def take(self, request: Request) -> Answer:
        if (request.method, request.path) == ("GET", "/v3/scopes"):
            is_known = request.headers.get("authorization") == f"Bearer {self.api_key}"
            return Answer(200, b'{"scopes":["mail.send"]}') if is_known else _refuse(401, (_UNAUTHORIZED, None))
        if request.path != "/v3/mail/send":
            return _refuse(404, ("not found", None))
        if request.method != "POST":
            return _refuse(405, ("method not allowed", None))
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return _refuse(401, (_UNAUTHORIZED, None))
        if self.is_forbidden:
            return _refuse(403, ("access forbidden", None))
        if len(request.body) > BODY_MAX_BYTES:
            return _refuse(413, ("The total size of your email must be less than 30MB.", None))
        try:
            body = json.loads(request.body)
        except ValueError:
            return _refuse(400, ("Bad Request", None))
        self.bodies.append(body)
        faults = find_faults(body) or self._refusals(body)
        if faults:
            return _refuse(400, *faults)
        if self.verified_senders is not None and body["from"]["email"] not in self.verified_senders:
            return _refuse(403, (_UNVERIFIED, "from"))
        message_id = f"standin-{len(self.bodies):06}"
        self._taken += [(message_id, body, to) for to in body["personalizations"]]
        return Answer(202, headers={"X-Message-Id": message_id, "Content-Type": "text/plain; charset=utf-8"})

    def word_fault(self, fault: Fault) -> Answer:
        if fault is Fault.UNAVAILABLE:
            return Answer(503, b"upstream connect error or disconnect/reset before headers")
        if fault is Fault.LOST_ANSWER:
            return _refuse(500, ("internal server error", None))
        headers = {"X-Ratelimit-Limit": "600", "X-Ratelimit-Remaining": "0"}
        if self.reset_in_seconds is not None:
            headers["X-Ratelimit-Reset"] = str(int(time.time()) + self.reset_in_seconds)
        if self.retry_after:
            headers["Retry-After"] = self.retry_after
        return _refuse(429, ("too many requests", None), headers=headers)

    def event(self, mail: Mail, name: str, at: float, **further: Any) -> dict[str, Any]:
        """Make an event about a mail, with a new event ID."""
        self._events += 1
        return {
            "email": mail.to,
            "timestamp": int(at),
            "smtp-id": mail.headers["Message-ID"],
            "event": name,
            "sg_event_id": f"event-{self._events:06}",
            "sg_message_id": f"{mail.message_id}.recvd-5f54b5d587-pczjm-1-67BADEEA-6.0",
            **mail.custom_args,
            **further,
        }

    def webhook(self, events: Sequence[Mapping[str, Any]], at: float, url: str = "https://hooks.example/") -> Webhook:
        """Make the signed webhook request of events: an array over several lines that ends in CRLF."""
        lines = ",\r\n".join(json.dumps(event) for event in events)
        return self.sign(f"[{lines}]\r\n".encode(), at, url)

    def sign(self, body: bytes, at: float, url: str = "https://hooks.example/") -> Webhook:
        timestamp = str(int(at))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "content-type": "application/json",
            "x-twilio-email-event-webhook-signature": b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        }
        return Webhook(url, headers, body)

    def _refusals(self, body: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        told: list[tuple[str, str | None]] = []
        for number, personalization in enumerate(body["personalizations"]):
            how = self.refused.get(personalization["to"][0]["email"])
            if how == "named":
                told.append(("Does not contain a valid address.", f"personalizations.{number}.to.0.email"))
            elif how == "hidden":
                return [("Bad Request", None)]
        return told

    def _write(self, message_id: str, body: Mapping[str, Any], personalization: Mapping[str, Any]) -> Mail:
        parts = {part["type"]: part["value"] for part in body["content"]}
        tags = personalization.get("substitutions", {})
        to, args = personalization["to"][0], personalization.get("custom_args", {})
        return Mail(
            message_id=message_id,
            attempt_id=args.get("attempt_id", ""),
            custom_args=args,
            to=to["email"],
            to_name=to.get("name", ""),
            sender=body["from"],
            reply_to=body.get("reply_to", {}).get("email", ""),
            subject=self._substitute(personalization.get("subject") or body["subject"], tags),
            text=self._substitute(parts.get("text/plain", ""), tags),
            html=self._substitute(parts.get("text/html", ""), tags),
            headers=personalization.get("headers", {}),
            tracking=body.get("tracking_settings", {}),
        )

    def _substitute(self, text: str, tags: Mapping[str, str]) -> str:
        """Replace tags one after the other, in any order, and again in values that hold tags."""
        order = list(tags)
        for _ in range(ROUNDS):
            self._shuffle.shuffle(order)
            for tag in order:
                text = text.replace(tag, tags[tag])
        return text


def _refuse(status: int, *faults: tuple[str, str | None], headers: Mapping[str, str] | None = None) -> Answer:
    errors = [{"message": message, "field": field, "help": None} for message, field in faults]
    body = json.dumps({"errors": errors}).encode()
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})})
