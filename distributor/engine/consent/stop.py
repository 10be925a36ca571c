"""Stopping every journey that waits, of people who said no."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from contacts.models import ConsentEvent
from distributor.engine.consent.record import ReportedSignal
from distributor.engine.journey.stop import stop_journeys
from distributor.models import Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.consent import Lift, Signal
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
        contact_id: detail_of(reported.signal.value, reported.channel) for contact_id, reported in stopping.items()
    }
    stop_journeys(list(journeys), StopReason.OPTED_OUT, now, details=details)


def detail_of(signal: str, channel: str) -> dict[str, str]:
    """Return the detail of a Decision that a signal is the reason for. `channel` "": it was said elsewhere."""
    return {"signal": signal, **({"channel": channel} if channel else {})}


def find_signals_since_acceptance(recipients: Collection[Recipient]) -> dict[int, dict[str, str]]:
    """Return, by recipient, the detail of the latest signal since it was accepted that was not taken back, if any."""
    if not recipients:
        return {}
    contact_ids = {recipient.contact_id for recipient in recipients}
    events = ConsentEvent.objects.filter(contact_id__in=contact_ids).order_by("pk")
    by_contact: defaultdict[UUID | None, list[tuple[datetime, str, str]]] = defaultdict(list)
    for contact_id, recorded_at, what, channel in events.values_list("contact_id", "recorded_at", "what", "channel"):
        by_contact[contact_id].append((recorded_at, what, channel))
    details = {}
    for recipient in recipients:
        later = [event for event in by_contact[recipient.contact_id] if event[0] >= recipient.created_at]
        if (detail := _latest_signal(later)) is not None:
            details[recipient.pk] = detail
    return details


def _latest_signal(events: Iterable[tuple[datetime, str, str]]) -> dict[str, str] | None:
    details: dict[str, dict[str, str]] = {}
    for _, what, channel in events:
        if what == Lift.START:
            details.pop(Signal.STOP, None)
        elif what == Lift.OPT_IN:
            details = {signal: detail for signal, detail in details.items() if signal == Signal.STOP}
        else:
            details[what] = detail_of(what, channel)
    return list(details.values())[-1] if details else None
