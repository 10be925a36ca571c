"""What follows for those of a batch who are not sent to now: stopped, rerouted to the next step, or put off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.claiming import Claim
from distributor.engine.journeys import Move, move_recipients
from distributor.engine.judging import Judged
from distributor.engine.messages import Person
from distributor.engine.rearming import arm_batch
from distributor.engine.routes import Route
from distributor.models import Decision
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.departure import Departure
from distributor.rules.eligibility import ContactFacts, Refusal

Refused = tuple[Person, ContactFacts, Refusal]
Deferred = tuple[Person, Departure]


def turn_away(
    route: Route, claim: Claim, judged: Judged, unanswered: Mapping[int, Sequence[datetime]], now: datetime
) -> None:
    """Move them on, each with a Decision, inside the caller's transaction. `unanswered`: engine/unanswered.py."""
    if not judged.refused and not judged.deferred:
        return
    decisions: list[Decision] = []
    moves = _refuse(route, claim, judged.refused, unanswered, decisions, now)
    moves += _defer(route, claim, judged.deferred, decisions, now)
    Decision.objects.bulk_create(decisions)
    move_recipients(route.distribution.id, moves)


def _refuse(
    route: Route,
    claim: Claim,
    refused: Sequence[Refused],
    unanswered: Mapping[int, Sequence[datetime]],
    decisions: list[Decision],
    now: datetime,
) -> list[Move]:
    """Stop people, or put them on the chain's next step when only this channel is shut to them."""
    moves: list[Move] = []
    rerouted: dict[UUID, list[int]] = {}
    for person, known, refusal in refused:
        step = route.next_step(known.addresses) if refusal.reason.is_about_the_channel else None
        if step is not None:
            rerouted.setdefault(step.id, []).append(person.recipient_id)
        elif person.first_sent_at is not None:
            # An earlier step of the chain reached it: this one has nothing to add.
            moves.append(Move(person.recipient_id, RecipientState.FINISHED, RecipientOutcome.SENT))
        elif person.recipient_id in unanswered:
            # It is not sent again, and may have been sent.
            outcome = RecipientOutcome.INDETERMINATE
            moves.append(Move(person.recipient_id, RecipientState.FINISHED, outcome, "unknown_outcome"))
        else:
            moves.append(Move(person.recipient_id, RecipientState.STOPPED, reason=refusal.reason))
        decisions.append(
            Decision(
                distribution_id=route.distribution.id,
                contact_id=person.id,
                recipient_id=person.recipient_id,
                kind=DecisionKind.REROUTED if step else DecisionKind.STOPPED,
                reason=refusal.reason,
                detail=dict(refusal.detail),
                decided_at=now,
            )
        )
    for step_id, recipient_ids in rerouted.items():
        moves += _into_batch(claim, step_id, now, recipient_ids)
    return moves


def _defer(
    route: Route, claim: Claim, deferred: Sequence[Deferred], decisions: list[Decision], now: datetime
) -> list[Move]:
    """Put people off. Those who wait for the same moment share a batch."""
    moves: list[Move] = []
    together: dict[datetime, list[int]] = {}
    for person, departure in deferred:
        together.setdefault(departure.at, []).append(person.recipient_id)
        decisions.append(
            Decision(
                distribution_id=route.distribution.id,
                contact_id=person.id,
                recipient_id=person.recipient_id,
                kind=DecisionKind.DEFERRED,
                reason=departure.delay,
                detail=dict(departure.detail),
                until=departure.at,
                decided_at=now,
            )
        )
    for due_at, recipient_ids in together.items():
        moves += _into_batch(claim, route.step.id, due_at, recipient_ids)
    return moves


def _into_batch(claim: Claim, step_id: UUID, due_at: datetime, recipient_ids: Sequence[int]) -> list[Move]:
    batch_id = arm_batch(claim, step_id, due_at, len(recipient_ids))
    return [Move(recipient_id, RecipientState.WAITING, batch_id=batch_id) for recipient_id in recipient_ids]
