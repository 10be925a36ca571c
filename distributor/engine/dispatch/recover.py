"""What a crash, a kill or a bug leaves behind, put right: nothing is lost, and nothing loops.

lease ran out, hand-over unsettled   its people's tries are `unknown`; policy decides (rules/journey/retry.py)
lease ran out, nothing handed over   the batch is due again
the work itself fails                the batch waits a little; after 20 claims without progress it is split in
                                     halves until the culprit stands alone, which then fails with the error
"""

from datetime import datetime

import structlog
from django.db import transaction

from channels.providers.base import Outcome, Result
from contacts.ids import new_id
from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.handover import Begun
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.chunked_job import pause_after
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.people import lock_people
from distributor.engine.journey.transitions import Move, move_recipients
from distributor.engine.route.step_context import StepContext
from distributor.models import Batch, Handover, Recipient
from distributor.models.batch import BatchState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.outcomes import has_unknown

logger = structlog.get_logger(__name__)

POISON_CLAIMS = 20


def recover_handovers(claim: Claim, context: StepContext, now: datetime) -> None:
    """Settle as unknown what an earlier holder of the batch handed over and never settled."""
    for handover in Handover.objects.filter(batch_id=claim.batch_id, settled_at=None, fence__lt=claim.fence):
        logger.warning("handover_unknown", handover=str(handover.id), recipients=len(handover.recipient_ids))
        with transaction.atomic():
            people = lock_people(handover.recipient_ids)
            result = Result(Outcome.UNKNOWN, detail="the worker ended before the provider's answer was recorded")
            begun = Begun(handover.id, handover.begun_at, people, handover.provider_account_id)
            settle(claim, context, begun, [result] * len(people), now)


def release_failed_claim(claim: Claim, error: Exception, now: datetime) -> None:
    """Let go of a batch whose processing failed: wait and try again, or split it when that has gone on too long."""
    if claim.claims >= POISON_CLAIMS:
        _split(claim, error, now)
        return
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=now + pause_after(claim.claims), last_error=repr(error)[:500]
    )


def _split(claim: Claim, error: Exception, now: datetime) -> None:
    with transaction.atomic():
        held = Batch.objects.select_for_update().filter(id=claim.batch_id, fence=claim.fence).first()
        if held is None:
            return
        waiting = Recipient.objects.filter(batch_id=held.id, state=RecipientState.WAITING).order_by("id")
        ids = list(waiting.select_for_update().values_list("id", flat=True))
        if len(ids) <= 1:
            _fail_culprit(claim, ids, error, now)
            held.state, held.lease_expires_at = BatchState.DONE, None
            held.save(update_fields=["state", "lease_expires_at"])
            return
        half = ids[len(ids) // 2 :]
        # Each half starts one claim short of the limit: a good one is cleared by its first progress.
        other = Batch.objects.create(
            id=new_id(),
            organization_id=held.organization_id,
            distribution_id=held.distribution_id,
            step_id=held.step_id,
            lane=held.lane,
            due_at=held.due_at,
            size=len(half),
            claims=POISON_CLAIMS - 1,
            last_error=repr(error)[:500],
        )
        Recipient.objects.filter(id__in=half).update(batch_id=other.id)
        Batch.objects.filter(id=held.id).update(
            size=len(ids) - len(half), claims=POISON_CLAIMS - 1, lease_expires_at=None, last_error=repr(error)[:500]
        )
    logger.warning("batch_split", batch=str(claim.batch_id), into=[len(ids) - len(half), len(half)])


def _fail_culprit(claim: Claim, recipient_ids: list[int], error: Exception, now: datetime) -> None:
    """End the journey that our own code fails on. An attempt of unknown outcome keeps it indeterminate."""
    attempts = read_attempts(recipient_ids)
    for recipient in Recipient.objects.filter(id__in=recipient_ids):
        new_decision(
            DecisionKind.STOPPED,
            "processing_failed",
            now,
            distribution_id=claim.distribution_id,
            contact_id=recipient.contact_id,
            recipient_id=recipient.id,
            detail={"error": repr(error)[:500]},
        ).save(force_insert=True)
        conclusion = conclude(
            has_reached=recipient.first_sent_at is not None,
            has_unknown=has_unknown(attempts.get(recipient.id, ())),
            failed_for="processing_failed",
        )
        move_recipients(claim.distribution_id, [Move.to_end(recipient.id, conclusion)])
