"""Tries whose answer was lost, once the time for evidence is over: sent again, or given up as indeterminate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from distributor.engine.claiming import Claim
from distributor.engine.journeys import move_recipients
from distributor.engine.messages import Person
from distributor.engine.rearming import arm_onward
from distributor.engine.routes import Route
from distributor.engine.sequel import give_up
from distributor.engine.tries import read_tries
from distributor.models import Attempt
from distributor.models.attempt import AttemptState
from distributor.rules.retrying import is_resent


def find_unanswered(route: Route, people: Sequence[Person]) -> dict[int, int]:
    """How many tries of unknown outcome on this step there are, of those whose last try is one.

    They have waited as long as the provider may take to tell (Provider.evidence_window).
    """
    last_numbers = {person.recipient_id: person.attempt_count for person in people if person.attempt_count}
    if not last_numbers:
        return {}
    counts: Counter[int] = Counter()
    answered = set(last_numbers)
    tries = Attempt.objects.filter(
        recipient_id__in=list(last_numbers), step_id=route.step.id, state=AttemptState.UNKNOWN
    )
    for recipient_id, number in tries.values_list("recipient_id", "number"):
        counts[recipient_id] += 1
        if number == last_numbers[recipient_id]:
            answered.discard(recipient_id)
    return {recipient_id: count for recipient_id, count in counts.items() if recipient_id not in answered}


def give_up_on_silence(
    claim: Claim, route: Route, people: Sequence[Person], unanswered: Mapping[int, int], now: datetime
) -> Sequence[Person]:
    """End the step, as indeterminate, for those who get no further copy. Returns the others."""
    if not unanswered:
        return people
    silent = {recipient_id for recipient_id, count in unanswered.items() if not is_resent(route.step.channel, count)}
    if silent:
        tries = read_tries(silent)
        given_up = [(person, tries[person.recipient_id]) for person in people if person.recipient_id in silent]
        sequel = give_up(route, given_up, now)
        move_recipients(route.distribution.id, sequel.moves + arm_onward(claim, sequel))
    return [person for person in people if person.recipient_id not in silent]
