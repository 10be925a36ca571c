"""Provider events in the database: stored once, then folded into attempts and recipients."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from django.db import connection

from channels.account_state.steering import IN_TIME
from channels.events import Event
from channels.providers.base import Account
from distributor.engine.consent.forget import erasure_lock
from distributor.engine.counters.count import Route, Tally
from distributor.engine.infrastructure.sql_params import array_of, rows_of, storable, without_nul
from distributor.engine.journey.attempts import read_attempt_id
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.engine.route.steering import record_reports
from distributor.models.attempt import AttemptState
from distributor.rules.event_types import EventType
from distributor.rules.journey.delivery_events import Progress, Trouble, meaning_of

logger = structlog.get_logger(__name__)

_EVENT_ID_LENGTH = 255
# A dropped message counts as failed instead: its attempt changes its state.
_BOUNCES = (Trouble.UNDELIVERED, Trouble.BOUNCED)

# An event is linked to an attempt only if the recipient belongs to the account's own organisation. Opens and clicks of
# messages with an anonymous link are not stored: beside a response they would identify the person (decision 15). Rows
# are inserted in the order of the unique key, so that two webhooks with the same events do not deadlock.
# The shared lock: an erasure sees these events, or they are forgotten after it (engine/consent/forget.py).
_STORE = """
WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended(%(erasure_lock)s, 0)))
INSERT INTO distributor_providerevent (
    provider_account_id, event_id, kind, progress, trouble, recipient_id, attempt_number, address,
    provider_message_id, code, detail, is_machine, raw, occurred_at, received_at)
SELECT %(account_id)s, event_id, kind, progress, trouble, recipient.id,
    CASE WHEN recipient.id IS NOT NULL THEN number END,
    address, provider_message_id, code, detail, is_machine, raw, occurred_at, %(now)s
FROM held, json_to_recordset(%(events)s) AS given(
    place int, event_id text, kind text, progress smallint, trouble smallint, recipient_id bigint, number smallint,
    address text, provider_message_id text, code text, detail text, is_machine boolean, raw jsonb,
    occurred_at timestamptz)
LEFT JOIN LATERAL (
    SELECT r.id, d.link_type FROM distributor_recipient r JOIN distributor_distribution d ON d.id = r.distribution_id
    WHERE r.id = given.recipient_id AND d.organization_id = %(organization_id)s
) recipient ON true
WHERE recipient.link_type IS DISTINCT FROM 'anonymous' OR kind NOT IN ('opened', 'clicked')
ORDER BY event_id, place
ON CONFLICT (provider_account_id, event_id) DO NOTHING
RETURNING kind, progress, coalesce(recipient_id, 0), coalesce(attempt_number, 0), address, occurred_at, event_id
"""
# Each attempt takes only events of its own account. Any event proves that an attempt of unknown outcome has left,
# except one that says that the provider dropped it.
_FOLD = """
UPDATE distributor_attempt a SET
    progress = greatest(a.progress, events.progress),
    trouble = greatest(a.trouble, events.trouble),
    state = CASE WHEN events.trouble = %(dropped)s THEN 'failed' WHEN a.state = 'unknown' THEN 'sent'
        ELSE a.state END,
    provider_message_id = CASE a.provider_message_id WHEN '' THEN events.message_id ELSE a.provider_message_id END
FROM (
    SELECT recipient_id, attempt_number, provider_account_id, max(progress) AS progress, max(trouble) AS trouble,
        min(occurred_at) FILTER (WHERE progress >= %(delivered)s) AS delivered_at, max(address) AS address,
        coalesce(min(provider_message_id) FILTER (WHERE provider_message_id <> ''), '') AS message_id
    FROM distributor_providerevent WHERE recipient_id = ANY(%(ids)s::bigint[]) GROUP BY 1, 2, 3
) events
WHERE a.recipient_id = ANY(%(ids)s::bigint[]) -- once more: it leaves partitions out
    AND a.recipient_id = events.recipient_id AND a.number = events.attempt_number
    AND a.provider_account_id = events.provider_account_id
    AND (events.progress > a.progress OR events.trouble > a.trouble)
