"""Feedback: what providers tell afterwards, stored once and folded into tries, journeys and suppressions.

    store → suppress → lock the recipients → fold

What is stored is the truth. Tries and journeys are computed from all of it, so that the order, repeats and splits of
webhooks do not matter. A try that is still with the provider is folded when it is settled: ingest and settle lock the
same recipient, and whoever comes second sees what the other wrote.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from channels.events import Event
from channels.providers.base import Account
from distributor.engine.consent.suppress import apply_latest_wishes, suppress
from distributor.engine.feedback.reconcile import reconcile_journeys
from distributor.engine.follow_up.arm import look_again
from distributor.engine.follow_up.thank_you import arm_thank_you
from distributor.engine.infrastructure.sql_params import array_of, rows_of, storable, without_nul
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.journey.attempts import read_attempt_id
from distributor.engine.journey.transitions import add_counts
from distributor.models import Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.journey.chain import StopsOn
from distributor.rules.journey.delivery_events import OPT_OUT_REQUESTS, Progress, Trouble, meaning_of

EVENT_ID_LENGTH = 255

# A try is believed only of a recipient of the account's own organisation. Who opened an anonymous link's message, or
# clicked in it, is not kept: beside an answer it would be a name (decision 15). In the order of the unique key, so that
# two webhooks with the same events wait for one another and do not deadlock.
_STORE = """
INSERT INTO distributor_providerevent (
    provider_account_id, event_id, kind, progress, trouble, recipient_id, attempt_number, address,
    provider_message_id, code, detail, is_machine, raw, occurred_at, received_at)
SELECT %(account_id)s, event_id, kind, progress, trouble, own.id, CASE WHEN own.id IS NOT NULL THEN number END,
    address, provider_message_id, code, detail, is_machine, raw, occurred_at, %(now)s
FROM json_to_recordset(%(events)s) AS given(
    place int, event_id text, kind text, progress smallint, trouble smallint, recipient_id bigint, number smallint,
    address text, provider_message_id text, code text, detail text, is_machine boolean, raw jsonb,
    occurred_at timestamptz)
