"""The record of why a recipient was deferred, rerouted, stopped or skipped."""

from collections.abc import Mapping
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
    """Return an unsaved decision. `detail` holds the facts that the reason is based on (see rules/phrases.py)."""
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
