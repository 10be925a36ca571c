"""Feedback: provider events are stored once and applied to attempts, journeys and suppressions.

    store → record consent → stop journeys → lock the recipients → fold → reconcile → forget the erased

The stored events are the truth. Attempts and journeys are computed from all of them, so the order, repeats and splits
of webhooks do not matter.

Events of an attempt that is still with the provider are applied when it is settled: the recipient is marked
(Recipient.has_early_events), and settle calls catch_up_after_settle(). Both lock the recipient first, so whichever
comes second sees what the other has written.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from channels.events import Event, EventKind
from channels.providers.base import Account
from contacts.channel import Channel
from distributor.engine.consent.forget import forget_late
from distributor.engine.consent.provider_signals import (
    apply_latest_requests,
    record_provider_signals,
    suppress_bounced,
)
from distributor.engine.consent.record import ReportedSignal
from distributor.engine.consent.resubscribe import SUBSCRIPTION_CHANGES, apply_resubscribes
from distributor.engine.consent.stop import lock_journeys, stop_for_signals
from distributor.engine.counters.count import Route, Tally
from distributor.engine.counters.totals import PROVIDER_EVENTS, Total, Totals
from distributor.engine.feedback.event_store import NewEvent, fold_events, record_opens, store_events
from distributor.engine.feedback.reconcile import reconcile_journeys
from distributor.engine.follow_up.arm import arm_after_settle
from distributor.engine.follow_up.thank_you import arm_thank_you
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.journey.transitions import add_counts
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.event_types import EventType
from distributor.rules.journey.chain import StopsOn
from distributor.rules.journey.delivery_events import OPT_OUT_REQUESTS, SIGNALS, Progress, meaning_of

_LOCK_RECIPIENTS = """
SELECT r.id, r.attempt_count, d.stops_on FROM distributor_recipient r
JOIN distributor_distribution d ON d.id = r.distribution_id
WHERE r.id = ANY(%s::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r
"""


class _LockedRecipient(NamedTuple):
    id: int
    attempt_count: int
    stops_on: str


@retry_deadlocks
def ingest_events(account: Account, events: Sequence[Event], now: datetime) -> list[NewEvent]:
    """Store an account's events and apply those that are new, in one transaction. Returns the new ones.

    May deadlock with a concurrent pause, so it is retried: Twilio does not redeliver webhooks.
    """
    new_events, tally = store_events(account, events, now), Tally()
    route = Route(account.channel.value, account.id)
    attempt_events = [event for event in new_events if event.recipient_id]
    stopping = _record_consent(account, new_events, now)
    if stopping:
        recipient_ids = {event.recipient_id for event in attempt_events}
        stop_for_signals(lock_journeys(stopping, and_recipients=recipient_ids), stopping, now)
    if attempt_events:
        opened_count = _apply_to_journeys(attempt_events, now, tally)
        tally[route]["opened"] += opened_count
        _tell_complaints(account, attempt_events)
    if new_events:
        told = {event.address for event in new_events}
        forget_late(account.organization_id, told, {event.recipient_id for event in attempt_events})
        tally[route].update(events=len(new_events), opted_out=len(stopping))
        tally.totals = _totals_of(route, new_events, now)
        tally.write(account.organization_id, now)
    return new_events


def catch_up_after_settle(recipient_ids: Collection[int], now: datetime, tally: Tally) -> None:
    """Apply what arrived while these recipients' messages were with a provider: events, responses and added steps.

    The caller has settled the attempts, holds the recipients' locks, and writes `tally`.
    """
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    fold_events(recipient_ids, now, tally)
    Recipient.objects.filter(id__in=recipient_ids).update(has_early_events=False)
    _mark(reconcile_journeys(recipient_ids, now, counts))
    add_counts(counts)
    responders = Recipient.objects.filter(id__in=recipient_ids, responded_at__isnull=False)
    for recipient_id in responders.order_by("id").values_list("id", flat=True):
        arm_thank_you(recipient_id, now)
    arm_after_settle(recipient_ids, now)


def ingest_open(recipient_id: int, now: datetime) -> None:
    """Let an open of the recipient's link end its fallbacks. The caller holds the recipient's lock.

    An open before the first attempt is settled takes effect when it is.
    """
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    in_flight = reconcile_journeys([recipient_id], now, counts)
    unattempted = Recipient.objects.filter(id=recipient_id, state=RecipientState.WAITING, attempt_count=0)
    _mark(in_flight | set(unattempted.values_list("id", flat=True)))
    add_counts(counts)


def _record_consent(account: Account, new_events: Sequence[NewEvent], now: datetime) -> dict[UUID, ReportedSignal]:
    """Suppress addresses that bounced, and record what people want. Returns the contacts whose journeys must stop."""
    suppress_bounced(account, [event.address for event in new_events if meaning_of(event.kind).bounces])
    signal_events = [event for event in new_events if event.kind in SIGNALS]
    recipients = Recipient.objects.filter(id__in=[event.recipient_id for event in signal_events if event.recipient_id])
    contact_ids = dict(recipients.values_list("id", "contact_id"))
    reported = [
        ReportedSignal(
            SIGNALS[event.kind],
            account.channel.value,
            event.address,
            contact_ids.get(event.recipient_id),
            said_at=event.occurred_at,
            evidence={"event": event.event_id},
        )
        for event in signal_events
    ]
    stopping = record_provider_signals(account, reported, now)
    if account.channel == Channel.EMAIL:
        apply_resubscribes(account, {event.address for event in new_events if event.kind in SUBSCRIPTION_CHANGES}, now)
    requesting_addresses = {event.address for event in new_events if event.kind in OPT_OUT_REQUESTS}
    if requesting_addresses:
        new_stops = {(event.address, event.occurred_at) for event in new_events if event.kind == EventKind.STOPPED}
        stopping |= apply_latest_requests(account, sorted(requesting_addresses), new_stops, now)
    return stopping


def _apply_to_journeys(new_events: Sequence[NewEvent], now: datetime, tally: Tally) -> int:
    """Fold new events of known attempts, and reconcile the journeys that they may change. Returns the first opens."""
    recipient_ids = sorted({event.recipient_id for event in new_events})
    recipients = _lock_recipients(recipient_ids)
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    may_change = fold_events(recipient_ids, now, tally)
    if any(event.progress >= Progress.OPENED for event in new_events):
        record_opens(recipient_ids, counts)
    opened_count = sum(changes["opened_count"] for changes in counts.values())
    delivered = {event.recipient_id for event in new_events if event.progress >= Progress.DELIVERED}
    with_stop_condition = {recipient.id for recipient in recipients if recipient.stops_on != StopsOn.RESPONSE}
    in_flight = reconcile_journeys(may_change | delivered & with_stop_condition, now, counts)
    attempt_counts = {recipient.id: recipient.attempt_count for recipient in recipients}
    early = {event.recipient_id for event in new_events if event.number > attempt_counts.get(event.recipient_id, 0)}
    _mark(in_flight | early)
    add_counts(counts)
    return opened_count


def _totals_of(route: Route, new_events: Sequence[NewEvent], now: datetime) -> Totals:
    """Return what monitoring counts: the events by their kind, and how long after the fact they came."""
    totals = Totals(route.account_id)
    for event in new_events:
        total = Total(PROVIDER_EVENTS, route.channel, event.kind)
        totals.add_seconds(total, (now - event.occurred_at).total_seconds())
    return totals


def _tell_complaints(account: Account, attempt_events: Sequence[NewEvent]) -> None:
    complaints = [event for event in attempt_events if event.kind == EventKind.COMPLAINED]
    recipient_ids, numbers = [event.recipient_id for event in complaints], [event.number for event in complaints]
    write_bundles(
        [NewBundle(EventType.COMPLAINED, account.organization_id, subject_ids=recipient_ids, numbers=numbers)]
    )


def _lock_recipients(recipient_ids: Collection[int]) -> list[_LockedRecipient]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_RECIPIENTS, [array_of(recipient_ids)])
        return [_LockedRecipient(*row) for row in cursor.fetchall()]


def _mark(recipient_ids: Iterable[int]) -> None:
    """Let the settle of these recipients' attempts call catch_up_after_settle()."""
    marked = list(recipient_ids)
    if marked:
        Recipient.objects.filter(id__in=marked, has_early_events=False).update(has_early_events=True)
