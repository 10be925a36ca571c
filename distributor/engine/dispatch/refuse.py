"""Refuse recipients who must not be sent to on this step: stop them, or reroute them to the chain's next step."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.dispatch.claim import Claim
from distributor.engine.journey.attempts import read_attempts, since_retry
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
    """Stop or reroute refused people, each with a Decision, inside the caller's transaction.

    A person continues with the chain's next step when only this channel is closed to them. Otherwise the journey ends.
    """
    if not refused:
        return
    decisions: list[Decision] = []
    moves: list[Move] = []
    rerouted_ids: dict[tuple[UUID, datetime], list[int]] = {}
    attempts_by_recipient = _read_attempts_of(refused)
    context = context.with_personal_steps(person.id for person, _, _ in refused)
    for person, facts, refusal in refused:
        attempts = attempts_by_recipient.get(person.recipient_id, [])
        next_step = _next_step(context, person, facts, attempts, now) if refusal.reason.is_about_the_channel else None
        if next_step is not None:
            rerouted_ids.setdefault(next_step, []).append(person.recipient_id)
        else:
            conclusion = conclude(
                has_reached=person.first_sent_at is not None,
                has_unknown=has_unknown(attempts),
                stopped_for=refusal.reason,
            )
            moves.append(Move.to_end([person.recipient_id], conclusion))
        decisions.append(
            new_decision(
                DecisionKind.REROUTED if next_step else DecisionKind.STOPPED,
                refusal.reason,
                now,
                distribution_id=context.distribution.id,
                contact_id=person.id,
                recipient_id=person.recipient_id,
                detail=refusal.detail,
            )
        )
    for (step_id, due_at), recipient_ids in rerouted_ids.items():
        moves.append(move_into_batch(claim, step_id, due_at, recipient_ids))
    Decision.objects.bulk_create(decisions)
    move_recipients(context.distribution.id, moves)


def _read_attempts_of(refused: Sequence[Refused]) -> dict[int, list[Attempt]]:
    """Read the attempts of people who may be rerouted, and of people whom no message is certain to have reached."""
    attempted = [
        person.recipient_id
        for person, _, refusal in refused
        if person.attempt_count and (person.first_sent_at is None or refusal.reason.is_about_the_channel)
    ]
    return read_attempts(attempted) if attempted else {}


def _next_step(
    context: StepContext, person: Person, facts: ContactFacts, attempts: Sequence[Attempt], now: datetime
) -> tuple[UUID, datetime] | None:
    """Return the next step on a channel that is open to the person, chosen as after a failure."""
    attempts = since_retry(attempts, person)
    last_at = attempts[-1].begun_at if attempts else now
    passage = passage_of(context, person, attempts, Ending.FAILED, reached_at=person.first_sent_at, last_at=last_at)
    return context.next_step(person.id, passage, attempts, channels_to_try(facts), now)
