"""Whom a reminder or thank-you concerns that is added while journeys are under way or over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from distributor.rules.chaining import Rung, StepKind
from distributor.rules.outcomes import Try


@dataclass(frozen=True, slots=True)
class Pause:
    """A journey at rest: it is over, or it waits for the step `waits_for` until `waits_until`.

    `has_reached`: some message of it counts as sent.
    """

    has_reached: bool
    responded_at: datetime | None
    tries: Sequence[Try]
    waits_for: UUID | None = None
    waits_until: datetime | None = None


def interrupts(step: Rung, pause: Pause, now: datetime) -> bool:
    """Whether a step with a moment of its own is next in this journey, before what it waits for.

    A reminder concerns whoever has been sent to by its moment and has not answered; a thank-you whoever has answered by
    its moment. Nobody gets it twice. Between two tries of one step nothing comes in: when that step is over,
    rules/chaining.py is asked, as it is about all that the journey was waiting for.
    """
    if step.scheduled_at is None or step.id == pause.waits_for or any(one.step_id == step.id for one in pause.tries):
        return False
    since = _concerned_since(step, pause)
    if since is None or step.scheduled_at < since:
        return False
    if pause.waits_until is None:
        return True
    is_between_steps = not pause.tries or pause.tries[-1].step_id != pause.waits_for
    return is_between_steps and max(now, step.scheduled_at) < pause.waits_until


def _concerned_since(step: Rung, pause: Pause) -> datetime | None:
    """Since when the journey has been what the step is for, if it is."""
    if step.kind == StepKind.THANK_YOU:
        return pause.responded_at
    if pause.has_reached and pause.responded_at is None and pause.tries:
        return pause.tries[-1].begun_at
    return None
