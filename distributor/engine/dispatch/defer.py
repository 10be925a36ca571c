"""Defer recipients who may only be sent to later. Those with the same due time share a batch."""

from collections.abc import Sequence
from datetime import datetime

from distributor.engine.dispatch.claim import Claim
from distributor.engine.journey.batches import move_into_batch
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.people import Person
from distributor.engine.journey.transitions import move_recipients
from distributor.engine.route.step_context import StepContext
from distributor.models import Decision
from distributor.models.decision import DecisionKind
from distributor.rules.timing.departure import Departure

Deferred = tuple[Person, Departure]


def defer(context: StepContext, claim: Claim, deferred: Sequence[Deferred], now: datetime) -> None:
    """Defer these people, each with a Decision, inside the caller's transaction."""
    if not deferred:
        return
    recipient_ids_by_due_time: dict[datetime, list[int]] = {}
    for person, departure in deferred:
        recipient_ids_by_due_time.setdefault(departure.at, []).append(person.recipient_id)
    moves = [
        move_into_batch(claim, context.step.id, due_at, recipient_ids)
        for due_at, recipient_ids in recipient_ids_by_due_time.items()
    ]
    Decision.objects.bulk_create(
        new_decision(
            DecisionKind.DEFERRED,
            departure.delay,
            now,
            distribution_id=context.distribution.id,
            contact_id=person.id,
            recipient_id=person.recipient_id,
            detail=departure.detail,
            until=departure.at,
        )
        for person, departure in deferred
    )
    move_recipients(context.distribution.id, moves)
