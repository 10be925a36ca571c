"""Recovery after a crash, a kill or a bug. No recipient is lost, and no batch fails in a loop.

lease expired, hand-over unsettled   its attempts have an unknown outcome; rules/journey/retry.py says what follows
lease expired, nothing handed over   the batch is due again
processing raises an exception       the batch waits a little. After 20 claims without progress it is split in half,
                                     repeatedly, until one recipient is left, who then fails with the error
"""

from datetime import datetime

import structlog
from django.db import transaction

from channels.providers.base import Outcome, Result
from contacts.ids import new_id
from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.handover import Begun
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.chunked_job import describe_error, pause_after
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


def recover_handovers(claim: Claim, context: StepContext, now: datetime) -> bool:
    """Settle hand-overs that an earlier holder of the batch left unsettled: each outcome is unknown.

    A provider that takes the attempts' keys is then asked again (dispatch/repeat.py). Returns whether there were any.
    """
    if claim.fence == 1:
        return False  # nobody held it before
    left = Handover.objects.filter(batch_id=claim.batch_id, settled_at=None, fence__lt=claim.fence)
    for handover in left:
        logger.warning("handover_outcome_unknown", handover=str(handover.id), recipients=len(handover.recipient_ids))
        with transaction.atomic():
            people = lock_people(handover.recipient_ids)
            result = Result(Outcome.UNKNOWN, detail="the worker ended before the provider's answer was recorded")
            begun = Begun(handover.id, handover.begun_at, people, handover.provider_account_id)
            settle(claim, _with_account_of(handover, context), begun, [result] * len(people), now)
    return bool(left)


def _with_account_of(handover: Handover, context: StepContext) -> StepContext:
    """Return the context with the hand-over's account in use, if it is still one of the step's."""
    is_known = any(option.account.id == handover.provider_account_id for option in context.account_options)
    return context.with_account(handover.provider_account_id) if is_known else context


def release_failed_claim(claim: Claim, error: Exception, now: datetime) -> None:
    """Release a batch whose processing failed: it waits for a retry, or is split after POISON_CLAIMS claims."""
    if claim.claims >= POISON_CLAIMS:
        _split_batch(claim, error, now)
        return
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=now + pause_after(claim.claims), last_error=describe_error(error)
    )


def _split_batch(claim: Claim, error: Exception, now: datetime) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(id=claim.batch_id, fence=claim.fence).first()
        if batch is None:
            return
        waiting = Recipient.objects.filter(batch_id=batch.id, state=RecipientState.WAITING).order_by("id")
        ids = list(waiting.select_for_update().values_list("id", flat=True))
        if len(ids) <= 1:
            _fail_recipient(claim, ids, error, now)
            batch.state, batch.lease_expires_at = BatchState.DONE, None
            batch.save(update_fields=["state", "lease_expires_at"])
            return
        second_half = ids[len(ids) // 2 :]
        # Each half starts one claim below the limit. The first progress of a good half resets its count.
        new_batch = Batch.objects.create(
            id=new_id(),
            organization_id=batch.organization_id,
            distribution_id=batch.distribution_id,
            step_id=batch.step_id,
            lane=batch.lane,
            due_at=batch.due_at,
            size=len(second_half),
            claims=POISON_CLAIMS - 1,
            last_error=describe_error(error),
        )
        Recipient.objects.filter(id__in=second_half).update(batch_id=new_batch.id)
        Batch.objects.filter(id=batch.id).update(
            size=len(ids) - len(second_half),
            claims=POISON_CLAIMS - 1,
            lease_expires_at=None,
            last_error=describe_error(error),
        )
    logger.warning("batch_split", batch=str(claim.batch_id), into=[len(ids) - len(second_half), len(second_half)])


def _fail_recipient(claim: Claim, recipient_ids: list[int], error: Exception, now: datetime) -> None:
    """End the journey that our own code fails on (`recipient_ids` holds one id at most).

    A journey with an attempt of unknown outcome ends as indeterminate.
    """
    attempts = read_attempts(recipient_ids)
    for recipient in Recipient.objects.filter(id__in=recipient_ids):
        new_decision(
            DecisionKind.STOPPED,
            reason="processing_failed",
            now=now,
            distribution_id=claim.distribution_id,
            contact_id=recipient.contact_id,
            recipient_id=recipient.id,
            detail={"error": describe_error(error)},
        ).save(force_insert=True)
        conclusion = conclude(
            has_reached=recipient.first_sent_at is not None,
            has_unknown=has_unknown(attempts.get(recipient.id, ())),
            failed_for="processing_failed",
        )
        move_recipients(claim.distribution_id, [Move.to_end([recipient.id], conclusion)])
