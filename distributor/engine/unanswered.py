"""Tries whose answer was lost, once the time for evidence is over: sent again, or given up as indeterminate."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from distributor.engine.claiming import Claim
from distributor.engine.journeys import move_recipients
from distributor.engine.messages import Person
from distributor.engine.rearming import arm_onward
from distributor.engine.routes import Route
from distributor.engine.sequel import give_up
from distributor.models import Attempt
from distributor.models.attempt import AttemptState
from distributor.rules.retrying import is_resent


def find_unanswered(route: Route, people: Sequence[Person]) -> dict[int, list[datetime]]:
    """When the tries of unknown outcome on this step were begun, of those whose last try is one.

    They have waited as long as the provider may take to tell (Provider.evidence_window).
    """
    last_numbers = {person.recipient_id: person.attempt_count for person in people if person.attempt_count}
    if not last_numbers:
        return {}
    begun: dict[int, list[datetime]] = {}
    answered = set(last_numbers)
    tries = Attempt.objects.filter(
        recipient_id__in=list(last_numbers), step_id=route.step.id, state=AttemptState.UNKNOWN
    )
    for recipient_id, number, begun_at in tries.order_by("number").values_list("recipient_id", "number", "begun_at"):
        begun.setdefault(recipient_id, []).append(begun_at)
        if number == last_numbers[recipient_id]:
            answered.discard(recipient_id)
    return {recipient_id: moments for recipient_id, moments in begun.items() if recipient_id not in answered}


def give_up_on_silence(
    claim: Claim, route: Route, people: Sequence[Person], unanswered: Mapping[int, Sequence[datetime]], now: datetime
) -> Sequence[Person]:
    """End the step, as indeterminate, for those who get no further copy. Returns the others."""
    if not unanswered:
        return people
    silent = {
        recipient_id: begun[-1]
        for recipient_id, begun in unanswered.items()
        if not is_resent(route.step.channel, len(begun))
    }
    if silent:
        sequel = give_up(
            route,
            [(person, silent[person.recipient_id]) for person in people if person.recipient_id in silent],
            now,
        )
        move_recipients(route.distribution.id, sequel.moves + arm_onward(claim, sequel))
    return [person for person in people if person.recipient_id not in silent]