LEFT JOIN LATERAL (
    SELECT r.id, d.link_type FROM distributor_recipient r JOIN distributor_distribution d ON d.id = r.distribution_id
    WHERE r.id = given.recipient_id AND d.organization_id = %(organization_id)s
) own ON true
WHERE own.link_type IS DISTINCT FROM 'anonymous' OR kind NOT IN ('opened', 'clicked')
ORDER BY event_id, place
ON CONFLICT (provider_account_id, event_id) DO NOTHING
RETURNING kind, progress, coalesce(recipient_id, 0), coalesce(attempt_number, 0), address
"""
_LOCK = """
SELECT r.id, r.attempt_count, d.stops_on FROM distributor_recipient r
JOIN distributor_distribution d ON d.id = r.distribution_id
WHERE r.id = ANY(%s::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r
"""

# Of each try its own account's events. A try of unknown outcome is proved by any event of it; one that was dropped
# never left.
_FOLD = """
UPDATE distributor_attempt a SET
    progress = greatest(a.progress, told.progress),
    trouble = greatest(a.trouble, told.trouble),
    state = CASE WHEN told.trouble = %(dropped)s THEN 'failed' WHEN a.state = 'unknown' THEN 'sent'
        ELSE a.state END,
    provider_message_id = CASE a.provider_message_id WHEN '' THEN told.message_id ELSE a.provider_message_id END
FROM (
    SELECT recipient_id, attempt_number, provider_account_id, max(progress) AS progress, max(trouble) AS trouble,
        coalesce(min(provider_message_id) FILTER (WHERE provider_message_id <> ''), '') AS message_id
    FROM distributor_providerevent WHERE recipient_id = ANY(%(ids)s::bigint[]) GROUP BY 1, 2, 3
) told
WHERE a.recipient_id = told.recipient_id AND a.number = told.attempt_number
    AND a.provider_account_id = told.provider_account_id
    AND (told.progress > a.progress OR told.trouble > a.trouble)
RETURNING a.recipient_id, old.state <> new.state
    OR new.trouble >= %(undelivered)s AND new.trouble > old.trouble
"""
_OPENED = """
WITH told AS (
    SELECT recipient_id, min(occurred_at) AS opened_at FROM distributor_providerevent
    WHERE recipient_id = ANY(%s::bigint[]) AND progress >= %s GROUP BY recipient_id
),
opened AS (
    UPDATE distributor_recipient r SET first_opened_at = told.opened_at FROM told
    WHERE r.id = told.recipient_id AND (r.first_opened_at IS NULL OR r.first_opened_at > told.opened_at)
    RETURNING r.distribution_id, old.first_opened_at
)
SELECT distribution_id, count(*) FROM opened WHERE first_opened_at IS NULL GROUP BY distribution_id
"""


@dataclass(frozen=True, slots=True)
class News:
    """An event that was not known before, as far as something follows from it. 0 and 0: of no try that we know."""

    kind: str
    progress: int
    recipient_id: int
    number: int
    address: str


@retry_deadlocks
def ingest_events(account: Account, events: Sequence[Event], now: datetime) -> None:
    """Store what a provider tells and let it take effect, once, in one transaction.

    A pause that waits for a begin that waits for us ends it now and then: Twilio would not tell a second time.
    """
    news = _store(account, events, now)
    suppressed = [(one.address, meaning_of(one.kind).suppresses) for one in news if one.kind not in OPT_OUT_REQUESTS]
    suppress(account, [(address, reason) for address, reason in suppressed if reason])
    wishing = {one.address for one in news if one.kind in OPT_OUT_REQUESTS}
    if wishing:
        apply_latest_wishes(account, sorted(wishing))
    told = [one for one in news if one.recipient_id]
    recipient_ids = sorted({one.recipient_id for one in told})
    if not recipient_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [array_of(recipient_ids)])
        locked: list[tuple[int, int, str]] = cursor.fetchall()
    attempt_counts = {recipient_id: count for recipient_id, count, _ in locked}
    stopping = {recipient_id for recipient_id, _, stops_on in locked if stops_on != StopsOn.RESPONSE}
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    if any(one.progress >= Progress.OPENED for one in told):
        _note_opens(recipient_ids, counts)
    arrived = {one.recipient_id for one in told if one.progress >= Progress.DELIVERED}
    in_flight = reconcile_journeys(_fold(recipient_ids) | arrived & stopping, now, counts)
    _mark(in_flight | {one.recipient_id for one in told if one.number > attempt_counts.get(one.recipient_id, 0)})
    add_counts(counts)


def ingest_early_events(recipient_ids: Collection[int], now: datetime) -> None:
    """What came before recipients' try was settled, now that it is: events, answers, or a step that was added.

    The caller has their locks.
    """
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    _fold(recipient_ids)
    Recipient.objects.filter(id__in=recipient_ids).update(has_early_events=False)
    _mark(reconcile_journeys(recipient_ids, now, counts))
    add_counts(counts)
    answered = Recipient.objects.filter(id__in=recipient_ids, responded_at__isnull=False)
    for recipient_id in answered.order_by("id").values_list("id", flat=True):
        arm_thank_you(recipient_id, now)
    look_again(recipient_ids, now)


def ingest_open(recipient_id: int, now: datetime) -> None:
    """An open of the link that ends the recipient's fallbacks. The caller holds its lock.

    One that comes before the first try is settled is looked at then.
    """
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    in_flight = reconcile_journeys([recipient_id], now, counts)
    untried = Recipient.objects.filter(id=recipient_id, state=RecipientState.WAITING, attempt_count=0)
    _mark(in_flight | set(untried.values_list("id", flat=True)))
    add_counts(counts)


def _store(account: Account, events: Sequence[Event], now: datetime) -> list[News]:
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "account_id": account.id,
                "organization_id": account.organization_id,
                "now": now,
                "events": without_nul(rows_of([_row(place, event) for place, event in enumerate(events)])),
            },
        )
        return [News(*row) for row in cursor.fetchall()]


def _row(place: int, event: Event) -> dict[str, Any]:
    meaning = meaning_of(event.kind, is_machine=event.is_machine)
    recipient_id, number = read_attempt_id(event.attempt_id) or (None, None)
    return {
        "place": place,
        "event_id": _key(event.event_id),
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


def _key(event_id: str) -> str:
    """The provider's id of an event, or a digest of one that is no key: cut, two could become one."""
    if len(event_id) <= EVENT_ID_LENGTH and "\0" not in event_id:
        return event_id
    return sha256(event_id.encode("utf-8", "replace")).hexdigest()


def _fold(recipient_ids: Collection[int]) -> set[int]:
    """Fold all that is stored of these recipients into their tries. Returns those whose journey it may concern."""
    with connection.cursor() as cursor:
        ranks = {"undelivered": Trouble.UNDELIVERED.value, "dropped": Trouble.DROPPED.value}
        cursor.execute(_FOLD, {"ids": array_of(recipient_ids), **ranks})
        return {recipient_id for recipient_id, concerns_journey in cursor.fetchall() if concerns_journey}


def _note_opens(recipient_ids: Collection[int], counts: defaultdict[UUID, Counter[str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, [array_of(recipient_ids), Progress.OPENED.value])
        for distribution_id, count in cursor.fetchall():
            counts[distribution_id]["opened_count"] += count


def _mark(recipient_ids: Iterable[int]) -> None:
    marked = list(recipient_ids)
    if marked:
        Recipient.objects.filter(id__in=marked, has_early_events=False).update(has_early_events=True)
