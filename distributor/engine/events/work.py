"""What a claimed endpoint is to be sent now: what waits for its next try, else what is new, else a replay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import random
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from distributor.engine.counters.totals import EVENT_REQUESTS, Total, Totals
from distributor.engine.events.claims import MOST_PENDING, Outcome, health_of
from distributor.engine.events.formats import told_types
from distributor.engine.events.messages import (
    Message,
    cut_into_messages,
    discarded,
    message_of,
    queue_behind,
    row_of_changed,
    row_of_new,
)
from distributor.engine.events.post import PostAnswer
from distributor.engine.events.render import Event
from distributor.engine.events.stream import Cursor, EventPage, Filter, find_events, read_events
from distributor.models import EventDelivery, EventEndpoint, EventReplay
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_delivery import GONE, health_after

# Events read at once. Requests of one event take longer than those of many.
PAGE: Final = 400
PAGE_OF_BATCHES: Final = 1_000
_MOST_RETRIES: Final = 200


@dataclass(slots=True)
class Work:
    """A claimed endpoint and the requests to send. `waiting` are new ones that wait behind earlier ones."""

    endpoint: EventEndpoint
    messages: Sequence[Message] = ()
    waiting: Sequence[Message] = ()
    next: Cursor | None = None
    replay: EventReplay | None = None
    discarded: list[dict[str, Any]] = field(default_factory=list)


def find_work(endpoint: EventEndpoint, now: datetime) -> Work:
    """Return what is to be sent to a claimed endpoint. While it fails as a whole, that is one request."""
    rows = EventDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)
    # Pings come first: they have no events.
    pending = list(rows.alias(has_events=Q(bundle_ids__len__gt=0)).order_by("has_events", "id")[:MOST_PENDING])
    is_failing = endpoint.retry_at is not None
    blocked: set[UUID] = set()
    due: list[EventDelivery] = []
    for delivery in pending:
        contact_ids = set(delivery.contact_ids)
        if delivery.due_at is not None and (is_failing or delivery.due_at <= now) and not contact_ids & blocked:
            due.append(delivery)
        blocked |= contact_ids
    can_read = len(pending) < MOST_PENDING
    if is_failing:
        return _probe(endpoint, due, blocked, now, can_read=can_read)
    if due:
        return _retry(endpoint, due[:_MOST_RETRIES])
    return _read_on(endpoint, blocked, None, now) if can_read else Work(endpoint)


def _probe(
    endpoint: EventEndpoint, due: Sequence[EventDelivery], blocked: set[UUID], now: datetime, *, can_read: bool
) -> Work:
    """Return one request that tries a failing endpoint: a new ping, else new events and waiting requests in turn.

    Otherwise one event that the endpoint always refuses would be every probe, and disable the endpoint.
    """
    if due and not due[0].bundle_ids and not due[0].tries:
        return _retry(endpoint, due[:1])
    if can_read and (not due or endpoint.failures % 2):
        work = _read_on(endpoint, blocked, 1, now)
        if work.messages or work.next or work.replay:
            return work
    if not due:
        return Work(endpoint)
    return _retry(endpoint, [min(due, key=lambda delivery: delivery.tried_at or delivery.created_at)])


def read_message(delivery: EventDelivery) -> Message | None:
    """Return the request of a stored delivery as it would be sent now; None if its events are kept no longer."""
    messages = _retry(delivery.endpoint, [delivery]).messages
    return messages[0] if messages else None


def _retry(endpoint: EventEndpoint, due: Sequence[EventDelivery]) -> Work:
    references = [reference for delivery in due for reference in zip(delivery.bundle_ids, delivery.places, strict=True)]
    events = {(event.bundle_id, event.place): event for event in find_events(endpoint.organization_id, references)}
    work, messages = Work(endpoint), []
    for delivery in due:
        own: list[Event] = [
            events[reference]
            for reference in zip(delivery.bundle_ids, delivery.places, strict=True)
            if reference in events
        ]
        if own or not delivery.bundle_ids:
            messages.append(message_of(delivery, endpoint, own))
        else:
            work.discarded.append(discarded(delivery))
    work.messages = messages
    return work


def _read_on(endpoint: EventEndpoint, blocked: set[UUID], limit: int | None, now: datetime) -> Work:
    limit = limit or (PAGE if endpoint.events_per_request == 1 else PAGE_OF_BATCHES)
    cursor = Cursor(endpoint.next_position, endpoint.next_place)
    wanted = Filter(
        told_types(endpoint, endpoint.types),
        set(endpoint.distribution_ids),
        set(endpoint.survey_ids),
        since=endpoint.starts_at,
    )
    page = read_events(endpoint.organization_id, cursor, limit, wanted)
    if page.events or page.has_more or page.next != cursor:
        return _work_of(endpoint, page, blocked)
    replay = endpoint.replays.filter(finished_at=None).order_by("id").first()
    if replay is None:
        return Work(endpoint)
    return _replay(endpoint, replay, blocked, limit, now)


def _replay(endpoint: EventEndpoint, replay: EventReplay, blocked: set[UUID], limit: int, now: datetime) -> Work:
    wanted = Filter(
        told_types(endpoint, replay.types or endpoint.types),
        set(endpoint.distribution_ids),
        set(endpoint.survey_ids),
        since=replay.since,
        before=replay.before,
    )
    cursor = Cursor(replay.next_position, replay.next_place)
    page = read_events(endpoint.organization_id, cursor, limit, wanted)
    replay.next_position, replay.next_place = page.next
    replay.event_count += len(page.events)
    replay.finished_at = None if page.has_more else now
    work = _work_of(endpoint, page, blocked)
    work.next, work.replay = None, replay
    return work


def _work_of(endpoint: EventEndpoint, page: EventPage, blocked: set[UUID]) -> Work:
    new = cut_into_messages(page.events, endpoint.events_per_request)
    messages = list(queue_behind(new, set(blocked)))
    chosen = {id(message) for message in messages}
    return Work(endpoint, messages, [message for message in new if id(message) not in chosen], page.next)


def outcome_of(work: Work, now: datetime) -> Outcome:
    """Return what came of the requests, for give_back()."""
    tried = [message for message in work.messages if message.answer is not None]
    answers = [message.answer for message in tried if message.answer is not None]
    failed = [answer for answer in answers if not answer.is_success]
    asked = [answer.retry_after_seconds for answer in failed if answer.retry_after_seconds is not None]
    jitter = random()  # noqa: S311  it spreads load and keeps no secret
    last_success_at = work.endpoint.last_delivered_at
    new = [message for message in (*work.messages, *work.waiting) if message.delivery is None]
    return Outcome(
        [row_of_new(message, now, jitter) for message in new],
        [
            *work.discarded,
            *(row_of_changed(message, now, jitter, last_success_at) for message in tried if message.delivery),
        ],
        work.next,
        work.replay,
        health_after(
            health_of(work.endpoint),
            len(answers) - len(failed),
            len(failed),
            now,
            is_gone=any(answer.status == GONE for answer in answers),
            asked_seconds=max(asked, default=None),
        ),
        _last_error(failed) if answers else None,
        has_delivered=len(failed) < len(answers),
        totals=_totals_of(tried, now),
    )


def _totals_of(tried: Sequence[Message], now: datetime) -> Totals:
    """Return what monitoring counts: requests by what came of them, and how old their oldest event was."""
    totals = Totals()
    for message in tried:
        is_success = message.answer is not None and message.answer.is_success
        oldest_at = min((event.occurred_at for event in message.events), default=now)
        age_seconds = (now - oldest_at).total_seconds()
        totals.add_seconds(Total(EVENT_REQUESTS, kind="delivered" if is_success else "failed"), age_seconds)
    return totals


def _last_error(failed: Sequence[PostAnswer]) -> str:
    return (failed[-1].error or f"It answered {failed[-1].status}.") if failed else ""
