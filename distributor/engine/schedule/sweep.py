"""The sweep: every few seconds, wake workers for whatever is due. It only looks and sends wake-ups."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from distributor.engine.audience.expand import due_expansions
from distributor.engine.events.claims import has_due_endpoints
from distributor.engine.exports.write import has_due_exports
from distributor.engine.follow_up.add import has_due_follow_ups
from distributor.engine.imports.run import has_due_imports
from distributor.engine.infrastructure.wakeups import (
    wake_events,
    wake_expansion,
    wake_exports,
    wake_follow_ups,
    wake_imports,
    wake_lane,
    wake_manual_retries,
)
from distributor.engine.manual_retry.start import has_due_retries
from distributor.models import Batch, Heartbeat

SWEEP = "sweep"
# Beat ticks every 2 s. After 30 s without a sweep, beat, the broker or all workers are gone.
HEARTBEAT_LIMIT = timedelta(seconds=30)
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('distributor sweep', 0))"


def has_just_swept(now: datetime, period_seconds: float) -> bool:
    """Return whether a sweep ran within half a period. Of ticks that piled up without workers, only one is needed."""
    return Heartbeat.objects.filter(name=SWEEP, beat_at__gt=now - timedelta(seconds=period_seconds / 2)).exists()


def heartbeat_age(now: datetime) -> timedelta | None:
    """Return how long ago a sweep last ran; None if none ever did."""
    heartbeat = Heartbeat.objects.filter(name=SWEEP).first()
    return None if heartbeat is None else now - heartbeat.beat_at


def sweep(now: datetime, period_seconds: float) -> list[str]:
    """Wake every lane that has due batches, and store a heartbeat. Returns the lanes woken.

    Also sends wake-ups for audiences to be expanded, follow-ups to be armed, manual retries, imports, exports and
    endpoints of events. Work may be due because its time has come, because an earlier wake-up was lost, or because a
    dead worker's lease has expired. Of two simultaneous sweeps (two beats) the second does nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return []
        lanes = sorted(Batch.objects.due(now).values_list("lane", flat=True).distinct())
        has_expansions, has_follow_ups, has_retries = due_expansions(now), has_due_follow_ups(now), has_due_retries(now)
        has_imports, has_exports = has_due_imports(now), has_due_exports(now)
        has_events = has_due_endpoints(now)
        Heartbeat.objects.update_or_create(name=SWEEP, defaults={"beat_at": now})
    expires_at = now + timedelta(seconds=period_seconds)
    for lane in lanes:
        # If all workers are busy until the next sweep, that one sends a new wake-up, so this one may expire.
        wake_lane(lane, expires_at=expires_at)
    if has_expansions:
        wake_expansion(expires_at=expires_at)
    if has_follow_ups:
        wake_follow_ups(expires_at=expires_at)
    if has_retries:
        wake_manual_retries(expires_at=expires_at)
    if has_imports:
        wake_imports(expires_at=expires_at)
    if has_exports:
        wake_exports(expires_at=expires_at)
    if has_events:
        wake_events(expires_at=expires_at)
    return lanes
