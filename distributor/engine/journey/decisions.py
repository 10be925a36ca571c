"""The record of why a recipient was deferred, rerouted, stopped, sent to again or skipped."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from distributor.models import Decision
from distributor.models.decision import DecisionKind


def new_decision(
    kind: DecisionKind,
    reason: str,
    now: datetime,
    *,
    distribution_id: UUID,
    contact_id: UUID,
    recipient_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    until: datetime | None = None,
) -> Decision:
    """Return an unsaved decision. `detail` holds the facts that the reason is based on (see rules/phrases/)."""
    return Decision(
        distribution_id=distribution_id,
        contact_id=contact_id,
        recipient_id=recipient_id,
        kind=kind,
        reason=reason,
        detail=dict(detail or {}),
        until=until,
        decided_at=now,
    )


def find_stopped(recipient_ids: Collection[int], is_stop: Callable[[str], bool]) -> set[int]:
    """Return the recipients who were stopped for a reason that `is_stop`, and were not retried since."""
    kinds = (DecisionKind.STOPPED, DecisionKind.RETRIED)
    decisions = Decision.objects.filter(recipient_id__in=recipient_ids, kind__in=kinds).order_by("id")
    stopped_ids: set[int] = set()
    for recipient_id, kind, reason in decisions.values_list("recipient_id", "kind", "reason"):
        if recipient_id is None:
            continue
        if kind == DecisionKind.RETRIED:
            stopped_ids.discard(recipient_id)
        elif is_stop(reason):
            stopped_ids.add(recipient_id)
    return stopped_ids
