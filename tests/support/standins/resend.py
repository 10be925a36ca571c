"""A stand-in of Resend that keeps a ledger of what it has sent, and an idempotency key for 24 hours."""

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.support.standins.server import Answer, Fault, Request, StandIn

API_KEY = "re_0123456789"


@dataclass
class Ledger:
    """What left: the recipients of all messages that were sent, in order, and the requests with each key."""

    sent_to: list[str] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)

    @property
    def doubles(self) -> dict[str, int]:
        return {address: count for address, count in Counter(self.sent_to).items() if count > 1}


class ResendStandIn(StandIn):
    """Sends one message per key: the same body gets the same answer again, another body gets a 409."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ledger = Ledger()
        self._answers: dict[str, tuple[str, Answer]] = {}

    def forget_keys(self) -> None:
        """Do as if 24 hours had passed."""
        self._answers.clear()

    def take(self, request: Request) -> Answer:
        key, digest = request.headers["idempotency-key"], sha256(request.body).hexdigest()
        self.ledger.keys[key] += 1
        if key in self._answers:
            first_digest, answer = self._answers[key]
            return answer if digest == first_digest else error(409, "invalid_idempotent_request")
        [address] = json.loads(request.body)["to"]
        self.ledger.sent_to.append(address.rpartition("<")[2].rstrip(">"))
        answer = _json(200, {"id": f"id-{len(self.ledger.sent_to)}"})
        self._answers[key] = digest, answer
        return answer

    def word_fault(self, fault: Fault) -> Answer:
        if fault is Fault.THROTTLED:
            return error(429, "rate_limit_exceeded")
        return error(503 if fault is Fault.UNAVAILABLE else 500, "application_error")


def error(status: int, name: str) -> Answer:
    return _json(status, {"statusCode": status, "name": name, "message": f"The stand-in answers {name}."})


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
