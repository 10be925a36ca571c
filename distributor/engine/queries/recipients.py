"""Recipients and skipped contacts by contact, state, reason and time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from distributor.engine.queries.page import Found, Window, read_by_id, times
from distributor.engine.queries.safe_moment import safe_moment
from distributor.models import Decision, Distribution, Recipient
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.event_types import EventType

# As callers read them: the outcome stands for the state of those who finished.
STATES = ("registered", "waiting", "sent", "failed", "indeterminate", "stopped")

# The events whose subjects are recipients.
_TOLD_OF_RECIPIENTS: Final = [
    kind.value
    for kind in EventType
    if kind.startswith("recipient.") and kind not in (EventType.SKIPPED, EventType.OPTED_OUT)
]
_IS_CANCELLED: Final = Q(distribution__cancelled_at__isnull=False)
# A page reads so many changes at most, of which several may be of one recipient.
CHANGES_REACH: Final = 2_000
_CHANGES: Final = """
SELECT b.at, b.id, subject.place, subject.id
FROM distributor_eventbundle b, unnest(b.subject_ids) WITH ORDINALITY AS subject(id, place)
WHERE b.organization_id = %(organization_id)s AND b.at >= %(since)s AND b.at < %(until)s AND b.type = ANY(%(types)s)
    AND b.at >= %(at)s AND (b.at, b.id, subject.place) > (%(at)s, %(id)s, %(place)s)
ORDER BY b.at, b.id, subject.place LIMIT %(limit)s
"""


def find_recipients(
    distribution: Distribution,
    window: Window,
    *,
    contact_ids: Sequence[UUID] | None = None,
    state: str | None = None,
    reason: str | None = None,
) -> Found[Recipient]:
    """Return a page of a distribution's recipients, with their contacts, in the order of acceptance or the reverse."""
    recipients = Recipient.objects.filter(distribution_id=distribution.pk).select_related("contact")
    if contact_ids is not None:
        recipients = recipients.filter(contact_id__in=contact_ids)
    return read_by_id(recipients, window, _wanted(window, state, reason))


def find_journeys(
    organization_id: UUID,
    window: Window,
    contact_ids: Sequence[UUID],
    *,
    survey_id: UUID | None = None,
    state: str | None = None,
    reason: str | None = None,
) -> Found[Recipient]:
    """Return a page of what contacts are recipients of, across distributions."""
    recipients = Recipient.objects.filter(contact_id__in=contact_ids, contact__organization_id=organization_id)
    if survey_id is not None:
        recipients = recipients.filter(distribution__survey_id=survey_id)
    recipients = recipients.select_related("contact", "distribution")
    return read_by_id(recipients, window, _wanted(window, state, reason))


def find_changed(
    organization_id: UUID,
    window: Window,
    *,
    survey_id: UUID | None = None,
    contact_ids: Sequence[UUID] | None = None,
    state: str | None = None,
    reason: str | None = None,
) -> Found[Recipient]:
    """Return a page of recipients in the order of their events (models/event_bundle.py), as they are now, once each.

    A recipient that changes again is on a later page again. Reads at most CHANGES_REACH changes.
    """
    until = safe_moment()
    recipients = Recipient.objects.filter(distribution__organization_id=organization_id)
    if survey_id is not None:
        recipients = recipients.filter(distribution__survey_id=survey_id)
    if contact_ids is not None:
        recipients = recipients.filter(contact_id__in=contact_ids)
    wanted = _wanted(window, state, reason) or Q()
    changes = _read_changes(organization_id, window, until)
    recipients = recipients.filter(wanted, pk__in={recipient_id for *_, recipient_id in changes})
    passing = set(recipients.values_list("pk", flat=True))
    found = [change for change in changes if change[-1] in passing]
    shown = found[: window.limit]
    known = Recipient.objects.select_related("contact", "distribution").in_bulk({change[-1] for change in shown})
    last = {recipient_id: place for place, (*_, recipient_id) in enumerate(shown)}
    # A recipient may have been deleted since.
    rows = [
        known[recipient_id]
        for place, (*_, recipient_id) in enumerate(shown)
        if last[recipient_id] == place and recipient_id in known
    ]
    if len(found) > window.limit:
        return Found(rows, shown[-1][:-1], until)
    return Found(rows, changes[-1][:-1] if len(changes) == CHANGES_REACH else None, until)


def find_skipped(
    distribution_id: UUID, window: Window, *, contact_ids: Sequence[UUID] | None = None, reason: str | None = None
) -> Found[Decision]:
    """Return a page of the contacts that were left out of a distribution, in the order in which they were."""
    decisions = Decision.objects.filter(distribution_id=distribution_id, recipient_id=None)
    if contact_ids is not None:
        decisions = decisions.filter(contact_id__in=contact_ids)
    wanted = times(window, "decided_at")
    if reason is not None:
        wanted &= Q(reason=reason)
    return read_by_id(decisions, window, wanted or None)


def _read_changes(organization_id: UUID, window: Window, until: datetime) -> list[tuple[datetime, int, int, int]]:
    """Return the next changes: when, the row, the place in it, and the recipient."""
    after = window.after or (datetime.min.replace(tzinfo=UTC), 0, 0)
    parameters = {
        "organization_id": organization_id, "since": window.updated_after, "until": until, "limit": CHANGES_REACH,
        "types": _TOLD_OF_RECIPIENTS, "at": after[0], "id": after[1], "place": after[2],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, parameters)
        changes: list[tuple[datetime, int, int, int]] = cursor.fetchall()
    return changes


def _wanted(window: Window, state: str | None, reason: str | None) -> Q | None:
    """State what a timeline says in SQL (reports/timeline.py): of a cancelled distribution, who waits is stopped."""
    is_being_cancelled = Q(state=RecipientState.WAITING) & _IS_CANCELLED
    wanted = times(window, "created_at")
    if state == RecipientState.STOPPED:
        wanted &= Q(state=state) | is_being_cancelled
    elif state == RecipientState.WAITING:
        wanted &= Q(state=state) & ~_IS_CANCELLED
    elif state is not None:
        wanted &= Q(outcome=state) if state in RecipientOutcome.values else Q(state=state)
    if reason is not None:
        has_reason = Q(reason=reason) & ~is_being_cancelled
        wanted &= has_reason | is_being_cancelled if reason == Reason.CANCELLED else has_reason
    return wanted or None
