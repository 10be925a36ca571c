"""What follows for those of a batch who are not sent to now: stopped, rerouted to the next step, or put off."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.claiming import Claim
from distributor.engine.journeys import Move, move_recipients
from distributor.engine.judging import Judged
from distributor.engine.messages import Person
from distributor.engine.rearming import arm_batch
from distributor.engine.routes import Route
from distributor.engine.sequel import has_enough
from distributor.engine.tries import read_tries
from distributor.models import Attempt, Decision
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.chaining import Passage
from distributor.rules.departure import Departure
from distributor.rules.eligibility import ContactFacts, Refusal, refuse_channel
from distributor.rules.outcomes import ending_of
from distributor.rules.retrying import Ending

Refused = tuple[Person, ContactFacts, Refusal]
Deferred = tuple[Person, Departure]


def turn_away(route: Route, claim: Claim, judged: Judged, now: datetime) -> None:
    """Move them on, each with a Decision, inside the caller's transaction."""
    if not judged.refused and not judged.deferred:
        return
    decisions: list[Decision] = []
    moves = _refuse(route, claim, judged.refused, decisions, now)
    moves += _defer(route, claim, judged.deferred, decisions, now)
    Decision.objects.bulk_create(decisions)
    move_recipients(route.distribution.id, moves)


def _refuse(
    route: Route,
    claim: Claim,
    refused: Sequence[Refused],
    decisions: list[Decision],
    now: datetime,
) -> list[Move]:
    """Stop people, or put them on the chain's next step when only this channel is shut to them."""
    moves: list[Move] = []
    rerouted: dict[tuple[UUID, datetime], list[int]] = {}
    tries = _tries_that_matter(refused)
    route = route.with_own_steps(person.id for person, _, _ in refused)
    for person, known, refusal in refused:
        made = tries.get(person.recipient_id, [])
        onward = _detour(route, person, known, made, now) if refusal.reason.is_about_the_channel else None
        if onward is not None:
            rerouted.setdefault(onward, []).append(person.recipient_id)
        elif person.first_sent_at is not None:
            # An earlier step reached it: this one has nothing to add.
            moves.append(Move(person.recipient_id, RecipientState.FINISHED, RecipientOutcome.SENT))
        elif made and ending_of(made) is Ending.INDETERMINATE:
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
                kind=DecisionKind.REROUTED if onward else DecisionKind.STOPPED,
                reason=refusal.reason,
                detail=dict(refusal.detail),
                decided_at=now,
            )
        )
    for (step_id, due_at), recipient_ids in rerouted.items():
        moves += _into_batch(claim, step_id, due_at, recipient_ids)
    return moves


def _tries_that_matter(refused: Sequence[Refused]) -> dict[int, list[Attempt]]:
    """Of those who may go on, and of those whom nothing has reached for certain."""
    tried = [
        person.recipient_id
        for person, _, refusal in refused
        if person.attempt_count and (person.first_sent_at is None or refusal.reason.is_about_the_channel)
    ]
    return read_tries(tried) if tried else {}


def _detour(
    route: Route, person: Person, known: ContactFacts, tries: Sequence[Attempt], now: datetime
) -> tuple[UUID, datetime] | None:
    """As after a failure: the next step whose channel is open to the person, however many are shut in between.

    A channel that the person has told to stop is not stepped over: there the journey ends.
    """
    refusals = {channel: refuse_channel(known, channel) for channel in known.addresses}
    opened = {
        channel for channel, refusal in refusals.items() if refusal is None or not refusal.reason.is_about_the_channel
    }
    last_at = tries[-1].begun_at if tries else now
    tried = {one.step_id for one in tries}
    has_reached, enough = person.first_sent_at is not None, has_enough(route, person, tries)
    passage = Passage(Ending.FAILED, has_reached, now, last_at, tried, enough, person.responded_at)
    return route.next_step(person.id, passage, tries, opened, now)


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
