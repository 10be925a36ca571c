"""Batches that no provider account takes now: they wait, and nothing of them is lost or counted as a failure."""

from datetime import datetime

from django.db import transaction

from distributor.engine.claiming import Claim
from distributor.engine.outlets import Held, may_send, take_tokens
from distributor.engine.routes import Route
from distributor.engine.steering import hold_still, refuse_everybody
from distributor.models import Batch


def hold_if_shut(claim: Claim, route: Route, now: datetime) -> bool:
    """Hold a batch back before its people are locked and judged, where the route already says that nothing leaves.

    Not where nobody is sent to any more: begin stops them without asking an account.
    """
    if may_send(route.outlets, is_urgent=claim.is_urgent, now=now):
        return False
    with transaction.atomic():
        standing = hold_still(claim.distribution_id)
        if refuse_everybody(standing, now) is not None:
            return False
        held = take_tokens(route.outlets, 1, is_urgent=claim.is_urgent, now=now)
        if isinstance(held, Held):
            hold_batch(claim, held)
            return True
        transaction.set_rollback(True)  # it has opened since: begin takes what is really needed
    return False


def hold_batch(claim: Claim, held: Held) -> None:
    """Let go of a batch until then.

    In the transaction that has locked the account's pace: whoever puts the account right meanwhile waits for that, and
    then finds the batch to wake.
    """
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=None,
        claims=0,
        due_at=held.until,
        held_by=held.account_id,
        last_error=held.because[:500],
    )
