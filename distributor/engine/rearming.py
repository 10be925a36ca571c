"""Putting recipients into another batch: the one way to wait for something."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from contacts.ids import new_id
from distributor.engine.journeys import Move
from distributor.engine.sequel import Sequel
from distributor.models import Batch
from distributor.models.recipient import RecipientState
from distributor.rules.planning import lane_for


class Scheduled(Protocol):
    """A batch, or the claim of one."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def distribution_id(self) -> UUID: ...


def arm_batch(scheduled: Scheduled, step_id: UUID, due_at: datetime, size: int, *, lane: str | None = None) -> UUID:
    """A new batch of the same distribution; the caller moves its recipients into it. `lane` None: by its size."""
    batch = Batch.objects.create(
        id=new_id(),
        organization_id=scheduled.organization_id,
        distribution_id=scheduled.distribution_id,
        step_id=step_id,
        lane=lane or lane_for(size),
        due_at=due_at,
        size=size,
    )
    return batch.id


def arm_onward(scheduled: Scheduled, sequel: Sequel) -> list[Move]:
    """A batch for each step and moment that people go on to, and the moves that put them there."""
    moves = []
    for onward, recipient_ids in sequel.onward.items():
        batch_id = arm_batch(scheduled, onward.step_id, onward.due_at, len(recipient_ids))
        moves += [
            Move(
                recipient_id,
                RecipientState.WAITING,
                batch_id=batch_id,
                is_attempt=onward.is_attempt,
                sent_at=onward.sent_at,
            )
            for recipient_id in recipient_ids
        ]
    return moves
