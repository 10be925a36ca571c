"""Which journeys a scheduled reminder or thank-you interrupts, when it is added to an existing distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from distributor.rules.journey.chain import ChainStep, StepKind
from distributor.rules.journey.outcomes import AttemptRecord


@dataclass(frozen=True, slots=True)
class IdleJourney:
    """A journey with no message in flight: it is over, or it waits for `waits_for` until `waits_until`.

    `reached_at` is when its first message left that counts as sent.
    """

    reached_at: datetime | None
    responded_at: datetime | None
    attempts: Sequence[AttemptRecord]
    waits_for: ChainStep | None = None
    waits_until: datetime | None = None


def interrupts(step: ChainStep, journey: IdleJourney, now: datetime) -> bool:
    """Return whether a scheduled step comes next in the journey, before the step it waits for.

    A reminder concerns recipients who were reached by its time and have not responded, a thank-you recipients who have
    responded by its time. Nobody gets it twice. It does not come between two attempts of one step: when that step is
    over, next_step() (rules/journey/chain.py) decides what follows.
    """
    waits_for = journey.waits_for
    if step.scheduled_at is None or any(attempt.step_id == step.id for attempt in journey.attempts):
        return False
    since = _concerned_since(step, journey)
    if since is None or step.scheduled_at < since:
        return False
    if waits_for is None or journey.waits_until is None:
        return True
    if step.id == waits_for.id or (journey.attempts and journey.attempts[-1].step_id == waits_for.id):
        return False
    if waits_for.scheduled_at is not None:
        # Of two scheduled steps that are overdue, the one scheduled first goes first.
        return (step.scheduled_at, step.position) < (waits_for.scheduled_at, waits_for.position)
    return max(now, step.scheduled_at) < journey.waits_until


def _concerned_since(step: ChainStep, journey: IdleJourney) -> datetime | None:
    """Return since when the journey has been one that the step is meant for, or None if it is not."""
    if step.kind == StepKind.THANK_YOU:
        return journey.responded_at
    return journey.reached_at if journey.responded_at is None else None
