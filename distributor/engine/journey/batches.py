"""Arm a batch: create one that is due at a given time and put recipients into it. All waiting is done this way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contacts.ids import new_id
from distributor.engine.journey.transitions import Move
from distributor.models import Batch
from distributor.models.recipient import RecipientState
from distributor.rules.journey.batching import lane_for


class Scheduled(Protocol):
    """A batch, or a claim on one."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def distribution_id(self) -> UUID: ...


def arm_batch(
    scheduled: Scheduled,
    step_id: UUID,
    due_at: datetime,
    size: int,
    *,
    lane: str | None = None,
    held_by: UUID | None = None,
) -> UUID:
    """Create a batch of the same distribution and return its id. The caller moves the recipients into it.

    With `lane` None, the size decides the lane. `held_by` is the account that the batch waits for: it is due at once
    when the account works again.
    """
    batch = Batch.objects.create(
        id=new_id(),
        organization_id=scheduled.organization_id,
        distribution_id=scheduled.distribution_id,
        step_id=step_id,
        lane=lane or lane_for(size),
        due_at=due_at,
        size=size,
        held_by=held_by,
    )
    return batch.id


def move_into_batch(scheduled: Scheduled, step_id: UUID, due_at: datetime, recipient_ids: Sequence[int]) -> Move:
    """Create a batch for these recipients. Returns the move that puts them there."""
    batch_id = arm_batch(scheduled, step_id, due_at, len(recipient_ids))
    return Move(recipient_ids, RecipientState.WAITING, batch_id=batch_id)