RETURNING a.recipient_id, old.state <> new.state
    OR new.trouble >= %(undelivered)s AND new.trouble > old.trouble,
    a.provider_account_id, a.channel, old.state, new.state, old.progress, new.progress, old.trouble, new.trouble,
    CASE WHEN old.progress < %(delivered)s AND new.progress >= %(delivered)s
        THEN events.delivered_at - a.begun_at <= %(in_time)s END,
    old.trouble < %(undelivered)s AND new.trouble >= %(undelivered)s,
    CASE WHEN EXISTS (
        SELECT FROM distributor_stepaccount shared JOIN distributor_step s ON s.id = shared.step_id
        WHERE shared.step_id = a.step_id AND shared.weight IS NOT NULL AND NOT s.has_fixed_split
    ) THEN coalesce(nullif(events.address, ''), (
        SELECT CASE a.channel WHEN 'email' THEN lower(c.email) ELSE c.phone END
        FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id WHERE r.id = a.recipient_id
    )) END,
    a.number, (SELECT organization_id FROM channels_provideraccount WHERE id = a.provider_account_id)
"""
_RECORD_OPENS = """
WITH events AS (
    SELECT recipient_id, min(occurred_at) AS opened_at FROM distributor_providerevent
    WHERE recipient_id = ANY(%s::bigint[]) AND progress >= %s GROUP BY recipient_id
),
opened AS (
    UPDATE distributor_recipient r SET first_opened_at = events.opened_at FROM events
    WHERE r.id = events.recipient_id AND (r.first_opened_at IS NULL OR r.first_opened_at > events.opened_at)
    RETURNING r.id, r.distribution_id, old.first_opened_at
),
told AS (
    INSERT INTO distributor_eventbundle (organization_id, distribution_id, type, subject_ids)
    SELECT d.organization_id, d.id, 'recipient.opened', array_agg(opened.id)
    FROM opened JOIN distributor_distribution d ON d.id = opened.distribution_id
    WHERE opened.first_opened_at IS NULL GROUP BY d.organization_id, d.id
)
SELECT distribution_id, count(*) FROM opened WHERE first_opened_at IS NULL GROUP BY distribution_id
"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that was not stored before. `recipient_id` and `number` are 0 if it belongs to no known attempt."""

    kind: str
    progress: int
    recipient_id: int
    number: int
    address: str
    occurred_at: datetime
    event_id: str


class FoldedAttempt(NamedTuple):
    """An attempt before and after its events were folded.

    `is_in_time`: whether it was delivered in time, if it has just become known to be delivered. `weighed_address` is
    where the message went, if its step has accounts with weights.
    """

    recipient_id: int
    may_change_journey: bool
    account_id: UUID
    channel: str
    old_state: str
    new_state: str
    old_progress: int
    new_progress: int
    old_trouble: int
    new_trouble: int
    is_in_time: bool | None
    has_failed: bool
    weighed_address: str | None
    number: int
    organization_id: UUID


# What callers are told of an attempt, in the order in which it happens.
_NEWS: Final[dict[EventType, Callable[[FoldedAttempt], bool]]] = {
    EventType.SENT: lambda attempt: attempt.old_state != attempt.new_state == AttemptState.SENT,
    EventType.DELIVERED: lambda attempt: attempt.old_progress < Progress.DELIVERED <= attempt.new_progress,
    EventType.CLICKED: lambda attempt: attempt.old_progress < Progress.CLICKED <= attempt.new_progress,
    EventType.BOUNCED: lambda attempt: attempt.has_failed,
}


def store_events(account: Account, events: Sequence[Event], now: datetime) -> list[NewEvent]:
    """Store an account's events, each once. Returns those that were not stored before.

    An event that cannot be stored is logged and left out, so that it does not take the others with it.
    """
    rows = [_row(place, event) for place, event in enumerate(events)]
    try:
        json = rows_of(rows)
    except TypeError:
        json = rows_of([row for row in rows if _is_storable(account, row)])
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "account_id": account.id,
                "organization_id": account.organization_id,
                "erasure_lock": erasure_lock(account.organization_id),
                "now": now,
                "events": without_nul(json),
            },
        )
        return [NewEvent(*row) for row in cursor.fetchall()]


