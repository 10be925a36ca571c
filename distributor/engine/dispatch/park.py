"""Batches that nobody sends now: put back until their account or their operator lets them go on."""

from datetime import datetime

from django.db import transaction

from distributor.engine.dispatch.claim import Claim
from distributor.engine.journey.switch import SwitchState, lock_switch, refusal_for_all
from distributor.engine.route.accounts import Hold, may_send, take_tokens
from distributor.engine.route.step_context import StepContext
from distributor.models import Batch
from distributor.models.batch import BatchState


def park_if_unavailable(claim: Claim, context: StepContext, now: datetime) -> bool:
    """Hold a batch back before its people are locked and judged, where the route already says that nothing leaves.

    Not where nobody is sent to any more: begin stops them without asking an account.
    """
    if may_send(context.account_options, is_urgent=claim.is_urgent, now=now):
        return False
    with transaction.atomic():
        switch = lock_switch(claim.distribution_id)
        if refusal_for_all(switch, now) is not None:
            return False
        held = take_tokens(context.account_options, 1, is_urgent=claim.is_urgent, now=now)
        if isinstance(held, Hold):
            park_batch(claim, held)
            return True
        transaction.set_rollback(True)  # it has opened since: begin takes what is really needed
    return False


def park_batch(claim: Claim, held: Hold) -> None:
    """Let go of a batch until then.

    In the transaction that has locked the account's pace: whoever puts the account right meanwhile waits for that, and
    then finds the batch to wake.
    """
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=None,
        claims=0,
        due_at=held.until,
        held_by=held.account_id,
        last_error=held.explanation[:500],
    )


def postpone_claim(claim: Claim, switch: SwitchState, now: datetime) -> bool:
    """Put a claimed batch back if its distribution is paused or scheduled for later. Returns whether it was.

    A batch that was armed while the distribution was being changed is parked here.
    """
    if switch.cancelled_at is not None:
        return False
    held = Batch.objects.filter(id=claim.batch_id, fence=claim.fence)
    if switch.paused_at is not None:
        held.update(state=BatchState.PAUSED, claims=0)
        return True
    if switch.scheduled_at is not None and now < switch.scheduled_at:
        held.update(due_at=switch.scheduled_at, claims=0)
        return True
    return False
