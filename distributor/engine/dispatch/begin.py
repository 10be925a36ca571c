"""Begin: decide which recipients of a batch are sent to, right before the hand-over, and write the hand-over."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from distributor.engine.dispatch.claim import Claim, renew_lease
from distributor.engine.dispatch.defer import defer
from distributor.engine.dispatch.handover import Begun, write_handover
from distributor.engine.dispatch.park import park_batch, postpone_claim
from distributor.engine.dispatch.recheck import recheck
from distributor.engine.dispatch.refuse import refuse
from distributor.engine.dispatch.repeat import begin_repeat, find_repeats
from distributor.engine.dispatch.unknown_outcomes import close_unknown_outcomes, find_unknown_outcomes
from distributor.engine.infrastructure.quotas import mark_used_up, quota_of
from distributor.engine.journey.people import Person, lock_waiting
from distributor.engine.journey.switch import SwitchState, lock_switch
from distributor.engine.route.accounts import Allowance, Hold, take_tokens
from distributor.engine.route.steering import choose_accounts
from distributor.engine.route.step_context import StepContext


def begin(claim: Claim, context: StepContext, limit: int, now: datetime) -> Begun | Hold | None:
    """Write the next hand-over of a batch: at most `limit` people, to one of the step's accounts.

    Returns a Hold, and parks the batch, when no account takes a message now. Returns None when nobody in the batch
    waits any more, when the distribution is paused or scheduled for later, or when the context is outdated and must be
    loaded again. People who must not be sent to are stopped, deferred, or rerouted to the chain's next step, each with
    a Decision. Raises ClaimLostError.
    """
    while True:
        with transaction.atomic():
            switch = lock_switch(claim.distribution_id)
            if postpone_claim(claim, switch, now) or is_outdated(context, switch):
                return None
            renew_lease(claim, now)
            people = lock_waiting(claim.batch_id, limit)
            if not people:
                return None
            begun = _write_next_handover(claim, context, switch, people, now)
        if begun is not None:
            return begun


def is_outdated(context: StepContext, switch: SwitchState) -> bool:
    """Return whether steps were added since the context was loaded. People handed over would never reach them."""
    return context.distribution.follow_up_count != switch.follow_up_count


def _write_next_handover(
    claim: Claim, context: StepContext, switch: SwitchState, people: Sequence[Person], now: datetime
) -> Begun | Hold | None:
    """Recheck people and write a hand-over for as many as there are tokens for. Returns None when nobody passes.

    Where accounts differ by destination, people who leave by another account wait for the next hand-over.
    """
    unknown_outcomes = find_unknown_outcomes(context, people)
    last_attempts = {recipient_id: attempts[-1] for recipient_id, attempts in unknown_outcomes.items()}
    repeats = find_repeats(context, last_attempts, now)
    final_outcomes = {
        recipient_id: attempts for recipient_id, attempts in unknown_outcomes.items() if recipient_id not in repeats
    }
    people = close_unknown_outcomes(claim, context, people, final_outcomes, now)
    if not people:
        return None
    verdicts = recheck(context, switch, people, now)
    refuse(context, claim, verdicts.refused, now)
    defer(context, claim, verdicts.deferred, now)
    if not verdicts.passed:
        return None
    fresh = [person for person in verdicts.passed if person.recipient_id not in repeats]
    if not fresh:
        return begin_repeat(claim, context, verdicts.passed, repeats, now)
    chosen = choose_accounts(context.account_options, context.step.channel, fresh, now)
    going = chosen.of(fresh)
    allowance = take_tokens(chosen.account_options, len(going), is_urgent=claim.is_urgent, now=now)
    if isinstance(allowance, Hold):
        park_batch(claim, allowance)
        return allowance
    begun = write_handover(claim, context, going[: allowance.count], allowance, now)
    return begun or _hold_for_quota(claim, context, allowance, now)


def _hold_for_quota(claim: Claim, context: StepContext, allowance: Allowance, now: datetime) -> Hold | None:
    """Park the batch until the next day. An operator who raises the quota waits a few minutes."""
    quota = quota_of(context.distribution.organization, context.step.channel, now)
    if quota is None:
        return None
    mark_used_up(quota)
    hold = Hold(quota.hold_until(now), allowance.option.account.id, quota=str(quota))
    park_batch(claim, hold)
    return hold
