"""Putting recipients into another batch: the one way to wait for something."""

from datetime import datetime
from uuid import UUID

from contacts.ids import new_id
from distributor.engine.claiming import Claim
from distributor.models import Batch
from distributor.rules.planning import lane_for


def arm_batch(claim: Claim, step_id: UUID, due_at: datetime, size: int) -> UUID:
    """A new batch of the claimed one's distribution; the caller moves its recipients into it."""
    batch = Batch.objects.create(
        id=new_id(),
        organization_id=claim.organization_id,
        distribution_id=claim.distribution_id,
        step_id=step_id,
        lane=lane_for(size),
        due_at=due_at,
        size=size,
    )
    return batch.id
