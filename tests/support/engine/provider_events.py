"""Events that a provider reports on attempts, passed on without HTTP."""

from datetime import datetime
from itertools import count

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Recipient

_numbers = count(1)


def recipient_of(accepted: Accepted, place: int = 0) -> Recipient:
    return Recipient.objects.get(code=accepted.recipients[place].code)


def event_of(accepted: Accepted, kind: EventKind, place: int = 0, *, number: int = 1, **known: object) -> Event:
    """Make an event about an attempt to reach a recipient, with a new event ID."""
    address = accepted.recipients[place].contact.email
    fields = {
        "event_id": f"event-{next(_numbers)}",
        "kind": kind,
        "occurred_at": database_now(),
        "attempt_id": attempt_id(recipient_of(accepted, place).pk, number),
        "address": address,
        "raw": {"event": kind.value},
    }
    return Event(**{**fields, **known})  # type: ignore[arg-type]


def report_events(account: ProviderAccount, *events: Event, at: datetime | None = None) -> None:
    ingest_events(as_account(account), events, at or database_now())
