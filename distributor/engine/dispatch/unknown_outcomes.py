"""Attempts of unknown outcome, once the evidence window is over: resent, or given up as indeterminate."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.outcome import arm_next_batches, consequences_of_unknown_outcomes
from distributor.engine.infrastructure.installation import read_gap_found_at
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.people import Person
from distributor.engine.journey.transitions import Move, move_recipients
from distributor.engine.route.step_context import StepContext
from distributor.models import Attempt
from distributor.models.attempt import AttemptState
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.retry import should_resend


def find_unknown_outcomes(context: StepContext, people: Sequence[Person]) -> dict[int, list[Attempt]]:
    """Return the attempts of unknown outcome on this step, by recipient, for people whose last attempt is one.

    The provider may report on an attempt during its evidence window (Provider.evidence_window). These people have
    waited for that long.
    """
    last_numbers = {
        person.recipient_id: person.attempt_count
        for person in people
        if person.attempt_count > person.attempts_before_retry
    }
    if not last_numbers:
        return {}
    unknown = Attempt.objects.filter(
        recipient_id__in=list(last_numbers), step_id=context.step.id, state=AttemptState.UNKNOWN
    )
    before_retry = {person.recipient_id: person.attempts_before_retry for person in people}
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for attempt in unknown.order_by("recipient_id", "number"):
        if attempt.number > before_retry[attempt.recipient_id]:
            found[attempt.recipient_id].append(attempt)
    return {
        recipient_id: attempts
        for recipient_id, attempts in found.items()
        if attempts[-1].number == last_numbers[recipient_id]
    }


def close_unknown_outcomes(
    claim: Claim,
    context: StepContext,
    people: Sequence[Person],
    unknown_outcomes: Mapping[int, Sequence[Attempt]],
    now: datetime,
) -> Sequence[Person]:
    """End the step as indeterminate for people who are not sent another copy. Returns the other people.

    Where the last attempt began before a gap in the database's memory, the journey ends: what the database does not
    remember may have settled it, and a restore must not send to thousands again (docs/decisions/0034).
    """
    if not unknown_outcomes:
        return people
    gap_found_at = read_gap_found_at()
    forgotten_ids = {
        recipient_id
        for recipient_id, attempts in unknown_outcomes.items()
        if gap_found_at is not None and attempts[-1].begun_at < gap_found_at
    }
    given_up_ids = forgotten_ids | {
        recipient_id
        for recipient_id, attempts in unknown_outcomes.items()
        if not should_resend(context.step.channel, len(attempts))
    }
    if given_up_ids:
        all_attempts = read_attempts(given_up_ids)
        given_up = [
            (person, all_attempts[person.recipient_id])
            for person in people
            if person.recipient_id in given_up_ids - forgotten_ids
        ]
        consequences = consequences_of_unknown_outcomes(context, given_up, now)
        ends = [_end(person) for person in people if person.recipient_id in forgotten_ids]
        move_recipients(context.distribution.id, consequences.moves + arm_next_batches(claim, consequences) + ends)
    return [person for person in people if person.recipient_id not in given_up_ids]


def _end(person: Person) -> Move:
    conclusion = conclude(has_reached=person.first_sent_at is not None, has_unknown=True)
    return Move.to_end([person.recipient_id], conclusion)
