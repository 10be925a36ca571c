"""Delete events and deliveries that are kept no longer. They name nobody, so that is no setting of an organisation."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from distributor.models import EventBundle, EventDelivery
from distributor.models.event_endpoint import DeliveryState
from distributor.partitions.catalogue import closed_below
from distributor.partitions.tables import EVENT_BUNDLES

EVENTS_KEPT: Final = timedelta(days=30)
DELIVERIES_KEPT: Final = timedelta(days=7)
# Events of a closed partition are left to the partition's end (engine/privacy/old_partitions.py) for so much longer.
PATIENCE: Final = EVENT_BUNDLES.period + timedelta(days=1)
CHUNK: Final = 5_000
# The most chunks at once.
CHUNKS: Final = 10


def delete_old_events(now: datetime) -> int:
    """Delete some chunks of old events, and of old deliveries. Return how many rows it were.

    Deliveries that wait until their endpoint is switched on are kept as long as their events.
    """
    is_left_to_its_partition = Q(pk__lt=closed_below(EVENT_BUNDLES), at__gte=now - EVENTS_KEPT - PATIENCE)
    kept_events = EventBundle.objects.filter(Q(at__gte=now - EVENTS_KEPT) | is_left_to_its_partition)
    bundles = EventBundle.objects.all()
    deliveries = EventDelivery.objects.exclude(state=DeliveryState.PENDING)
    kept_deliveries = deliveries.filter(created_at__gte=now - DELIVERIES_KEPT)
    waiting = EventDelivery.objects.filter(state=DeliveryState.PENDING, endpoint__is_active=False)
    kept_waiting = waiting.filter(created_at__gte=now - EVENTS_KEPT)
    return (
        _delete_old(bundles, kept_events)
        + _delete_old(deliveries, kept_deliveries)
        + _delete_old(waiting, kept_waiting)
    )


def _delete_old(rows: QuerySet[Any], kept: QuerySet[Any]) -> int:
    """Delete from the first rows on. They are written in the order of time: the first one that is kept ends it."""
    total = 0
    for _ in range(CHUNKS):
        first = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        kept_ids = set(kept.filter(pk__in=first).values_list("pk", flat=True))
        deleted, _of_models = rows.filter(pk__in=[key for key in first if key not in kept_ids]).delete()
        total += deleted
        if deleted < CHUNK:
            break
    return total
