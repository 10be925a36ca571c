"""A server of a customer's that takes events: it verifies nothing, and answers as a test tells it."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.standins.server import Answer, Fault, Request, StandIn


class Receiver(StandIn):
    """`answer` decides on each request; by default each is taken. `taken` are the requests, in their order."""

    def __init__(self, answer: Callable[[Request], Answer] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.answer = answer or (lambda request: Answer(200, b"ok"))
        self.taken: list[Request] = []

    def take(self, request: Request) -> Answer:
        self.taken.append(request)
        return self.answer(request)

    def word_fault(self, fault: Fault) -> Answer:
        return Answer(503)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.taken]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all requests, in the order in which they came."""
        found: list[dict[str, Any]] = []
        for body in self.bodies:
            found += body["data"] if body["type"] == "events" else [body]
        return found
