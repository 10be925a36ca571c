"""Imitates Mailgun's messages API and webhooks: https://documentation.mailgun.com/docs/mailgun/"""

import hmac
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qsl

from channels.events import Webhook
from tests.support.standins.server import Answer, Fault, Request, StandIn

API_KEY = "3ax6xnjp29jd6fds4gc373sgvjxteol0"
SIGNING_KEY = "5f1d7d2a0c0b4f4ea6a1f9f3f0e2d1c0"
DOMAIN = "acme.example"


@dataclass(frozen=True, slots=True)
class Mail:
    """An accepted e-mail, with all fields of the request."""

    message_id: str
    attempt_id: str
    to: str
    fields: Mapping[str, str]


class MailgunStandIn(StandIn):
    """One domain, one key (set another to lock clients out).

    `invalid` are addresses that it calls none. `retry_after` goes with each 429. `mails` are taken.
    """

    def __init__(self, *, invalid: Iterable[str] = (), retry_after: str = "", **told: Any) -> None:
        super().__init__(**told)
        self.api_key = API_KEY
        self.invalid = set(invalid)
        self.retry_after = retry_after
        self.mails: list[Mail] = []
        self._events = 0

    def take(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Basic " + b64encode(f"api:{self.api_key}".encode()).decode():
            return Answer(401, b"Forbidden", {"Content-Type": "text/plain"})
        version, _, rest = request.path.removeprefix("/").partition("/")
        domain, _, resource = rest.partition("/")
        if (request.method, version, resource) != ("POST", "v3", "messages"):
            return Answer(404, b"404 page not found", {"Content-Type": "text/plain"})
        if domain != DOMAIN:
            return _say(404, message=f"Domain not found: {domain}")
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        for name in ("from", "to"):
            address = parseaddr(fields.get(name, ""))[1]
            if "@" not in address or address in self.invalid:
                return _say(400, message=f"'{name}' parameter is not a valid address. please check documentation")
        if not fields.get("text") and not fields.get("html"):
            return _say(400, message="Need at least one of 'text', 'html', 'amp-html', 'template' parameters specified")
        message_id = f"<20261122{len(self.mails) + 1:06}.1.ABCDEF@{domain}>"
        self.mails.append(Mail(message_id, fields.get("v:attempt_id", ""), parseaddr(fields["to"])[1], fields))
        return _say(200, id=message_id, message="Queued. Thank you.")

    def word_fault(self, fault: Fault) -> Answer:
        if fault is Fault.UNAVAILABLE:
            return Answer(503, b"<html><h1>503 Service Temporarily Unavailable</h1></html>")
        if fault is Fault.LOST_ANSWER:
            return _say(500, message="Internal Server Error")
        answer = _say(429, message="Too many requests")
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return Answer(429, answer.body, {**answer.headers, **headers})

    def event(self, mail: Mail, name: str, at: float, **further: Any) -> dict[str, Any]:
        """Make an event about a mail, with a new event ID."""
        self._events += 1
        return {
            "event": name,
            "id": f"Ase7i2zsRYeDXztHGENqR{self._events}",
            "timestamp": at,
            "recipient": mail.to,
            "message": {"headers": {"message-id": mail.message_id.strip("<>"), "to": mail.to}},
            "user-variables": {k.removeprefix("v:"): v for k, v in mail.fields.items() if k.startswith("v:")},
            "tags": [],
            **further,
        }

    def webhook(
        self, event: Mapping[str, Any], at: float, *, key: str = SIGNING_KEY, token: str = "a8ce0edb2dd8301dee6c2405"
    ) -> Webhook:
        """Make the webhook request of an event, with its timestamp, token and signature."""
        timestamp = str(int(at))
        signature = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
        signed = {"signature": {"token": token, "timestamp": timestamp, "signature": signature}, "event-data": event}
        headers = {"content-type": "application/json"}
        return Webhook("https://surveys.example/webhooks/7", headers, json.dumps(signed).encode())


def _say(status: int, **told: str) -> Answer:
    return Answer(status, json.dumps(told).encode(), {"Content-Type": "application/json"})