def record_opens(recipient_ids: Collection[int], counts: defaultdict[UUID, Counter[str]]) -> None:
    """Set when these recipients first opened a message, and add the newly opened ones to `counts`."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_OPENS, [array_of(recipient_ids), Progress.OPENED.value])
        for distribution_id, count in cursor.fetchall():
            counts[distribution_id]["opened_count"] += count


def fold_events(recipient_ids: Collection[int], now: datetime, tally: Tally) -> set[int]:
    """Fold all stored events of these recipients into their attempts, and add the changes to `tally`.

    Returns the recipients whose journey may change: an attempt's state did, or its delivery failed.
    """
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "ids": array_of(recipient_ids),
            "in_time": IN_TIME,
            "delivered": Progress.DELIVERED.value,
            "undelivered": Trouble.UNDELIVERED.value,
            "dropped": Trouble.DROPPED.value,
        }
        cursor.execute(_FOLD, parameters)
        folded = [FoldedAttempt(*row) for row in cursor.fetchall()]
    for attempt in folded:
        _count_changes(tally[Route(attempt.channel, attempt.account_id)], attempt)
    write_bundles(_events_of(folded))
    record_reports([attempt for attempt in folded if attempt.weighed_address is not None], now)
    return {attempt.recipient_id for attempt in folded if attempt.may_change_journey}


def _events_of(folded: Sequence[FoldedAttempt]) -> Iterator[NewBundle]:
    """Yield what callers are told, one bundle per type and organisation, in the order in which it happens."""
    happened: defaultdict[tuple[EventType, UUID], list[FoldedAttempt]] = defaultdict(list)
    for kind, is_news in _NEWS.items():
        for attempt in folded:
            if is_news(attempt):
                happened[kind, attempt.organization_id].append(attempt)
    for (kind, organization_id), attempts in happened.items():
        recipient_ids, numbers = [each.recipient_id for each in attempts], [each.number for each in attempts]
        yield NewBundle(kind, organization_id, subject_ids=recipient_ids, numbers=numbers)


def _count_changes(counts: Counter[str], attempt: FoldedAttempt) -> None:
    if attempt.old_state != attempt.new_state:
        counts[attempt.old_state] -= 1
        counts[attempt.new_state] += 1
    for name, rank in (("delivered", Progress.DELIVERED), ("clicked", Progress.CLICKED)):
        counts[name] += attempt.old_progress < rank <= attempt.new_progress
    counts["bounced"] += (attempt.new_trouble in _BOUNCES) - (attempt.old_trouble in _BOUNCES)


def _row(place: int, event: Event) -> dict[str, Any]:
    meaning = meaning_of(event.kind, is_machine=event.is_machine)
    recipient_id, number = read_attempt_id(event.attempt_id) or (None, None)
    return {
        "place": place,
        "event_id": _event_key(event.event_id),
        "kind": event.kind,
        "progress": meaning.progress,
        "trouble": meaning.trouble,
        "recipient_id": recipient_id,
        "number": number,
        "address": storable(event.address, 254),
        "provider_message_id": storable(event.provider_message_id, 255),
        "code": storable(event.code, 63),
        "detail": storable(event.detail, 500),
        "is_machine": event.is_machine,
        "raw": dict(event.raw),
        "occurred_at": event.occurred_at,
    }


def _is_storable(account: Account, row: dict[str, Any]) -> bool:
    try:
        rows_of([row])
    except TypeError as error:  # for example half a surrogate pair, or a number of more than 64 bits
        logger.error("event_unreadable", account=str(account.id), event_id=ascii(row["event_id"]), error=str(error))
        return False
    return True


def _event_key(event_id: str) -> str:
    """Return the provider's id of an event, or a digest of an id that cannot be stored. Cut ids could collide."""
    if len(event_id) <= _EVENT_ID_LENGTH and "\0" not in event_id:
        return event_id
    return sha256(event_id.encode("utf-8", "replace")).hexdigest()
