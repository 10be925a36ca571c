"""Where a chain stands when something with a moment of its own has come in between."""

from collections.abc import Sequence
from dataclasses import replace

from distributor.rules.journey.chain import ChainStepT, Passage, StepKind
from distributor.rules.journey.outcomes import AttemptRecord, ending_of, first_at


def resume(
    steps: Sequence[ChainStepT], step: ChainStepT, passage: Passage, attempts: Sequence[AttemptRecord]
) -> tuple[ChainStepT, Passage]:
    """What rules/journey/chain.py is to be asked about when `step` is over, `tries` being those before its end.

    That is the step itself, unless it is a reminder with a moment of its own: such a one interrupts a chain and is no
    rung of it. Then it is the chain's last rung that was tried, and how that one ended.
    """
    if step.kind != StepKind.REMINDER or step.scheduled_at is None:
        return step, passage
    chain = {one.id: one for one in steps if one.scheduled_at is None}
    last = next((one for one in reversed(attempts) if one.step_id in chain), None)
    if last is None:
        return step, passage
    its_tries = [one for one in attempts if one.step_id == last.step_id]
    return chain[last.step_id], replace(
        passage,
        ending=ending_of(its_tries),
        first_at=first_at(its_tries, last.step_id) or last.begun_at,
        tried={*passage.tried, step.id},
        interrupted_by=step,
    )
