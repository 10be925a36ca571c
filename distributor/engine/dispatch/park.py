"""Put a claimed batch back until an account takes its messages, or its distribution lets them leave."""

from datetime import datetime

from django.db import transaction

from distributor.engine.dispatch.claim import Claim
from distributor.engine.journey.switch import SwitchState, lock_switch, refusal_for_all
from distributor.engine.route.accounts import Hold, may_send, take_tokens
from distributor.engine.route.step_context import StepContext
from distributor.models import Batch
from distributor.models.batch import BatchState


def park_if_unavailable(claim: Claim, context: StepContext, now: datetime) -> bool:
    """Park a batch before its people are locked and judged, if no account takes messages. Returns whether it was.

    A batch whose distribution is cancelled or over is not parked: begin stops its people without an account.
    """
    if may_send(context.account_options, is_urgent=claim.is_urgent, now=now):
        return False
    with transaction.atomic():
        switch = lock_switch(claim.distribution_id)
        if refusal_for_all(switch, now) is not None:
            return False
        allowance = take_tokens(context.account_options, 1, is_urgent=claim.is_urgent, now=now)
        if isinstance(allowance, Hold):
            park_batch(claim, allowance)
            return True
        transaction.set_rollback(True)  # an account has opened since: give the token back, begin takes its own
    return False


def park_batch(claim: Claim, hold: Hold) -> None:
    """Release a batch until the hold ends.

    Call it in the transaction that has locked the account's bucket. An operator who mends the account meanwhile waits
    for that lock, and then wakes the batch.
    """
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=None,
        claims=0,
        due_at=hold.until,
        held_by=hold.account_id,
        last_error=hold.explain()[:500],
    )


def postpone_claim(claim: Claim, switch: SwitchState, now: datetime) -> bool:
    """Put a claimed batch back if its distribution is paused or scheduled for later. Returns whether it was.

    This catches batches that were armed while the distribution was being paused or rescheduled.
    """
    if switch.cancelled_at is not None:
        return False
    batch = Batch.objects.filter(id=claim.batch_id, fence=claim.fence)
    if switch.paused_at is not None:
        batch.update(state=BatchState.PAUSED, claims=0)
        return True
    if switch.scheduled_at is not None and now < switch.scheduled_at:
        batch.update(due_at=switch.scheduled_at, claims=0)
        return True
    return False
