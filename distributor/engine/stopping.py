"""Calling off what journeys still wait for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from distributor.engine.journeys import Move, move_recipients
from distributor.models import Decision, Recipient
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.stopping import StopReason


def stop_journeys(recipients: Sequence[Recipient], reason: StopReason, now: datetime) -> None:
    """End the journeys that wait, and record a Decision for each. Those that ended already are left alone.

    Somebody who was sent to before and waits for a fallback or a reminder ends as sent: what stops is the rest of the
    chain, and the Decision says why. Anybody else ends as stopped. A recipient that is with a provider at this moment
    is stopped too, and its settle adds the attempt.

    Runs in the caller's transaction, which holds the recipients' locks, taken in the order of their ids.
    """
    waiting = [recipient for recipient in recipients if recipient.state == RecipientState.WAITING]
    Decision.objects.bulk_create(
        Decision(
            distribution_id=recipient.distribution_id,
            contact_id=recipient.contact_id,
            recipient_id=recipient.pk,
            kind=DecisionKind.STOPPED,
            reason=reason,
            decided_at=now,
        )
        for recipient in waiting
    )
    moves: dict[UUID, list[Move]] = {}
    for recipient in waiting:
        moves.setdefault(recipient.distribution_id, []).append(_move(recipient, reason))
    # Distributions in the order of their ids: two people who stop at once may share several of them.
    for distribution_id in sorted(moves):
        move_recipients(distribution_id, moves[distribution_id])


def _move(recipient: Recipient, reason: StopReason) -> Move:
    if recipient.first_sent_at is not None:
        return Move(recipient.pk, RecipientState.FINISHED, RecipientOutcome.SENT)
    return Move(recipient.pk, RecipientState.STOPPED, reason=reason)
