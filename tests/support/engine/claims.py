"""The first steps of a worker, so that a test can stop after any of them."""

from channels.providers.base import Provider
from channels.providers.registry import open_provider
from distributor.engine.dispatch.begin import begin
from distributor.engine.dispatch.claim import Claim, claim_batch
from distributor.engine.dispatch.handover import Begun
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import StepContext, load_step_context


def claim_next(lane: str = "urgent") -> tuple[Claim, StepContext, Provider]:
    """Claim the next due batch of a lane."""
    claim = claim_batch(lane, database_now())
    assert claim is not None
    context = load_step_context(claim.distribution_id, claim.step_id)
    return claim, context, open_provider(context.provider_kind, context.account)


def begin_claim(claim: Claim, context: StepContext, limit: int = 1_000) -> Begun:
    """Begin attempts for up to `limit` recipients of the claimed batch."""
    begun = begin(claim, context, limit, database_now())
    assert isinstance(begun, Begun)
    return begun
