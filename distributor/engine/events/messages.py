"""Requests to endpoints: which events each holds, its body, and the rows that tell what came of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from distributor.engine.events.ids import message_id_of
from distributor.engine.events.post import PostAnswer
from distributor.engine.events.render import Event
from distributor.models import EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_delivery import next_try
from distributor.rules.event_types import SCHEMA_VERSION, EventType

# How many requests to an endpoint are on their way at once.
LANES: Final = 8


@dataclass(slots=True)
class Message:
    """One request. `delivery` None: it is new. `answer` None: it was not tried."""

    message_id: str
    events: Sequence[Event]
    is_list: bool
    delivery: EventDelivery | None = None
    answer: PostAnswer | None = None
    contact_ids: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def lane(self) -> int:
        """Return the lane of its contact: requests of a lane are sent one after the other."""
        return next((contact_id.int % LANES for contact_id in self.contact_ids), 0)

    def body(self, now: datetime) -> bytes:
        """Return the JSON: the event, or for endpoints that take several at once an object with a list of them."""
        rendered = [event.rendered() for event in self.events]
        document: dict[str, Any]
        if not rendered:
            document = _head(EventType.PING.value, self.message_id, now) | {"data": {}}
        elif self.is_list:
            document = _head("events", self.message_id, now) | {"data": rendered}
        else:
            document = rendered[0]
        return orjson.dumps(document, option=orjson.OPT_UTC_Z)


def cut_into_messages(events: Iterable[Event], batch_size: int) -> list[Message]:
    """Put events into requests, in the order of each contact: those of a contact share a lane."""
    if batch_size == 1:
        return [_message([event], is_list=False) for event in events]
    lanes: list[list[Event]] = [[] for _ in range(LANES)]
    for event in events:
        lanes[event.contact_id.int % LANES if event.contact_id else 0].append(event)
    return [
        _message(lane[start : start + batch_size], is_list=True)
        for lane in lanes
        for start in range(0, len(lane), batch_size)
    ]


def message_of(delivery: EventDelivery, endpoint: EventEndpoint, events: Sequence[Event]) -> Message:
    """Return the request of a stored delivery, with its events as they are read now."""
    is_list = endpoint.events_per_request > 1 or len(events) > 1
    return Message(delivery.message_id, events, is_list, delivery, contact_ids=frozenset(delivery.contact_ids))


def queue_behind(messages: Sequence[Message], blocked: set[UUID]) -> Iterator[Message]:
    """Yield the messages that need not wait for an earlier one of the same contact. Those that must block, too."""
    for message in messages:
        if message.contact_ids & blocked:
            blocked |= message.contact_ids
        else:
            yield message


def row_of_new(message: Message, now: datetime, jitter: float) -> dict[str, Any]:
    """Return the row of a request that was not stored before."""
    return {
        "message_id": message.message_id,
        "bundle_ids": [event.bundle_id for event in message.events],
        "places": [event.place for event in message.events],
        "contact_ids": list(message.contact_ids),
        "types": sorted({event.type for event in message.events}),
        **_result(message.answer, 0, now, now, jitter, None),
    }


def row_of_changed(message: Message, now: datetime, jitter: float, last_success_at: datetime | None) -> dict[str, Any]:
    """Return what came of a stored delivery that was tried."""
    delivery = message.delivery
    assert delivery is not None
    result = _result(message.answer, delivery.tries, delivery.created_at, now, jitter, last_success_at)
    return {"id": delivery.pk, **result}


def discarded(delivery: EventDelivery) -> dict[str, Any]:
    """Return the row of a delivery whose events are kept no longer."""
    nothing = {"status": None, "answer": "", "error": "", "duration_ms": None, "tried_at": delivery.tried_at}
    return {
        "id": delivery.pk,
        "state": DeliveryState.DISCARDED.value,
        "tries": delivery.tries,
        "due_at": None,
    } | nothing


def _result(
    answer: PostAnswer | None,
    tries: int,
    first_at: datetime,
    now: datetime,
    jitter: float,
    last_success_at: datetime | None,
) -> dict[str, Any]:
    if answer is None:
        untried = {"state": DeliveryState.PENDING.value, "tries": tries, "due_at": now, "tried_at": None}
        return untried | {"status": None, "answer": "", "error": "", "duration_ms": None}
    tries += 1
    state, due_at = DeliveryState.DELIVERED, None
    if not answer.is_success:
        due_at = next_try(first_at, tries, now, jitter, last_success_at)
        state = DeliveryState.FAILED if due_at is None else DeliveryState.PENDING
    return {
        "state": state.value,
        "tries": tries,
        "status": answer.status,
        "answer": "" if answer.is_success else answer.excerpt,
        "error": answer.error,
        "duration_ms": answer.duration_ms,
        "tried_at": now,
        "due_at": due_at,
    }


def _message(events: Sequence[Event], *, is_list: bool) -> Message:
    contact_ids = frozenset(event.contact_id for event in events if event.contact_id is not None)
    return Message(message_id_of([event.id for event in events]), events, is_list, contact_ids=contact_ids)


def _head(kind: str, message_id: str, now: datetime) -> dict[str, Any]:
    return {"id": message_id, "type": kind, "version": SCHEMA_VERSION, "occurredAt": now}
