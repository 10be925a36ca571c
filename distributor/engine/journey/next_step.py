"""Gather what the next-step rule (rules/journey/chain.py) needs to know about a person at the end of a step."""

from collections.abc import Sequence
from datetime import datetime

from distributor.engine.eligibility.facts import address_on
from distributor.engine.journey.people import Person
from distributor.engine.route.step_context import StepContext
from distributor.models import Attempt
from distributor.rules.journey.chain import Passage, fallbacks_are_over
from distributor.rules.journey.outcomes import first_at, is_delivered
from distributor.rules.journey.retry import Ending


def passage_of(
    context: StepContext,
    person: Person,
    attempts: Sequence[Attempt],
    ending: Ending,
    *,
    reached_at: datetime | None,
    last_at: datetime,
    are_fallbacks_over: bool | None = None,
) -> Passage:
    """Describe how a journey stands at the end of the context's step.

    `attempts` are the earlier ones, in order. `reached_at` is when the first message that counts as sent left, and
    `last_at` when the last message left. With `are_fallbacks_over` None, fallbacks_are_over_for() decides.
    """
    if are_fallbacks_over is None:
        are_fallbacks_over = fallbacks_are_over_for(context, person, attempts)
    return Passage(
        ending=ending,
        reached_at=reached_at,
        first_at=first_at(attempts, context.step.id) or last_at,
        last_at=last_at,
        tried={attempt.step_id for attempt in attempts},
        are_fallbacks_over=are_fallbacks_over,
        responded_at=person.responded_at,
    )


def fallbacks_are_over_for(context: StepContext, person: Person, attempts: Sequence[Attempt]) -> bool:
    """Return whether the distribution's stop condition ends the person's fallbacks, after an interrupted chain.

    Where nothing interrupted the chain, the events themselves end the fallbacks as they arrive (feedback/reconcile.py).
    """
    if context.step.scheduled_at is None:
        return False
    is_opened = person.first_opened_at is not None
    stops_on = context.distribution.stops_on
    return fallbacks_are_over(stops_on, is_opened=is_opened, is_delivered=is_delivered(attempts))


def channels_of(context: StepContext, person: Person) -> set[str]:
    """Return the channels of the context's steps that the person has an address for."""
    steps = [*context.steps, *context.personal_steps.get(person.id, ())]
    return {step.channel for step in steps if address_on(step.channel, person.email, person.phone)}
