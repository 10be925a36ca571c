"""Whom a reminder or thank-you concerns that is added while journeys are under way or over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from distributor.rules.journey.chain import ChainStep, StepKind
from distributor.rules.journey.outcomes import AttemptRecord


@dataclass(frozen=True, slots=True)
class Pause:
    """A journey at rest: it is over, or it waits for the step `waits_for` until `waits_until`.

    `reached_at` is when the first message of it left that counts as sent.
    """

    reached_at: datetime | None
    responded_at: datetime | None
    attempts: Sequence[AttemptRecord]
    waits_for: ChainStep | None = None
    waits_until: datetime | None = None


def interrupts(step: ChainStep, pause: Pause, now: datetime) -> bool:
    """Whether a step with a moment of its own is next in this journey, before what it waits for.

    A reminder concerns whoever has been sent to by its moment and has not answered; a thank-you whoever has answered by
    its moment. Nobody gets it twice. Between two tries of one step nothing comes in: when that step is over,
    rules/journey/chain.py is asked, as it is about all that the journey was waiting for.
    """
    waits_for = pause.waits_for
    if step.scheduled_at is None or any(one.step_id == step.id for one in pause.attempts):
        return False
    since = _concerned_since(step, pause)
    if since is None or step.scheduled_at < since:
        return False
    if waits_for is None or pause.waits_until is None:
        return True
    if step.id == waits_for.id or (pause.attempts and pause.attempts[-1].step_id == waits_for.id):
        return False
    if waits_for.scheduled_at is not None:
        # Of two that are overdue the first goes first, whichever was brought first.
        return (step.scheduled_at, step.position) < (waits_for.scheduled_at, waits_for.position)
    return max(now, step.scheduled_at) < pause.waits_until


def _concerned_since(step: ChainStep, pause: Pause) -> datetime | None:
    """Since when the journey has been what the step is for, if it is."""
    if step.kind == StepKind.THANK_YOU:
        return pause.responded_at
    return pause.reached_at if pause.responded_at is None else None
