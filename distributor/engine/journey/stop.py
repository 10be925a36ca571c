"""Stop journeys that still wait for something."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.people import find_in_flight
from distributor.engine.journey.transitions import Move, move_recipients
from distributor.models import Attempt, Decision, Recipient
from distributor.models.attempt import AttemptState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.stop_reasons import StopReason


def stop_journeys(
    recipients: Sequence[Recipient],
    reason: StopReason,
    now: datetime,
    *,
    details: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> None:
    """End waiting journeys, each with a Decision. Journeys that have already ended are left alone.

    rules/journey/conclusion.py says how each ends: a recipient who was sent to before ends as sent, and the Decision
    says what stopped the rest of the chain. A recipient whose message is with a provider now is stopped too; settle
    adds the attempt. `details` are the Decisions' details, by contact.

    Runs in the caller's transaction, which holds the recipients' locks, taken in the order of their ids.
    """
    waiting = [recipient for recipient in recipients if recipient.state == RecipientState.WAITING]
    Decision.objects.bulk_create(
        new_decision(
            DecisionKind.STOPPED,
            reason,
            now,
            distribution_id=recipient.distribution_id,
            contact_id=recipient.contact_id,
            recipient_id=recipient.pk,
            detail=(details or {}).get(recipient.contact_id),
        )
        for recipient in waiting
    )
    unknown = _with_unknown_outcome(waiting)
    # A second copy may be with a provider now. Its recipient is marked, so that settle reconciles the journey.
    if in_flight := find_in_flight(unknown) if unknown else set():
        Recipient.objects.filter(pk__in=in_flight).update(has_early_events=True)
    moves: dict[UUID, list[Move]] = {}
    for recipient in waiting:
        conclusion = conclude(
            has_reached=recipient.first_sent_at is not None,
            has_unknown=recipient.pk in unknown,
            stopped_for=reason,
        )
        moves.setdefault(recipient.distribution_id, []).append(Move.to_end([recipient.pk], conclusion))
    # Distributions in the order of their ids: two people who stop at once may share several of them.
    for distribution_id in sorted(moves):
        move_recipients(distribution_id, moves[distribution_id])


def _with_unknown_outcome(recipients: Sequence[Recipient]) -> set[int]:
    """Return the recipients that have an attempt of unknown outcome."""
    attempted = [recipient.pk for recipient in recipients if recipient.attempt_count]
    if not attempted:
        return set()
    unknown = Attempt.objects.filter(recipient_id__in=attempted, state=AttemptState.UNKNOWN)
    return set(unknown.values_list("recipient_id", flat=True))
