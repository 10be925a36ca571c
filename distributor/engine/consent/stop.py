"""Stopping every journey that waits, of people who said no."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from distributor.engine.consent.record import ReportedSignal
from distributor.engine.journey.stop import stop_journeys
from distributor.models import Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.journey.stop_reasons import StopReason


def lock_journeys(contact_ids: Collection[UUID], *, and_recipients: Collection[int] = ()) -> list[Recipient]:
    """Lock the contacts' waiting journeys and these recipients, in the order of their ids. Returns the journeys."""
    waiting = set(
        Recipient.objects.filter(contact_id__in=contact_ids, state=RecipientState.WAITING).values_list("pk", flat=True)
    )
    if not waiting:
        return []
    locked = Recipient.objects.filter(pk__in=waiting | set(and_recipients)).order_by("pk")
    return [recipient for recipient in locked.select_for_update(no_key=True) if recipient.pk in waiting]


def stop_for_signals(journeys: Collection[Recipient], stopping: Mapping[UUID, ReportedSignal], now: datetime) -> None:
    """Stop the locked journeys; each Decision says which signal stopped it, and where it was said."""
    details = {
        contact_id: {"signal": reported.signal.value, **({"channel": reported.channel} if reported.channel else {})}
        for contact_id, reported in stopping.items()
    }
    stop_journeys(list(journeys), StopReason.OPTED_OUT, now, details=details)
