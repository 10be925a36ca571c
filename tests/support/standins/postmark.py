"""Imitates Postmark's /email API and webhooks: https://postmarkapp.com/developer/api/email-api"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from channels.events import Webhook
from tests.support.standins.server import Answer, Fault, Request, StandIn

SERVER_TOKEN = "11111111-aaaa-4444-bbbb-222222222222"
WEBHOOK_SECRET = "events:s3cret"

_INVALID_TOKEN = (
    "The Server Token you provided in the X-Postmark-Server-Token request header was invalid. "
    "Please verify that you are using a valid token."
)
_INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: {}. "
    "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
)


@dataclass(frozen=True, slots=True)
class Mail:
    """An accepted e-mail, with the body of the request."""

    message_id: str
    attempt_id: str
    to: str
    body: Mapping[str, Any]


class PostmarkStandIn(StandIn):
    """One server, one token (set another to lock clients out).

    `inactive` are addresses that bounced before, `invalid` are those that it calls none; `unsigned` are senders without
    a signature. `retry_after` goes with each 429. `mails` are taken, `bodies` were asked for.
    """

    def __init__(
        self,
        *,
        inactive: Iterable[str] = (),
        invalid: Iterable[str] = (),
        unsigned: Iterable[str] = (),
        retry_after: str = "",
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self.server_token = SERVER_TOKEN
        self.inactive = set(inactive)
        self.invalid = set(invalid)
        self.unsigned = set(unsigned)
        self.retry_after = retry_after
        self.mails: list[Mail] = []
        self.bodies: list[dict[str, Any]] = []

    def take(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/email"):
            return Answer(404)
        if request.headers.get("x-postmark-server-token") != self.server_token:
            return _refuse(401, 10, _INVALID_TOKEN)
        try:
            body = json.loads(request.body)
        except ValueError:
            return _refuse(422, 402, "Received invalid JSON input. Details: Unexpected character.")
        self.bodies.append(body)
        sender, to = (parseaddr(body.get(name, ""))[1] for name in ("From", "To"))
        if "@" not in sender:
            return _refuse(422, 300, f"Invalid 'From' address: '{sender}'.")
        if "@" not in to or to in self.invalid:
            return _refuse(422, 300, f"Error parsing 'To': Illegal email domain in address '{to}'.")
        if not body.get("TextBody") and not body.get("HtmlBody"):
            return _refuse(422, 300, "Provide either email TextBody or HtmlBody or both.")
        if sender in self.unsigned:
            return _refuse(422, 400, f"The 'From' address you supplied ({sender}) is not a Sender Signature.")
        if to in self.inactive:
            return _refuse(422, 406, _INACTIVE.format(to))
        message_id = f"b7bc2f4a-e38e-4336-af7d-{len(self.mails) + 1:012}"
        self.mails.append(Mail(message_id, body.get("Metadata", {}).get("attempt_id", ""), to, body))
        told = {"To": body["To"], "SubmittedAt": "2026-11-22T07:25:01.4178645-05:00", "MessageID": message_id}
        return Answer(200, json.dumps({**told, "ErrorCode": 0, "Message": "OK"}).encode(), _JSON)

    def word_fault(self, fault: Fault) -> Answer:
        if fault is Fault.UNAVAILABLE:
            return _refuse(503, 100, "The Postmark API is offline for maintenance.")
        if fault is Fault.LOST_ANSWER:
            return _refuse(500, 500, "Internal Server Error")
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return _refuse(429, 429, "Rate limit exceeded", headers)

    def event(self, mail: Mail, record_type: str, **further: Any) -> dict[str, Any]:
        """Make an event about a mail. Only Bounce and SpamComplaint have an `ID`."""
        return {
            "RecordType": record_type,
            "MessageID": mail.message_id,
            "Metadata": mail.body.get("Metadata", {}),
            "MessageStream": "outbound",
            "ServerID": 23,
            "Recipient": mail.to,
            **further,
        }

    def webhook(self, event: Any, secret: str = WEBHOOK_SECRET) -> Webhook:
        """Make the webhook request of an event, with the Basic authentication of the webhook's URL."""
        headers = {
            "content-type": "application/json",
            "authorization": "Basic " + b64encode(secret.encode()).decode(),
        }
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return Webhook("https://surveys.example/webhooks/7", headers, body)


_JSON = {"Content-Type": "application/json; charset=utf-8"}


def _refuse(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps({"ErrorCode": code, "Message": message}).encode(), {**_JSON, **(headers or {})})
