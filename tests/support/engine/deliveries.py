"""Deliver events in a test, and read what came of it."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from distributor.engine.events.deliver import deliver_due
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.models import EventDelivery, EventEndpoint, Recipient
from distributor.models.event_endpoint import DeliveryState
from tests.support.standins.server import Answer, Request

Make = Callable[..., EventEndpoint]
DOWN = Answer(500, b"out of order")


def deliver_at(moment: datetime | None = None) -> None:
    """Deliver until nothing is left that is due at this moment (default: now)."""
    assert not deliver_due(lambda: moment or database_now())


def deliveries(state: DeliveryState) -> int:
    return EventDelivery.objects.filter(state=state).count()


def by_person(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if "externalId" in event["data"]:
            found[event["data"]["externalId"]].append(event["type"].removeprefix("recipient."))
    return found


def open_all() -> None:
    for recipient in Recipient.objects.select_related("distribution", "contact"):
        record_open(recipient, database_now())


def refuse_events_of(person: str) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        is_refused = json.loads(request.body)["data"].get("externalId") == person
        return Answer(400, b"unknown person") if is_refused else Answer(200)

    return answer
