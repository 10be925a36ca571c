"""Recipients who must not be sent to on this step: stopped, or rerouted to the chain's next step."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.dispatch.claim import Claim
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.batches import move_into_batch
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.next_step import passage_of
from distributor.engine.journey.people import Person
from distributor.engine.journey.transitions import Move, move_recipients
from distributor.engine.route.step_context import StepContext
from distributor.models import Attempt, Decision
from distributor.models.decision import DecisionKind
from distributor.rules.eligibility import ContactFacts, Refusal, channels_to_try
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.outcomes import has_unknown
from distributor.rules.journey.retry import Ending

Refused = tuple[Person, ContactFacts, Refusal]


def refuse(context: StepContext, claim: Claim, refused: Sequence[Refused], now: datetime) -> None:
    """Move refused people on, each with a Decision, inside the caller's transaction.

    A person goes on to the chain's next step when only this channel is closed to them. Otherwise the journey ends.
    """
    if not refused:
        return
    decisions: list[Decision] = []
    moves: list[Move] = []
    rerouted: dict[tuple[UUID, datetime], list[int]] = {}
    attempts_by_recipient = _attempts_that_matter(refused)
    context = context.with_personal_steps(person.id for person, _, _ in refused)
    for person, known, refusal in refused:
        attempts = attempts_by_recipient.get(person.recipient_id, [])
        detour = _detour(context, person, known, attempts, now) if refusal.reason.is_about_the_channel else None
        if detour is not None:
            rerouted.setdefault(detour, []).append(person.recipient_id)
        else:
            conclusion = conclude(
                has_reached=person.first_sent_at is not None,
                has_unknown=has_unknown(attempts),
                stopped_for=refusal.reason,
            )
            moves.append(Move.to_end(person.recipient_id, conclusion))
        decisions.append(
            new_decision(
                DecisionKind.REROUTED if detour else DecisionKind.STOPPED,
                refusal.reason,
                now,
                distribution_id=context.distribution.id,
                contact_id=person.id,
                recipient_id=person.recipient_id,
                detail=refusal.detail,
            )
        )
    for (step_id, due_at), recipient_ids in rerouted.items():
        moves += move_into_batch(claim, step_id, due_at, recipient_ids)
    Decision.objects.bulk_create(decisions)
    move_recipients(context.distribution.id, moves)


def _attempts_that_matter(refused: Sequence[Refused]) -> dict[int, list[Attempt]]:
    """Read the attempts of people who may go on, and of people whom nothing has certainly reached."""
    attempted = [
        person.recipient_id
        for person, _, refusal in refused
        if person.attempt_count and (person.first_sent_at is None or refusal.reason.is_about_the_channel)
    ]
    return read_attempts(attempted) if attempted else {}


def _detour(
    context: StepContext, person: Person, known: ContactFacts, attempts: Sequence[Attempt], now: datetime
) -> tuple[UUID, datetime] | None:
    """Return the next step whose channel is open to the person, as after a failure, however many are closed between."""
    last_at = attempts[-1].begun_at if attempts else now
    passage = passage_of(context, person, attempts, Ending.FAILED, reached_at=person.first_sent_at, last_at=last_at)
    return context.next_step(person.id, passage, attempts, channels_to_try(known), now)
