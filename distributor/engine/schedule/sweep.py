"""The sweep: what beat asks for every few seconds. It only looks, and sends hints; every worker may run it."""

from datetime import datetime

from django.db import connection, transaction

from distributor.engine.audience.expand import due_expansions
from distributor.engine.follow_up.add import due_follow_ups
from distributor.engine.infrastructure.wakeups import wake_expansion, wake_follow_ups, wake_lane
from distributor.models import Batch, Heartbeat

SWEEP = "sweep"
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('distributor sweep', 0))"


def sweep(now: datetime, period_seconds: float) -> list[str]:
    """Hint every lane that has due work, and leave a sign of life. Returns the lanes hinted.

    Audiences that wait to be read and follow-ups that wait to be brought to people are hinted, too. Due work is what a
    lost hint left lying, what has come due since, and what a dead worker's expired lease set free. Two sweeps at once
    (two beats) do no more than one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return []
        lanes = sorted(Batch.objects.due(now).values_list("lane", flat=True).distinct())
        has_expansions, has_follow_ups = due_expansions(now), due_follow_ups(now)
        Heartbeat.objects.update_or_create(name=SWEEP, defaults={"beat_at": now})
    for lane in lanes:
        # A hint that every worker was too busy to read is worthless by the next sweep.
        wake_lane(lane, expires_seconds=period_seconds)
    if has_expansions:
        wake_expansion(expires_seconds=period_seconds)
    if has_follow_ups:
        wake_follow_ups(expires_seconds=period_seconds)
    return lanes
